package consumers

import (
	"encoding/json"
	"os"
	"os/exec"
	"path/filepath"
	"testing"

	"github.com/wpkdev/wpk/internal/wpktest/machine"
)

// program is a sample of testdata: it prints $GREETING, counts the files that
// are its arguments, and ends with 1 when one of them is not there.
type program struct {
	name  string
	says  string // its language, after the greeting
	traps bool   // at the argument "panic"
}

var programs = []program{{"c-hello", "C", false}, {"go-hello", "Go", false}, {"rust-hello", "Rust", true}}

// What the image of a program has, and what the program makes of it.
const (
	greeting = "good morning"
	words    = "one two\nthree\n"
	inImage  = "/data/words.txt" // the default argument
	missing  = "/data/none.txt"
)

func (p program) dir() string { return filepath.Join("..", "..", "..", "testdata", p.name) }

func (p program) stdout() string {
	return greeting + " from " + p.says + "\n2 lines, 3 words, 14 bytes: " + inImage + "\n"
}

// wpk is the program with a store of its own.
type wpk struct{ store string }

func newWpk(t *testing.T) wpk {
	t.Helper()
	return wpk{t.TempDir()}
}

// command is a call of wpk.
func (w wpk) command(t *testing.T, args ...string) *exec.Cmd {
	t.Helper()
	cmd := command(t, os.Getenv(binaryVariable), args...)
	cmd.Env = append(os.Environ(), "WPK_DATA_DIR="+w.store, "WPK_CACHE_DIR="+filepath.Join(os.TempDir(), "wpk-cache"))
	return cmd
}

// command is a program of this machine, in the world of the tests.
func command(t *testing.T, name string, args ...string) *exec.Cmd {
	t.Helper()
	return exec.CommandContext(t.Context(), name, args...)
}

// run returns what wpk prints; it must not fail.
func (w wpk) run(t *testing.T, args ...string) string {
	t.Helper()
	return output(t, w.command(t, args...))
}

func output(t *testing.T, cmd *exec.Cmd) string {
	t.Helper()
	r := machine.Run(t, cmd)
	if r.Code != 0 {
		t.Fatalf("%s: exit code %d\n%s%s", cmd, r.Code, r.Stdout, r.Stderr)
	}
	return r.Stdout
}

// build packs a program with its file, environment and argument, and pushes it;
// the image has one more file, so that no two have a layer in common: a runtime
// that has unpacked one of them must not know the other.
func (w wpk) build(t *testing.T, p program, layout, ref string) (digest string) {
	t.Helper()
	data := t.TempDir()
	for name, text := range map[string]string{filepath.Base(inImage): words, "ref.txt": ref} {
		if err := os.WriteFile(filepath.Join(data, name), []byte(text), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	out := w.run(t, "build", "--json", p.dir(), "--layout", layout, "-t", ref,
		"--file", data+":"+filepath.Dir(inImage), "--env", "GREETING="+greeting, "--cmd", inImage)
	var built struct{ Digest string }
	if err := json.Unmarshal([]byte(out), &built); err != nil {
		t.Fatalf("%v\n%s", err, out)
	}
	w.run(t, "push", ref)
	return built.Digest
}
