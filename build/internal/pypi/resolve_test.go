package pypi

import (
	"errors"
	"fmt"
	"net/url"
	"slices"
	"strings"
	"testing"
)

func TestResolve(t *testing.T) {
	for _, test := range []struct {
		name  string
		index func(i *fakeIndex)
		want  []string
		picks string
	}{
		{"the newest", func(i *fakeIndex) { i.add(t, "a", "1.9"); i.add(t, "a", "1.10") }, []string{"a"}, "a 1.10"},
		{"no pre-release", func(i *fakeIndex) { i.add(t, "a", "1"); i.add(t, "a", "2rc1") }, []string{"a"}, "a 1"},
		{"a pre-release that is named", func(i *fakeIndex) { i.add(t, "a", "1"); i.add(t, "a", "2rc1") }, []string{"a>=2rc1"}, "a 2rc1"},
		{"a pre-release when there is nothing else", func(i *fakeIndex) { i.add(t, "a", "2rc1") }, []string{"a"}, "a 2rc1"},
		{"what others need", func(i *fakeIndex) {
			i.add(t, "a", "1", "b>=1", `c; sys_platform == "win32"`)
			i.add(t, "b", "1")
			i.add(t, "b", "2")
			i.add(t, "c", "1")
		}, []string{"a", "b<2"}, "a 1, b 1"},
		{"an extra", func(i *fakeIndex) {
			i.add(t, "a", "1", `b; extra == "More"`)
			i.add(t, "b", "1")
		}, []string{"a[more]"}, "a 1, b 1"},
		{"an extra that comes late", func(i *fakeIndex) {
			i.add(t, "a", "1", `c; extra == "x"`)
			i.add(t, "b", "1", "a[x]")
			i.add(t, "c", "1")
		}, []string{"a==1", "b"}, "a 1, b 1, c 1"},
		{"going back", func(i *fakeIndex) {
			i.add(t, "a", "2", "c>=2")
			i.add(t, "a", "1", "c")
			i.add(t, "b", "1", "c<2")
			i.add(t, "c", "1")
			i.add(t, "c", "2")
		}, []string{"a", "b"}, "a 1, b 1, c 1"},
		{"a circle", func(i *fakeIndex) { i.add(t, "a", "1", "b"); i.add(t, "b", "1", "a") }, []string{"a"}, "a 1, b 1"},
		{"withdrawn", func(i *fakeIndex) {
			i.add(t, "a", "1")
			i.add(t, "a", "2")
			f := i.files["a"]["a-2-py3-none-any.whl"]
			f.yanked = true
			i.file("a", "a-2-py3-none-any.whl", f)
		}, []string{"a"}, "a 1"},
		{"for a newer Python", func(i *fakeIndex) {
			i.add(t, "a", "1")
			i.add(t, "a", "2")
			f := i.files["a"]["a-2-py3-none-any.whl"]
			f.requiresPython = ">=3.14"
			i.file("a", "a-2-py3-none-any.whl", f)
		}, []string{"a"}, "a 1"},
		{"a pure wheel beside native ones", func(i *fakeIndex) {
			i.add(t, "a", "1")
			i.file("a", "a-1-cp313-cp313-manylinux_2_28_x86_64.whl", fakeFile{data: []byte("native")})
		}, []string{"a"}, "a 1"},
	} {
		for _, form := range []string{"json", "html", "metadata"} {
			t.Run(test.name+"/"+form, func(t *testing.T) {
				i := newIndex(t)
				i.html, i.metadata = form == "html", form == "metadata"
				test.index(i)
				picks, err := i.resolver(t).Resolve(t.Context(), wishes(t, test.want...))
				if err != nil || versions(picks) != test.picks {
					t.Fatalf("%s, %v; want %s", versions(picks), err, test.picks)
				}
				downloads := slices.ContainsFunc(i.requests, func(r string) bool { return strings.HasSuffix(r, ".whl") })
				if downloads == i.metadata {
					t.Errorf("%v", i.requests)
				}
			})
		}
	}
}

func TestResolveRefuses(t *testing.T) {
	i := newIndex(t)
	native := fakeFile{data: wheelOf(t, "native", "2", nil, nil)}
	i.file("native", "native-2-cp313-cp313-manylinux_2_28_x86_64.whl", native)
	i.file("native", "native-2.tar.gz", fakeFile{})
	i.add(t, "native", "1")
	i.file("source", "source-1.tar.gz", fakeFile{})
	i.add(t, "user", "3", "native")
	i.add(t, "a", "1", "c<2")
	i.add(t, "b", "1", "c>=2")
	i.add(t, "c", "1")
	i.add(t, "c", "2")
	for _, test := range []struct {
		want  []string
		err   error
		words []string
		pure  string
	}{
		{[]string{"user"}, ErrNative, []string{"native 2", "wanted by user 3, by test", "py3-none-any"}, "1"},
		{[]string{"source"}, ErrSourceOnly, []string{"source 1"}, ""},
		{[]string{"nobody"}, ErrUnknown, []string{"nobody", "wanted by test"}, ""},
		{[]string{"c>=3"}, ErrNoVersion, []string{"c", "test wants >=3"}, ""},
		{[]string{"a", "b"}, ErrNoVersion, []string{"c", "a 1 wants <2", "b 1 wants >=2"}, ""},
	} {
		_, err := i.resolver(t).Resolve(t.Context(), wishes(t, test.want...))
		var e *DistributionError
		if !errors.As(err, &e) || !errors.Is(err, test.err) || e.Pure != test.pure {
			t.Errorf("%v: %v", test.want, err)
			continue
		}
		for _, w := range test.words {
			if !strings.Contains(err.Error(), w) {
				t.Errorf("%v: %q lacks %q", test.want, err, w)
			}
		}
	}
}

