package interop

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/wpkdev/wpk/internal/wpktest"
)

// binary and cache are made once for all tests.
var binary, cache string

func TestMain(m *testing.M) {
	code, err := setUp(m)
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		code = 1
	}
	os.Exit(code)
}

func setUp(m *testing.M) (int, error) {
	dir, err := os.MkdirTemp("", "wpk-interop-")
	if err != nil {
		return 1, err
	}
	defer os.RemoveAll(dir)
	cache = filepath.Join(dir, "cache")
	if binary, err = wpktest.Build(dir); err != nil {
		return 1, err
	}
	return m.Run(), nil
}

// wpk is the program with one local store.
type wpk struct {
	store string
	env   []string // more of the environment
}

func newWpk(t *testing.T) wpk {
	t.Helper()
	return wpk{store: t.TempDir()}
}

// run returns what wpk prints on stdout and fails the test when it fails.
func (w wpk) run(t *testing.T, stdin []byte, args ...string) []byte {
	t.Helper()
	cmd := command(t, binary, args...)
	cmd.Env = append(append(os.Environ(), "WPK_DATA_DIR="+w.store, "WPK_CACHE_DIR="+cache), w.env...)
	return output(t, cmd, stdin)
}

// useRuntime installs the runtime pack that scripts/runtimes.sh made for a
// language; "" is none.
func (w wpk) useRuntime(t *testing.T, language string) {
	t.Helper()
	if language != "" {
		w.run(t, nil, "toolchain", "install", "oci:"+filepath.Join(wpktest.Runtime(t, language), "layout")+":"+language)
	}
}

// json runs wpk with --json and decodes what it prints.
func (w wpk) json(t *testing.T, into any, args ...string) {
	t.Helper()
	// The flag stands before a "--", whose right side is the module's.
	verb := 1
	if args[0] == "toolchain" {
		verb = 2
	}
	args = slices.Insert(slices.Clone(args), verb, "--json")
	if out := w.run(t, nil, args...); json.Unmarshal(out, into) != nil {
		t.Fatalf("wpk %s printed no JSON of the kind expected:\n%s", strings.Join(args, " "), out)
	}
}

// command is a program that is killed after five minutes: a client that hangs
// must not take the whole test run with it.
func command(t *testing.T, name string, args ...string) *exec.Cmd {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), 5*time.Minute)
	t.Cleanup(cancel)
	return exec.CommandContext(ctx, name, args...)
}

// output runs a program and returns its stdout.
func output(t *testing.T, cmd *exec.Cmd, stdin []byte) []byte {
	t.Helper()
	var stderr bytes.Buffer
	cmd.Stdin, cmd.Stderr = bytes.NewReader(stdin), &stderr
	out, err := cmd.Output()
	var exit *exec.ExitError
	switch {
	case errors.As(err, &exit):
		t.Fatalf("%s: %v\n%s%s", cmd, err, out, stderr.Bytes())
	case err != nil:
		t.Fatal(err)
	}
	return out
}

// fails runs wpk, which must not succeed, and returns what it says on stderr.
func (w wpk) fails(t *testing.T, env []string, args ...string) (said string, code int) {
	t.Helper()
	cmd := command(t, binary, args...)
	cmd.Env = append(append(env, "WPK_DATA_DIR="+w.store, "WPK_CACHE_DIR="+cache), w.env...)
	var stderr bytes.Buffer
	cmd.Stderr = &stderr
	var exit *exec.ExitError
	if err := cmd.Run(); !errors.As(err, &exit) {
		t.Fatalf("%s: %v\n%s", cmd, err, stderr.Bytes())
	}
	return stderr.String(), exit.ExitCode()
}
