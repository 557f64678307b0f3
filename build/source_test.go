package build

import (
	"os"
	"path/filepath"
	"testing"
)

func TestWebURL(t *testing.T) {
	for remote, want := range map[string]string{
		"https://github.com/a/b.git":               "https://github.com/a/b",
		"https://user:secret@example.com/a/b":      "https://example.com/a/b",
		"https://ghp_token@example.com:8443/a.git": "https://example.com:8443/a",
		"http://example.com/a/b/?token=secret#x":   "https://example.com/a/b",
		"git@github.com:a/b.git":                   "https://github.com/a/b",
		"github.com:a/b":                           "https://github.com/a/b",
		"ssh://git@example.com:2222/a/b.git":       "https://example.com/a/b",
		"git://example.com/a":                      "https://example.com/a",
		"/srv/git/a.git":                           "",
		"../a":                                     "",
		"file:///srv/a":                            "",
		`C:\git\a`:                                 "",
		"C:/git/a":                                 "",
		"ext::sh -c evil":                          "",
		"":                                         "",
	} {
		if got := webURL(remote); got != want {
			t.Errorf("%q: %q, want %q", remote, got, want)
		}
	}
}

func TestSource(t *testing.T) {
	needTools(t, "git")
	dir := project(t, map[string]string{"p/a.c": "", "q/b.c": "", "ignored/c.c": "", ".gitignore": "ignored/\n*.o\n"})
	at := func(sub string) Source {
		return sourceOf(t.Context(), newTestJob(t, Options{Dir: filepath.Join(dir, sub), Env: gitTestEnv(dir)}))
	}
	if s := at("p"); s != (Source{}) {
		t.Errorf("outside a repository: %+v", s)
	}
	git := func(args ...string) string { return runGit(t, dir, args...) }
	git("init", "-q")
	git("remote", "add", "origin", "https://me:secret@example.com/p.git")
	if s := at("p"); s != (Source{}) {
		t.Errorf("without a commit: %+v", s)
	}
	git("add", ".")
	git("commit", "-q", "-m", "first")
	want := Source{Revision: git("rev-parse", "HEAD"), URL: "https://example.com/p"}
	write := func(name string) {
		if err := os.WriteFile(filepath.Join(dir, filepath.FromSlash(name)), []byte("changed"), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	write("p/x.o")
	write("q/new.c")
	if s := at("p"); s != want {
		t.Errorf("clean, with dirt beside it: %+v, want %+v", s, want)
	}
	if s := at("ignored"); s != (Source{}) {
		t.Errorf("a folder that is not in the commit: %+v", s)
	}
	want.Dirty = true
	if s := at("q"); s != want {
		t.Errorf("an untracked file: %+v, want %+v", s, want)
	}
	write("p/a.c")
	if s := at("p"); s != want {
		t.Errorf("a changed file: %+v, want %+v", s, want)
	}
}

// TestSourceRunsNothing looks at a repository whose configuration names programs.
func TestSourceRunsNothing(t *testing.T) {
	needTools(t, "git")
	dir := project(t, map[string]string{"a.c": ""})
	runGit(t, dir, "init", "-q")
	runGit(t, dir, "add", ".")
	runGit(t, dir, "commit", "-q", "-m", "first")
	trace := filepath.Join(t.TempDir(), "ran")
	runGit(t, dir, "config", "core.fsmonitor", "touch "+trace)
	if s := sourceOf(t.Context(), newTestJob(t, Options{Dir: dir, Env: gitTestEnv(dir)})); s.Revision == "" {
		t.Error("no facts")
	}
	if _, err := os.Stat(trace); err == nil {
		t.Error("git ran the repository's fsmonitor")
	}
}

// gitTestEnv is an environment in which nobody's own configuration counts, nor a repository above the test's.
func gitTestEnv(dir string) []string {
	return setenv(os.Environ(), "HOME="+dir, "GIT_CONFIG_NOSYSTEM=1", "GIT_CEILING_DIRECTORIES="+filepath.Dir(dir),
		"GIT_AUTHOR_NAME=t", "GIT_AUTHOR_EMAIL=t@example.com", "GIT_COMMITTER_NAME=t", "GIT_COMMITTER_EMAIL=t@example.com")
}

func runGit(t *testing.T, dir string, args ...string) string {
	t.Helper()
	env := gitTestEnv(dir)
	git, err := (processes{}).LookPath("git", env)
	if err != nil {
		t.Fatal(err)
	}
	out, err := output(t.Context(), processes{}, Command{Path: git, Args: args, Dir: dir, Env: env})
	if err != nil {
		t.Fatalf("git %q: %v", args, err)
	}
	return out
}
