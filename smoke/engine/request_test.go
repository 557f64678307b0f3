package engine

import (
	"bytes"
	"encoding/json"
	"errors"
	"os"
	"path/filepath"
	"reflect"
	"strings"
	"testing"
)

func TestServe(t *testing.T) {
	dir := t.TempDir()
	module := program("_start", 1, opUnreachable...)
	path, request := filepath.Join(dir, "m.wasm"), filepath.Join(dir, "request.json")
	if err := os.WriteFile(path, module, 0o600); err != nil {
		t.Fatal(err)
	}
	for name, c := range map[string]struct {
		request any
		is      error
		text    string
	}{
		"good":           {Request{Module: path, Digest: Digest(module), Mode: Interpreter}, nil, ""},
		"other digest":   {Request{Module: path, Digest: Digest(nil)}, ErrDigest, "instead of sha256:e3b0"},
		"no digest":      {Request{Module: path}, nil, "names no module or no digest"},
		"missing module": {Request{Module: path + "x", Digest: Digest(module)}, nil, "no such file"},
		"unknown field":  {map[string]any{"module": path, "network": true}, nil, `unknown field "network"`},
	} {
		b, _ := json.Marshal(c.request)
		if err := os.WriteFile(request, b, 0o600); err != nil {
			t.Fatal(err)
		}
		p := serve(request, strings.NewReader(""), &bytes.Buffer{}, &bytes.Buffer{})
		err := p.Failure.Err()
		switch {
		case name == "good":
			if err != nil || p.Digest != Digest(module) || p.Result.Stop != StopTrap || p.Result.Trace == "" {
				t.Errorf("%s: %+v, %v", name, p, err)
			}
		case err == nil, c.is != nil && !errors.Is(err, c.is), !strings.Contains(err.Error(), c.text) && os.PathSeparator == '/':
			t.Errorf("%s: %v", name, err)
		}
	}
	if p := serve(filepath.Join(dir, "none"), nil, nil, nil); p.Failure == nil {
		t.Error("no request, no failure")
	}
	var usage bytes.Buffer
	if code := RunnerMain(nil, nil, nil, &usage); code != 2 || !strings.Contains(usage.String(), "usage") {
		t.Errorf("exit code %d, %q", code, usage.String())
	}
}

// FuzzDecodeRequest checks that a request which is understood survives being
// written and read again.
func FuzzDecodeRequest(f *testing.F) {
	good, _ := json.Marshal(Request{Module: "m", Digest: "sha256:00", Args: []string{"a"}, Dirs: []Dir{{"/h", "/g", true}}, Limits: DefaultLimits()})
	f.Add(good)
	f.Add([]byte(`{"module":1}`))
	f.Add([]byte(`{"module":"m","digest":"d","limits":{"time":-1,"openFiles":1e3}} trailing`))
	f.Fuzz(func(t *testing.T, b []byte) {
		q, err := DecodeRequest(bytes.NewReader(b))
		if err != nil {
			return
		}
		again, err := json.Marshal(q)
		if err != nil {
			t.Fatal(err)
		}
		r, err := DecodeRequest(bytes.NewReader(again))
		if err != nil || !reflect.DeepEqual(compact(q), compact(r)) {
			t.Fatalf("%+v became %+v, %v", q, r, err)
		}
	})
}

// compact drops the difference between nil and empty, which JSON does not keep.
func compact(q Request) string {
	b, _ := json.Marshal(q)
	return string(b)
}

// FuzzModule runs any bytes in the interpreter: it may fail, not panic or hang.
func FuzzModule(f *testing.F) {
	for _, m := range [][]byte{program("_start", 1, opLoop...), program("_initialize", 1, opGrow...), importing("a", "b"), declaring(3)} {
		f.Add(m)
	}
	f.Fuzz(func(t *testing.T, b []byte) {
		_, _ = Run(t.Context(), Spec{Module: b, Engine: Engine{Mode: Interpreter}, Limits: Limits{Time: 1e8, MemoryPages: 16, ModuleSize: 1 << 16}})
	})
}
