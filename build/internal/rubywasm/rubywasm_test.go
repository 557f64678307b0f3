package rubywasm

import (
	"bytes"
	"context"
	"errors"
	"strings"
	"testing"

	"github.com/tetratelabs/wazero"
	"github.com/tetratelabs/wazero/imports/wasi_snapshot_preview1"
	"github.com/tetratelabs/wazero/sys"

	"github.com/wpkdev/wpk/internal/wpktest"
	"github.com/wpkdev/wpk/wasm"
)

func program() Program {
	return Program{
		Ruby: wpktest.RubyModule(), Script: "bin/it's", Path: []string{"lib"},
		Files: []File{{"lib/b.rb", []byte("2")}, {"bin/it's", []byte("1")}},
	}
}

func TestCommand(t *testing.T) {
	module, err := Command(t.Context(), program())
	if err != nil {
		t.Fatal(err)
	}
	again := program()
	again.Files[0], again.Files[1] = again.Files[1], again.Files[0]
	if second, err := Command(t.Context(), again); err != nil || !bytes.Equal(second, module) {
		t.Errorf("the same files in another order make another module, %v", err)
	}
	info, err := wasm.Decode(module)
	if err != nil || !info.IsCommand() {
		t.Fatalf("%+v, %v", info, err)
	}
	var exports []string
	for _, e := range info.Exports {
		exports = append(exports, e.Name)
	}
	if got := strings.Join(exports, " "); got != "memory cabi_realloc _start" {
		t.Errorf("it exports %s", got)
	}
	for _, i := range info.Imports {
		if i.Module != "wasi_snapshot_preview1" {
			t.Errorf("it imports %s of %s", i.Name, i.Module)
		}
	}
	const ruby = "ruby--disable=gems-EUTF-8-e0--"
	for _, tt := range []struct {
		args []string
		want string
	}{
		{[]string{"program", "-x", "", "ünd so"}, ruby + "-xünd so"},
		{[]string{"program"}, ruby},
		{nil, ruby},
	} {
		out, code := run(t, module, tt.args)
		if out != tt.want+script+AppDir || code != exitSoftware {
			t.Errorf("%q: %q, exit code %d", tt.args, out, code)
		}
	}
}

// run executes a module and returns what it wrote and its exit code.
func run(t *testing.T, module []byte, args []string) (string, uint32) {
	t.Helper()
	ctx := context.Background()
	r := wazero.NewRuntimeWithConfig(ctx, wazero.NewRuntimeConfigInterpreter())
	defer r.Close(ctx)
	wasi_snapshot_preview1.MustInstantiate(ctx, r)
	var out bytes.Buffer
	_, err := r.InstantiateWithConfig(ctx, module, wazero.NewModuleConfig().WithStdout(&out).WithArgs(args...))
	var exit *sys.ExitError
	if !errors.As(err, &exit) {
		t.Fatalf("it ended by %v after %q", err, out.String())
	}
	return out.String(), exit.ExitCode()
}

func TestConstant(t *testing.T) {
	const want = `WPK = {script: '/app/bin/it\'s', path: ['/wpk/lib', '/app/lib']}.freeze` + "\n"
	if got := program().constant(); got != want {
		t.Errorf("got %q, want %q", got, want)
	}
}

func TestSum(t *testing.T) {
	base := program().Sum()
	for name, change := range map[string]func(*Program){
		"script":   func(p *Program) { p.Script = "main.rb" },
		"path":     func(p *Program) { p.Path = nil },
		"Ruby":     func(p *Program) { p.Ruby = append(p.Ruby, 0) },
		"name":     func(p *Program) { p.Files[0].Name = "lib/c.rb" },
		"contents": func(p *Program) { p.Files[0].Data = nil },
	} {
		p := program()
		if change(&p); bytes.Equal(p.Sum(), base) {
			t.Errorf("another %s has the same sum", name)
		}
	}
}