func TestNativeCodeIsDropped(t *testing.T) {
	i := newIndex(t)
	data := wheelOf(t, "fast", "1", nil, map[string]string{"fast/__init__.py": "", "fast/_speed.cpython-313-x86_64-linux-gnu.so": "\x7fELF", "fast/__pycache__/x.pyc": "c"})
	for _, platform := range []string{"win_amd64", "manylinux_2_28_aarch64", "manylinux_2_28_x86_64", "macosx_11_0_arm64"} {
		i.file("fast", "fast-1-cp313-cp313-"+platform+".whl", fakeFile{data: data})
	}
	i.file("fast", "fast-1-cp313-cp313t-manylinux_1_x86_64.whl", fakeFile{data: data})
	r := i.resolver(t)
	r.Pure = []string{"fast"}
	picks, err := r.Resolve(t.Context(), wishes(t, "fast"))
	if err != nil || len(picks) != 1 || picks[0].File.Name != "fast-1-cp313-cp313-manylinux_2_28_x86_64.whl" {
		t.Fatalf("%v, %v", picks, err)
	}
	all, err := r.Finder.Install(t.Context(), picks)
	if err != nil {
		t.Fatal(err)
	}
	var paths []string
	for _, c := range all[0].Contents {
		paths = append(paths, c.Path)
	}
	if got := fmt.Sprint(paths, all[0].Native); got != "[fast-1.dist-info/METADATA fast/__init__.py] [fast/_speed.cpython-313-x86_64-linux-gnu.so]" {
		t.Error(got)
	}
}

func TestHashes(t *testing.T) {
	i := newIndex(t)
	i.add(t, "a", "1", "b")
	i.add(t, "b", "1")
	sum := hexSum(i.files["a"]["a-1-py3-none-any.whl"].data)
	reqs := wishes(t, "a==1", "b==1")
	reqs[0].SHA256 = []string{sum}
	if _, err := i.resolver(t).Resolve(t.Context(), reqs); !errors.Is(err, ErrDigest) {
		t.Errorf("b has no hash: %v", err)
	}
	reqs[1].SHA256 = []string{hexSum(i.files["b"]["b-1-py3-none-any.whl"].data)}
	r := i.resolver(t)
	picks, err := r.Resolve(t.Context(), reqs)
	if err != nil || versions(picks) != "a 1, b 1" {
		t.Fatalf("%s, %v", versions(picks), err)
	}
	// All is in the cache now, so no index is needed.
	i.Close()
	r.Finder = &Finder{Fetcher: r.Finder.Fetcher, Indexes: r.Finder.Indexes}
	if picks, err = r.Resolve(t.Context(), reqs); err != nil || versions(picks) != "a 1, b 1" {
		t.Errorf("offline: %s, %v", versions(picks), err)
	}
}

func TestFetchChecksDigests(t *testing.T) {
	i := newIndex(t)
	i.add(t, "a", "1")
	f := i.files["a"]["a-1-py3-none-any.whl"]
	f.sum = strings.Repeat("0", 64)
	i.file("a", "a-1-py3-none-any.whl", f)
	if _, err := i.resolver(t).Resolve(t.Context(), wishes(t, "a")); !errors.Is(err, ErrDigest) {
		t.Error(err)
	}
}

func TestFetchTriesAgain(t *testing.T) {
	i := newIndex(t)
	i.add(t, "a", "1")
	i.failures = 2
	if picks, err := i.resolver(t).Resolve(t.Context(), wishes(t, "a")); err != nil || len(picks) != 1 {
		t.Errorf("%v, %v", picks, err)
	}
	i.failures = attempts
	var e *IndexError
	if _, err := i.resolver(t).Resolve(t.Context(), wishes(t, "a")); !errors.As(err, &e) || e.Status != 503 {
		t.Error(err)
	}
}

func TestCredentials(t *testing.T) {
	i := newIndex(t)
	i.add(t, "a", "1")
	i.password = "secret"
	u, login, err := ParseIndex(strings.Replace(i.URL, "http://", "http://token:secret@", 1) + "/simple")
	if err != nil || strings.Contains(u.String(), "secret") {
		t.Fatalf("%s, %v", u, err)
	}
	r := i.resolver(t)
	_, err = r.Resolve(t.Context(), wishes(t, "a"))
	var e *IndexError
	if !errors.As(err, &e) || e.Status != 401 {
		t.Errorf("without: %v", err)
	}
	r = i.resolver(t)
	r.Finder.Fetcher.Login = map[string]*url.Userinfo{u.Host: login}
	if _, err := r.Resolve(t.Context(), wishes(t, "a")); err != nil {
		t.Errorf("with: %v", err)
	}
	for _, bad := range []string{"ftp://user:secret@host/x", "user:secret@host/x", "https://user:se cret@ho st/"} {
		if _, _, err := ParseIndex(bad); err == nil || strings.Contains(err.Error(), "secret") || strings.Contains(err.Error(), "se cret") {
			t.Errorf("%q: %v", bad, err)
		}
	}
}
