package build

import (
	"os"
	"slices"
	"strings"
	"testing"
)

// guessedGo is a Go whose settings may differ from one build to the next. While go env has not answered, a compiler can
// start: what it does then must not show when the guess was wrong.
type guessedGo struct {
	*fakeExec
	answer  string        // of go env
	started chan struct{} // by the first build; nil = go env waits for none
}

func newGuessedGo() *guessedGo {
	g := &guessedGo{fakeExec: &fakeExec{}}
	g.tools = map[string]fakeTool{"go": func(c Command) (string, int) {
		switch c.Args[0] {
		case "env":
			if g.started != nil {
				<-g.started
			}
			return g.answer, 0
		case "build":
			if len(g.builds()) == 1 && g.started != nil {
				close(g.started)
			}
			_ = os.WriteFile(after(c.Args, "-o"), tinyModule, 0o600)
			return "compiled with " + getenv(c.Env, "GOFLAGS") + "\n", 0
		}
		return `{"Name":"main","ImportPath":"example.com/m"}`, 0
	}}
	return g
}

func (g *guessedGo) build(t *testing.T, dir, cache string) (*Module, string) {
	t.Helper()
	var said strings.Builder
	g.calls = nil
	m, err := Build(t.Context(), Options{Dir: dir, Cache: cache, Exec: g, Output: &said})
	if err != nil {
		t.Fatal(err)
	}
	return m, said.String()
}

func (g *guessedGo) builds() (flags []string) {
	g.mu.Lock()
	defer g.mu.Unlock()
	for _, c := range g.calls {
		if c.Args[0] == "build" {
			flags = append(flags, getenv(c.Env, "GOFLAGS"))
		}
	}
	return flags
}

func TestGoSettingsAreGuessed(t *testing.T) {
	dir, cache := project(t, map[string]string{"go.mod": "module example.com/m\n", "main.go": "package main\n\nfunc main() {}\n"}), t.TempDir()
	g := newGuessedGo()
	for _, step := range []struct {
		what, answer string
		guess        bool // work begins before go has answered
		flags        []string
		said         string
	}{
		{"first", `{"GOVERSION":"go1.26.1"}`, false, []string{"-trimpath"}, "compiled with -trimpath\n"},
		{"same", `{"GOVERSION":"go1.26.1"}`, true, []string{"-trimpath"}, "compiled with -trimpath\n"},
		{"other flags", `{"GOVERSION":"go1.26.1","GOFLAGS":"-tags=x"}`, true, []string{"-trimpath", "-trimpath -tags=x"}, "compiled with -trimpath -tags=x\n"},
		{"flags are no guess", `{"GOVERSION":"go1.26.1","GOFLAGS":"-tags=x"}`, false, []string{"-trimpath -tags=x"}, "compiled with -trimpath -tags=x\n"},
		{"no flags", `{"GOVERSION":"go1.26.1"}`, false, []string{"-trimpath"}, "compiled with -trimpath\n"},
		{"another Go", `{"GOVERSION":"go1.26.2"}`, true, []string{"-trimpath", "-trimpath"}, "compiled with -trimpath\n"},
	} {
		g.answer, g.started = step.answer, nil
		if step.guess {
			g.started = make(chan struct{})
		}
		m, said := g.build(t, dir, cache)
		if flags := g.builds(); !slices.Equal(flags, step.flags) || said != step.said {
			t.Errorf("%s: built with %q and said %q", step.what, flags, said)
		}
		if want := m.Facts.Tools[0].Version; !strings.Contains(step.answer, "go"+want) {
			t.Errorf("%s: facts say go %s", step.what, want)
		}
	}
}

func TestGoSettingsThatCannotBeRead(t *testing.T) {
	dir := project(t, map[string]string{"go.mod": "module example.com/m\n", "main.go": "package main\n\nfunc main() {}\n"})
	for _, answer := range []string{"", "null", "[]"} {
		g := newGuessedGo()
		g.answer = answer
		if _, err := Build(t.Context(), Options{Dir: dir, Cache: t.TempDir(), Exec: g}); err == nil || !strings.Contains(err.Error(), "go env") {
			t.Errorf("%q: %v", answer, err)
		}
	}
}
