package pypi

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
)

func TestMarkers(t *testing.T) {
	env := Target("3.13.5")
	for text, want := range map[string]bool{
		`python_version >= "3.9"`:                               true,
		`python_version < "3.13"`:                               false,
		`python_full_version == "3.13.5"`:                       true,
		`"3.8" <= python_version`:                               true,
		`python_version in "3.12 3.13"`:                         true,
		`sys_platform == "wasi"`:                                true,
		`sys_platform == 'win32' or os_name == 'posix'`:         true,
		`sys_platform == 'win32' and os_name == 'posix'`:        false,
		`(sys_platform == 'win32') or (os_name == 'posix')`:     true,
		`platform_python_implementation != "PyPy"`:              true,
		`platform.python_implementation == "CPython"`:           true,
		`platform_machine not in "x86_64 aarch64"`:              true,
		`extra == "Some.Thing"`:                                 true,
		`extra == "other"`:                                      false,
		`"some-thing" in extras`:                                true,
		`"dev" in dependency_groups`:                            false,
		`"dev" not in dependency_groups`:                        true,
		`os_name == "nt" or python_version>"2" and extra=="no"`: false,
	} {
		m, err := ParseMarker(text)
		if err != nil {
			t.Errorf("%s: %v", text, err)
		} else if got := m.Holds(env, []string{"some-thing"}); got != want {
			t.Errorf("%s: %t", text, got)
		}
	}
	for _, bad := range []string{"", "os_name", "os_name ==", `os_name = "x"`, `name == "x"`, `os_name == "x`, `(os_name == "x"`, `os_name == "x" "y"`, strings.Repeat("(", 100)} {
		if m, err := ParseMarker(bad); err == nil {
			t.Errorf("%q is read as %s", bad, m)
		}
	}
}

func TestRequirements(t *testing.T) {
	for in, want := range map[string]string{
		"A.b_C":                        "a-b-c",
		"a[x, Y_z] >=1, <2":            "a[x,y-z]>=1,<2",
		"a (==1.*) ; os_name=='posix'": "a==1.* ; os_name=='posix'",
		"a @ https://h/a-1.whl":        "a @ https://h/a-1.whl",
		"a[]":                          "a",
		"a~=1.4.2":                     "a~=1.4.2",
		`a;python_version<"3"`:         `a ; python_version<"3"`,
		"a @ https://h/x;y.whl ; os_name == \"posix\"": `a @ https://h/x;y.whl ; os_name == "posix"`,
	} {
		r, err := ParseRequirement(in)
		if err != nil || r.String() != want {
			t.Errorf("%q is %q, %v", in, r, err)
		}
	}
	for _, bad := range []string{"", "-a", "a b", "a[", "a(>1", "a@", "a>=", "a ==1 or", "a[x y]", "ä"} {
		if r, err := ParseRequirement(bad); err == nil {
			t.Errorf("%q is read as %q", bad, r)
		}
	}
}

