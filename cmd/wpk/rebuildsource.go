package main

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

	"github.com/wpkdev/wpk/attest"
	"github.com/wpkdev/wpk/build"
)

// sourceError is why an artifact cannot be built again.
type sourceError struct {
	err  error
	code int
	hint string
}

func (e *sourceError) Error() string { return "cannot build again: " + e.err.Error() }
func (e *sourceError) Unwrap() error { return e.err }

// sources returns the top of the repository at the recorded revision: the
// folder that is given, or a fresh clone.
func (a *app) sources(ctx context.Context, r *attest.Recorded, given, clone string) (string, error) {
	s := r.Source
	if given != "" {
		have := build.SourceOf(ctx, given, a.env)
		if have.Revision != s.Revision || have.Dirty {
			a.warnText(fmt.Sprintf("%s is at the revision %s%s, and the provenance names %s", given, orNothing(have.Revision), map[bool]string{true: " with changes"}[have.Dirty], orNothing(s.Revision)))
		}
		return filepath.Abs(given)
	}
	switch {
	case s.Revision == "":
		return "", &sourceError{errors.New("the provenance names no revision of the sources"), exitNotFound, "where you have them: --source FOLDER"}
	case s.URL == "":
		return "", &sourceError{errors.New("the repository of the sources had no https address"), exitNotFound, "clone it yourself, and --source FOLDER"}
	}
	a.ui.Say("rebuild: fetching %s at %s", s.URL, s.Revision)
	if err := a.gitClone(ctx, s.URL, s.Revision, clone); err != nil {
		return "", &sourceError{err, exitUnreachable, "check the network and your rights there, or clone it yourself, and --source FOLDER"}
	}
	return clone, nil
}

// gitClone fetches one revision. Whoever wrote the provenance chose the URL, so
// that nothing but https is spoken, nobody is asked for a password, and nothing
// that the repository or this machine configures runs.
func (a *app) gitClone(ctx context.Context, url, revision, dir string) error {
	for _, args := range [][]string{
		{"init", "--quiet", dir},
		{"-C", dir, "fetch", "--quiet", "--depth=1", "--no-tags", "--", url, revision},
		{"-C", dir, "checkout", "--quiet", "--detach", revision},
		{"-C", dir, "remote", "add", "origin", url},
	} {
		args = append([]string{"-c", "protocol.allow=never", "-c", "protocol.https.allow=always", "-c", "core.hooksPath=" + os.DevNull}, args...)
		c := exec.CommandContext(ctx, "git", args...) // #nosec G204 -- the revision is hexadecimal, the URL begins with https://
		c.Env = append(withoutEnv(a.env, "GIT_DIR", "GIT_WORK_TREE", "GIT_INDEX_FILE"), "GIT_TERMINAL_PROMPT=0")
		c.Stdout, c.Stderr = a.ui, a.ui
		if err := c.Run(); err != nil {
			return fmt.Errorf("git %s: %w", args[len(args)-1], err)
		}
	}
	return nil
}

func withoutEnv(env []string, names ...string) []string {
	return slices.DeleteFunc(slices.Clone(env), func(kv string) bool {
		k, _, _ := strings.Cut(kv, "=")
		return slices.Contains(names, k)
	})
}

// replayed are the variables of a recorded build that are set again. All others
// could make this machine run or load something.
func replayed() []string { return []string{"GOFLAGS", "GOEXPERIMENT", "GOFIPS140", "GOWASM"} }

// buildFrom builds as it is recorded, by a wpk of its own: its folder is
// another one.
func (a *app) buildFrom(ctx context.Context, r *attest.Recorded, root, work string) (*againBuilt, error) {
	self, err := os.Executable()
	if err != nil {
		return nil, err
	}
	module := filepath.Join(work, "again.wasm")
	args := []string{"build", "--quiet", "--json", "--inventory", "--output=" + module, "--tag=oci:" + filepath.Join(work, "again") + ":again"}
	known := shaping()
	for _, name := range sortedNames(r.Recipe.Options) {
		if !known[name] {
			return nil, &sourceError{fmt.Errorf("the option --%s is not known", name), exitUsage, "the wpk that has built it is " + r.Builder.Version}
		}
		for _, v := range r.Recipe.Options[name] {
			args = append(args, "--"+name+"="+v)
		}
	}
	operand := r.Recipe.Operand
	if operand == "" {
		operand = "."
	}
	var out bytes.Buffer
	c := exec.CommandContext(ctx, self, append(args, "--", filepath.FromSlash(operand))...) // #nosec G204 -- ourselves
	c.Dir, c.Stdout, c.Stderr = filepath.Join(root, filepath.FromSlash(r.Recipe.WorkingDirectory)), &out, a.ui
	c.Env = withoutEnv(a.env, append(replayed(), "SOURCE_DATE_EPOCH")...)
	for _, kv := range r.Facts.Env {
		if k, _, _ := strings.Cut(kv, "="); slices.Contains(replayed(), k) {
			c.Env = append(c.Env, kv)
		}
	}
	if epoch := r.Recipe.SourceDateEpoch; epoch != "" {
		c.Env = append(c.Env, "SOURCE_DATE_EPOCH="+epoch)
	}
	a.ui.Say("rebuild: building")
	if err := c.Run(); err != nil {
		return nil, &sourceError{fmt.Errorf("wpk build: %w", err), exitBuild, "what it said is above"}
	}
	var res buildResult
	if err := json.Unmarshal(out.Bytes(), &res); err != nil {
		return nil, err
	}
	again := &againBuilt{digests: res.digests(), module: res.Module.Digest, facts: res.Facts}
	again.wasm, err = os.ReadFile(module)
	return again, err
}
