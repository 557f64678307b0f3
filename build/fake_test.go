package build

import (
	"context"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"
)

// tinyModule is a command that does nothing: (module (func (export "_start"))).
var tinyModule = []byte("\x00asm\x01\x00\x00\x00" +
	"\x01\x04\x01\x60\x00\x00" + "\x03\x02\x01\x00" + "\x07\x0a\x01\x06_start\x00\x00" + "\x0a\x04\x01\x02\x00\x0b")

// A fakeTool is a program of a fakeExec. It returns what it prints and its exit code.
type fakeTool func(c Command) (stdout string, exit int)

// A fakeExec is an Executor without processes: the tools that "are installed" are functions, by name.
type fakeExec struct {
	tools map[string]fakeTool
	mu    sync.Mutex
	calls []Command
}

func (f *fakeExec) LookPath(name string, _ []string) (string, error) {
	if f.tools[name] != nil {
		return filepath.Join("/fake", name), nil
	}
	if dir, base := filepath.Split(name); dir == "/fake/" && f.tools[base] != nil {
		return name, nil
	}
	return "", &exec.Error{Name: name, Err: exec.ErrNotFound}
}

func (f *fakeExec) Run(_ context.Context, c Command) error {
	f.mu.Lock()
	f.calls = append(f.calls, c)
	f.mu.Unlock()
	tool := filepath.Base(c.Path)
	out, exit := f.tools[tool](c)
	if c.Stdout != nil {
		_, _ = c.Stdout.Write([]byte(out))
	}
	if exit != 0 {
		return &ToolError{Tool: tool, Dir: c.Dir, ExitCode: exit}
	}
	return nil
}

// call returns the first call whose arguments contain all of the words.
func (f *fakeExec) call(t *testing.T, tool string, words ...string) Command {
	t.Helper()
	for _, c := range f.calls {
		missing := slices.ContainsFunc(words, func(w string) bool { return !slices.Contains(c.Args, w) })
		if filepath.Base(c.Path) == tool && !missing {
			return c
		}
	}
	t.Fatalf("%s was not called with %q", tool, words)
	return Command{}
}

// after returns the argument that follows a flag.
func after(args []string, flag string) string {
	if i := slices.Index(args, flag); i >= 0 && i+1 < len(args) {
		return args[i+1]
	}
	return ""
}

// fakeClang is a clang that can do everything, and writes the tiny module wherever its output goes.
func fakeClang(c Command) (string, int) {
	if slices.Contains(c.Args, "-dumpversion") {
		return "99.1.2", 0
	}
	if out := after(c.Args, "-o"); out != "" {
		if !filepath.IsAbs(out) {
			out = filepath.Join(c.Dir, out)
		}
		_ = os.WriteFile(out, tinyModule, 0o600)
	}
	return "", 0
}

// brokenTool is a program that is there and fails.
func brokenTool(Command) (string, int) { return "", 1 }

// project writes files into a new folder. A name that ends in a slash is an empty folder.
func project(t *testing.T, files map[string]string) string {
	t.Helper()
	dir, err := filepath.EvalSymlinks(t.TempDir())
	if err != nil {
		t.Fatal(err)
	}
	for name, text := range files {
		path := filepath.Join(dir, filepath.FromSlash(name))
		if err := os.MkdirAll(filepath.Dir(path), 0o700); err != nil {
			t.Fatal(err)
		}
		if strings.HasSuffix(name, "/") {
			err = os.MkdirAll(path, 0o700)
		} else {
			err = os.WriteFile(path, []byte(text), 0o600)
		}
		if err != nil {
			t.Fatal(err)
		}
	}
	return dir
}

// newTestJob makes a job as Build does.
func newTestJob(t *testing.T, o Options) *job {
	t.Helper()
	if o.Dir == "" {
		o.Dir = t.TempDir()
	}
	o.Cache = t.TempDir()
	j, err := newJob(o)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(j.close)
	return j
}

// needTools skips a test where tools are missing; in CI all are there.
func needTools(t *testing.T, names ...string) {
	t.Helper()
	for _, name := range names {
		if _, err := (processes{}).LookPath(name, os.Environ()); err == nil {
			continue
		}
		if os.Getenv("CI") == "true" {
			t.Fatalf("%s is not installed", name)
		}
		t.Skipf("%s is not installed", name)
	}
}

// needCompiler skips a test where there is no C compiler for WebAssembly; in CI there is one.
func needCompiler(t *testing.T) {
	t.Helper()
	_, err := findCompiler(t.Context(), newTestJob(t, Options{Env: os.Environ()}))
	if err != nil && os.Getenv("CI") == "true" {
		t.Fatal(err)
	}
	if err != nil {
		t.Skip(err)
	}
}

// needCXX skips a test where there is no C++ library for WebAssembly; in CI there is one.
func needCXX(t *testing.T) {
	t.Helper()
	needCompiler(t)
	j := newTestJob(t, Options{Env: os.Environ()})
	if c, err := findCompiler(t.Context(), j); err != nil || c.makesCXX(t.Context(), j) {
		return
	}
	if os.Getenv("CI") == "true" {
		t.Fatal("there is no C++ library for WebAssembly")
	}
	t.Skip("there is no C++ library for WebAssembly")
}