func TestRequirementsFile(t *testing.T) {
	dir := t.TempDir()
	write := func(name, text string) {
		t.Helper()
		if err := os.WriteFile(filepath.Join(dir, name), []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	write("requirements.txt", "# all of it\n-r more.txt\n-c limits.txt\n--index-url https://${USER}:${PASS}@host/simple\na==1 \\\n    --hash=sha256:AB \\\n    --hash sha256:cd  # two\n"+
		"b>=1 ; python_version > '3'\n./w/c-1-py3-none-any.whl\nhttps://h/d-1-py3-none-any.whl#sha256=ef\n-e .\n.[dev]\n--find-links w\n")
	write("more.txt", "e\n")
	write("limits.txt", "e<2\n")
	var w Wishes
	r := RequirementsReader{Project: dir, Getenv: func(key string) string { return strings.ToLower(key) }}
	if err := r.Read(filepath.Join(dir, "requirements.txt"), &w); err != nil {
		t.Fatal(err)
	}
	var got []string
	for _, q := range w.Requirements {
		got = append(got, q.Name+" "+q.Where+" "+strings.Join(q.SHA256, "+"))
	}
	want := "e more.txt:1 |a requirements.txt:5 ab+cd|b requirements.txt:8 |c requirements.txt:9 |d requirements.txt:10 ef"
	if strings.Join(got, "|") != want {
		t.Errorf("%s\nwant %s", strings.Join(got, "|"), want)
	}
	if len(w.Constraints) != 1 || w.Index != "https://user:pass@host/simple" || len(w.Folders) != 1 {
		t.Errorf("%+v", w)
	}
	for line, words := range map[string]string{
		"-e ./other":              "editable",
		"git+https://h/x.git":     "repository",
		"x @ git+https://u:p@h/x": "repository",
		"./x.tar.gz":              "wheels",
		"https://h/x.tar.gz":      "wheels",
		"--no-binary :all:":       "--no-binary",
		"a --hash=md5:12":         "sha256",
		"a --global-option=x":     "--global-option",
		"a b":                     "requirement",
		"-r requirements.txt":     "too many",
		"--find-links https://h/": "folder",
	} {
		write("requirements.txt", "\n"+line+"\n")
		err := r.Read(filepath.Join(dir, "requirements.txt"), &Wishes{})
		if err == nil || !strings.Contains(err.Error(), words) || !strings.Contains(err.Error(), "requirements.txt") {
			t.Errorf("%s: %v", line, err)
		}
	}
}

func TestWheelNames(t *testing.T) {
	for file, want := range map[string][2]bool{ // pure, would do without native code
		"a-1-py3-none-any.whl":                     {true, true},
		"a-1-py2.py3-none-any.whl":                 {true, true},
		"a-1-2build-py313-none-any.whl":            {true, true},
		"a-1-py36-none-any.whl":                    {true, true},
		"a-1-cp313-none-any.whl":                   {true, true},
		"a-1-cp312-none-any.whl":                   {false, false},
		"a-1-py314-none-any.whl":                   {false, false},
		"a-1-py2-none-any.whl":                     {false, false},
		"a-1-cp313-cp313-win_amd64.whl":            {false, true},
		"a-1-cp39-abi3-manylinux_2_17_x86_64.whl":  {false, true},
		"a-1-py3-none-macosx_11_0_arm64.whl":       {false, true},
		"a-1-cp313-cp313t-manylinux_2_17_i686.whl": {false, false},
		"a-1-pp310-pypy310_pp73-win_amd64.whl":     {false, false},
	} {
		w, err := ParseWheelName(file)
		if err != nil || w.Pure("3.13") != want[0] || w.Drops("3.13") != want[1] {
			t.Errorf("%s: %t %t, %v", file, w.Pure("3.13"), w.Drops("3.13"), err)
		}
	}
	for _, bad := range []string{"", "a.whl", "a-1.whl", "a-x-py3-none-any.whl", "a-1-py3-none-any.zip", "a-1-b-py3-none-any.whl", "../a-1-py3-none-any.whl", "-1-py3-none-any.whl"} {
		if w, err := ParseWheelName(bad); err == nil {
			t.Errorf("%q is read as %+v", bad, w)
		}
	}
}

func TestEntryPoints(t *testing.T) {
	got := ParseEntryPoints([]byte("[gui_scripts]\nx = a:b\n\n[console_scripts]\n# none\none = pkg.cli:main\ntwo=pkg:App.run [extra]\nbad = nothing\n"))
	if len(got) != 2 || got[0] != (EntryPoint{"one", "pkg.cli", "main"}) || got[1] != (EntryPoint{"two", "pkg", "App.run"}) {
		t.Errorf("%+v", got)
	}
}

func FuzzRequirement(f *testing.F) {
	f.Add(`a[x]>=1,<2; python_version >= "3" and (os_name == 'nt' or extra == "y")`)
	f.Add("a @ https://h/a-1-py3-none-any.whl ; os_name == 'x'")
	f.Fuzz(func(t *testing.T, s string) {
		r, err := ParseRequirement(s)
		if err != nil {
			return
		}
		r.Marker.Holds(Target("3.13.5"), r.Extras)
		if again, err := ParseRequirement(r.String()); err != nil || again.String() != r.String() {
			t.Fatalf("%q is written %q and read as %q, %v", s, r, again, err)
		}
	})
}

func FuzzRequirementsFile(f *testing.F) {
	f.Add("a==1 \\\n --hash=sha256:ab\n-c x\n./w/c-1-py3-none-any.whl\n${HOME}")
	f.Fuzz(func(_ *testing.T, s string) {
		r := RequirementsReader{Project: "/nowhere", Getenv: func(string) string { return "v" }}
		_ = r.parse("/nowhere/requirements.txt", s, &Wishes{}, false)
	})
}

func FuzzWheelName(f *testing.F) {
	f.Add("a_b-1.0-2x-py2.py3-none-any.whl")
	f.Fuzz(func(_ *testing.T, s string) {
		if w, err := ParseWheelName(s); err == nil {
			w.Pure("3.13")
			w.Drops("3.13")
			w.dropOrder()
		}
		_, _ = versionOf(s, "a-b")
	})
}

func FuzzMetadata(f *testing.F) {
	f.Add([]byte("Name: a\nVersion: 1\nRequires-Python: >=3\nRequires-Dist: b[c]>1 ; os_name == 'x'\n folded\n\nbody"))
	f.Fuzz(func(_ *testing.T, b []byte) {
		_, _ = ParseMetadata(b)
		ParseEntryPoints(b)
		_, _ = parseRecord(b)
		parseHTMLPage(b)
		_, _ = parseJSONPage(b)
	})
}
