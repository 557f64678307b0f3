package pypi

import (
	"archive/zip"
	"bytes"
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

func TestLock(t *testing.T) {
	i := newIndex(t)
	i.add(t, "a", "1", "b")
	i.add(t, "b", "1")
	i.file("fast", "fast-1-cp313-cp313-win_amd64.whl", fakeFile{data: wheelOf(t, "fast", "1", nil, map[string]string{"fast.py": ""})})
	r := i.resolver(t)
	r.Pure = []string{"fast"}
	reqs := wishes(t, "a", "fast")
	picks, err := r.Resolve(t.Context(), reqs)
	if err != nil {
		t.Fatal(err)
	}
	all, err := r.Finder.Install(t.Context(), picks)
	if err != nil {
		t.Fatal(err)
	}
	data, err := WriteLock(picks, all, "https://index/", "/p", r.Env)
	if err != nil || !MadeByUs(data) {
		t.Fatalf("%s, %v", data, err)
	}
	// Offline, and without saying again what may lose its native code.
	r = i.resolver(t)
	r.Finder.Fetcher.Cache = ""
	lock, err := ReadLock(data, "pylock.toml", "/p", r)
	if err != nil || versions(lock.Picks) != "a 1, b 1, fast 1" || len(lock.Pure) != 1 {
		t.Fatalf("%+v, %v", lock, err)
	}
	if all, err = r.Finder.Install(t.Context(), lock.Picks); err != nil {
		t.Fatal(err)
	}
	if some, err := Fits(r.Env, wishes(t, "a"), all, ErrNotLocked); err != nil || len(some) != 2 {
		t.Errorf("%v, %v", some, err)
	}
	for _, want := range []string{"a>1", "c", "a[x]; os_name == 'nt'"} {
		_, err := Fits(r.Env, wishes(t, want), all, ErrNotLocked)
		if strings.Contains(want, "nt") != (err == nil) || err != nil && !errors.Is(err, ErrNotLocked) {
			t.Errorf("%s: %v", want, err)
		}
	}
}

const foreignLock = `lock-version = "1.0"
created-by = "another"
[[packages]]
name = "me"
directory = { path = ".", editable = true }
[[packages]]
name = "a"
version = "1"
marker = "sys_platform != 'win32'"
[[packages.wheels]]
url = "https://h/a-1-cp313-cp313-win_amd64.whl"
hashes = { sha256 = "1111111111111111111111111111111111111111111111111111111111111111" }
[[packages.wheels]]
url = "https://h/a-1-py3-none-any.whl"
hashes = { sha256 = "2222222222222222222222222222222222222222222222222222222222222222" }
[[packages]]
name = "a"
version = "2"
marker = "sys_platform == 'win32'"
wheels = [{ path = "w/a-2-py3-none-any.whl", hashes = { sha256 = "2222222222222222222222222222222222222222222222222222222222222222" } }]
`

func TestLockOfAnother(t *testing.T) {
	r := &Resolver{Env: Target("3.13.5")}
	lock, err := ReadLock([]byte(foreignLock), "pylock.toml", "/p", r)
	if err != nil || versions(lock.Picks) != "a 1" || !strings.HasPrefix(lock.Picks[0].File.SHA256, "22") || MadeByUs([]byte(foreignLock)) {
		t.Fatalf("%+v, %v", lock, err)
	}
	for _, test := range []struct {
		old, replacement string
		err              error
		words            string
	}{
		{`lock-version = "1.0"`, `lock-version = "2.0"`, nil, "lock-version"},
		{`created-by`, "environments = [\"sys_platform == 'linux'\"]\ncreated-by", ErrNotLocked, "other environments"},
		{`created-by`, "requires-python = \"<3\"\ncreated-by", ErrNotLocked, "Python"},
		{`a-1-py3-none-any`, `a-1-cp313-cp313-linux_x86_64`, ErrNative, "a 1"},
		{`a-1-py3-none-any`, `b-1-py3-none-any`, nil, "a wheel of b"},
		{`marker = "sys_platform == 'win32'"`, ``, nil, "twice"},
		{`"2222222222222222222222222222222222222222222222222222222222222222" }`, `"22" }`, nil, "sha256"},
		{`[[packages]]`, `[[packages]`, nil, "pylock.toml:3"},
	} {
		text := strings.Replace(foreignLock, test.old, test.replacement, 1)
		_, err := ReadLock([]byte(text), "pylock.toml", "/p", r)
		if err == nil || test.err != nil && !errors.Is(err, test.err) || !strings.Contains(err.Error(), test.words) {
			t.Errorf("%s: %v", test.replacement, err)
		}
	}
}

func TestOpenWheelRefuses(t *testing.T) {
	for name, files := range map[string]map[string]string{
		"climbs":      {"../x.py": ""},
		"absolute":    {"/x.py": ""},
		"backslash":   {`..\x.py`: ""},
		"twice":       {"x.py": "", "a-1.data/purelib/x.py": ""},
		"colon":       {"c:x.py": ""},
		"two of them": {"b-1.dist-info/METADATA": "Name: b\nVersion: 1\n"},
	} {
		if _, err := OpenWheel("a-1-py3-none-any.whl", wheelOf(t, "a", "1", nil, files)); !errors.Is(err, ErrMalformed) {
			t.Errorf("%s: %v", name, err)
		}
	}
	if _, err := OpenWheel("a-2-py3-none-any.whl", wheelOf(t, "a", "1", nil, nil)); !errors.Is(err, ErrMalformed) {
		t.Errorf("another version: %v", err)
	}
	var b bytes.Buffer
	w := zip.NewWriter(&b)
	h := &zip.FileHeader{Name: "link"}
	h.SetMode(os.ModeSymlink | 0o777)
	if _, err := w.CreateHeader(h); err != nil {
		t.Fatal(err)
	}
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	if _, err := OpenWheel("a-1-py3-none-any.whl", b.Bytes()); !errors.Is(err, ErrMalformed) {
		t.Errorf("a link: %v", err)
	}
}

func TestInstalled(t *testing.T) {
	venv := t.TempDir()
	site := filepath.Join(venv, "lib", "python3.12", "site-packages")
	for name, text := range map[string]string{
		"a/__init__.py":                  "",
		"a/data.txt":                     "x",
		"a/__pycache__/i.pyc":            "x",
		"a-1.dist-info/METADATA":         "Name: a\nVersion: 1\nRequires-Dist: b\n",
		"a-1.dist-info/RECORD":           "a/__init__.py,,\n\"a/data.txt\",,\na/__pycache__/i.pyc,,\na-1.dist-info/METADATA,,\n../../../bin/a,,\na/gone.py,,\n",
		"b.py":                           "",
		"b-2.dist-info/METADATA":         "Name: b\nVersion: 2\n",
		"b-2.dist-info/RECORD":           "b.py,,\nb-2.dist-info/METADATA,,\nb.cpython-313.so,,\n",
		"pip-1.dist-info/METADATA":       "Name: pip\nVersion: 1\n",
		"me-1.dist-info/METADATA":        "Name: me\nVersion: 1\n",
		"me-1.dist-info/direct_url.json": `{"dir_info": {"editable": true}}`,
	} {
		path := filepath.Join(site, filepath.FromSlash(name))
		if err := os.MkdirAll(filepath.Dir(path), 0o700); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	dir, err := SitePackages(venv)
	if err != nil || dir != site {
		t.Fatalf("%s, %v", dir, err)
	}
	all, err := Installed(dir, []string{"me"})
	if err != nil || len(all) != 2 || len(all[0].Contents) != 3 || len(all[1].Native) != 1 {
		t.Fatalf("%+v, %v", all, err)
	}
	if _, err := Fits(Target("3.13.5"), wishes(t, "a"), all, ErrUnknown); err != nil {
		t.Error(err)
	}
	if _, err := Installed(dir, nil); err == nil || !strings.Contains(err.Error(), "editable") {
		t.Error(err)
	}
	if _, err := SitePackages(t.TempDir()); err == nil {
		t.Error("an empty folder is an environment")
	}
}

func FuzzLock(f *testing.F) {
	f.Add([]byte(foreignLock))
	f.Fuzz(func(_ *testing.T, b []byte) {
		_, _ = ReadLock(b, "pylock.toml", "/p", &Resolver{Env: Target("3.13.5")})
	})
}

func FuzzOpenWheel(f *testing.F) {
	f.Add(wheelOf(f, "a", "1", []string{"Requires-Dist: b"}, map[string]string{"a.py": "x", "a-1.data/purelib/b.py": "y"}))
	f.Fuzz(func(_ *testing.T, b []byte) {
		if d, err := OpenWheel("a-1-py3-none-any.whl", b); err == nil {
			d.Commands()
		}
	})
}
