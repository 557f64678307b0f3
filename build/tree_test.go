package build

import (
	"errors"
	"os"
	"path/filepath"
	"slices"
	"testing"
	"time"
)

// copySource copies a job's folder as a build from nothing does.
func copySource(t *testing.T, j *job) (string, error) {
	t.Helper()
	c := newTreeCopy(j, j.path("src"))
	if err := os.Mkdir(c.dst, 0o700); err != nil {
		t.Fatal(err)
	}
	files, _, err := c.scan(t.Context(), nil, 0)
	if err != nil {
		return "", err
	}
	return c.dst, c.copyAll(t.Context(), files)
}

func TestCopySource(t *testing.T) {
	dir := project(t, map[string]string{
		"Makefile": "all:", "src/a.c": "a", "empty/": "", ".git/config": "", "src/a.o": "\x00asm", "libtool.lo": "",
		"prog": "\x7fELF...", "lib.a": "!<arch>\n...\x7fELF", "wasm.a": "!<arch>\n...\x00asm", "mac": "\xcf\xfa\xed\xfe...", ".hidden": "",
	})
	for link, target := range map[string]string{"inside": "src/a.c", "src/up": "../Makefile", "outside": "../elsewhere", "absolute": "/etc/passwd"} {
		if err := os.Symlink(target, filepath.Join(dir, filepath.FromSlash(link))); err != nil {
			t.Skipf("no symbolic links here: %v", err)
		}
	}
	then := time.Unix(1e9, 0)
	if err := os.Chtimes(filepath.Join(dir, "Makefile"), then, then); err != nil {
		t.Fatal(err)
	}
	j := newTestJob(t, Options{Dir: dir})
	copied, err := copySource(t, j)
	if err != nil {
		t.Fatal(err)
	}
	var got []string
	for _, path := range listFiles(t, copied) {
		rel, _ := filepath.Rel(copied, path)
		got = append(got, filepath.ToSlash(rel))
	}
	if want := []string{".", ".hidden", "Makefile", "empty", "inside", "src", "src/a.c", "src/up", "wasm.a"}; !slices.Equal(got, want) {
		t.Errorf("got %q, want %q", got, want)
	}
	if info, err := os.Stat(filepath.Join(copied, "Makefile")); err != nil || !info.ModTime().Equal(then) {
		t.Errorf("the copy's time is %v, %v", info.ModTime(), err)
	}
}

// TestCopySourceWithoutItself has the work folder inside the project.
func TestCopySourceWithoutItself(t *testing.T) {
	for _, cache := range []string{"", "cache"} {
		dir := project(t, map[string]string{"a.c": ""})
		j, err := newJob(Options{Dir: dir, Cache: filepath.Join(dir, cache)})
		if err != nil {
			t.Fatal(err)
		}
		defer j.close()
		copied, err := copySource(t, j)
		if err != nil {
			t.Fatal(err)
		}
		if got := listFiles(t, copied); len(got) != 2 {
			t.Errorf("cache %q: copied %q", cache, got)
		}
	}
}

func TestCopySourceIsBounded(t *testing.T) {
	dir := project(t, map[string]string{"a": "x"})
	info, err := os.Stat(filepath.Join(dir, "a"))
	if err != nil {
		t.Fatal(err)
	}
	for _, c := range []*treeCopy{{files: maxTreeFiles}, {bytes: maxTreeBytes}} {
		if err := c.count(info.Size()); !errors.Is(err, ErrTooLarge) {
			t.Errorf("got %v", err)
		}
	}
}

func TestLoadRefusesWhatIsNoModule(t *testing.T) {
	dir := project(t, map[string]string{"text": "hello", "short": "\x00asm", "good": string(tinyModule)})
	for name, ok := range map[string]bool{"text": false, "short": false, "missing": false, "good": true} {
		m, err := load(filepath.Join(dir, name))
		var result *ResultError
		if ok != (err == nil) || (!ok && !errors.As(err, &result)) {
			t.Errorf("%s: %v", name, err)
		}
		if ok && len(m.Digest) != len("sha256:")+64 {
			t.Errorf("digest %q", m.Digest)
		}
	}
	huge := filepath.Join(dir, "huge")
	if err := os.WriteFile(huge, nil, 0o600); err != nil {
		t.Fatal(err)
	}
	if err := os.Truncate(huge, maxModule+1); err != nil {
		t.Skipf("no sparse files here: %v", err)
	}
	if _, err := load(huge); !errors.Is(err, ErrTooLarge) {
		t.Errorf("a huge file: %v", err)
	}
}
