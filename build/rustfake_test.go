package build

import (
	"context"
	"encoding/json"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
)

// A pathExec is an Executor without processes on which each tool lies in a folder of its own: its keys are paths.
type pathExec map[string]fakeTool

func (e pathExec) LookPath(name string, env []string) (string, error) {
	paths := []string{name}
	if filepath.Base(name) == name {
		paths = nil
		for _, dir := range filepath.SplitList(getenv(env, "PATH")) {
			paths = append(paths, filepath.Join(dir, name))
		}
	}
	for _, p := range paths {
		if e[p] != nil {
			return p, nil
		}
	}
	return "", &exec.Error{Name: name, Err: exec.ErrNotFound}
}

func (e pathExec) Run(_ context.Context, c Command) error {
	out, exit := e[c.Path](c)
	_, _ = c.Stdout.Write([]byte(out))
	if exit != 0 {
		return &ToolError{Tool: filepath.Base(c.Path), ExitCode: exit}
	}
	return nil
}

// fakeRustc is a rustc that knows some targets; sysroot has libraries for some of them.
func fakeRustc(version, sysroot string, targets ...string) fakeTool {
	return func(c Command) (string, int) {
		switch c.Args[0] {
		case "-vV":
			return "rustc " + version + "\ncommit-hash: abc\nrelease: " + version + "\n", 0
		case "--print=sysroot":
			return sysroot + "\nwasm32-unknown-unknown\n" + strings.Join(targets, "\n"), 0
		}
		return "", 1
	}
}

// fakeCargo is a cargo of some version that knows a project, and makes the tiny module of whatever program it should.
func fakeCargo(version string, ws cargoWorkspace) fakeTool {
	return func(c Command) (string, int) {
		switch c.Args[0] {
		case "-V":
			return "cargo " + version + " (abc 2026-01-01)", 0
		case "metadata":
			b, _ := json.Marshal(ws)
			return string(b), 0
		}
		out := filepath.Join(c.Dir, "out.wasm")
		_ = os.WriteFile(out, tinyModule, 0o600)
		bin := strings.TrimPrefix(c.Args[len(c.Args)-1], "--bin=")
		message, _ := json.Marshal(map[string]any{"reason": "compiler-artifact", "executable": out, "target": map[string]string{"name": bin}})
		return `{"reason":"build-script-executed","executable":null}` + "\n" + string(message) + "\nnot a message\n", 0
	}
}

// rustPackage is a package as cargo metadata tells it, in a folder.
func rustPackage(dir, name string, bins ...string) cargoPackage {
	p := cargoPackage{ID: name + " 1.0.0", Name: name, Version: "1.0.0", Manifest: filepath.Join(dir, cargoFile)}
	for kind, names := range map[string][]string{"bin": bins, "lib": {name}} {
		for _, n := range names {
			p.Targets = append(p.Targets, cargoTarget{Name: n, Kind: []string{kind}, Types: []string{kind}})
		}
	}
	return p
}
