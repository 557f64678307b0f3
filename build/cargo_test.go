package build

import (
	"errors"
	"path/filepath"
	"slices"
	"testing"
)

func TestRustPrograms(t *testing.T) {
	dir := t.TempDir()
	here := rustPackage(dir, "here", "x")
	one, two := rustPackage(filepath.Join(dir, "one"), "one", "x", "y"), rustPackage(filepath.Join(dir, "two"), "two", "x")
	lib, usual := rustPackage(filepath.Join(dir, "lib"), "lib"), rustPackage(filepath.Join(dir, "usual"), "usual", "a", "b")
	usual.DefaultRun = "b"
	for name, tt := range map[string]struct {
		packages   []cargoPackage
		defaults   []string
		options    RustOptions
		want       string // package/bin
		candidates []string
		what       string
		err        error
	}{
		"only one":            {packages: []cargoPackage{lib, two}, want: "two/x"},
		"the folder's own":    {packages: []cargoPackage{here, one, two}, want: "here/x"},
		"the default members": {packages: []cargoPackage{one, two}, defaults: []string{two.ID}, want: "two/x"},
		"the default program": {packages: []cargoPackage{usual}, want: "usual/b"},
		"another program":     {packages: []cargoPackage{usual}, options: RustOptions{Bin: "a"}, want: "usual/a"},
		"by package":          {packages: []cargoPackage{here, one, two}, options: RustOptions{Package: "two"}, want: "two/x"},
		"by folder":           {packages: []cargoPackage{here, one, two}, options: RustOptions{Package: "./two"}, want: "two/x"},
		"by program":          {packages: []cargoPackage{one, two}, options: RustOptions{Bin: "y"}, want: "one/y"},
		"several":             {packages: []cargoPackage{one}, what: "programs", candidates: []string{"x", "y"}},
		"of the same name":    {packages: []cargoPackage{two, one}, options: RustOptions{Bin: "x"}, what: "packages", candidates: []string{"one", "two"}},
		"a library":           {packages: []cargoPackage{lib}, err: ErrNoRustProgram},
		"no such program":     {packages: []cargoPackage{one}, options: RustOptions{Bin: "z"}, err: ErrNoRustProgram},
		"no such package":     {packages: []cargoPackage{one}, options: RustOptions{Package: "z"}, err: ErrNoRustProgram},
	} {
		t.Run(name, func(t *testing.T) {
			ws := &cargoWorkspace{Root: dir, Packages: tt.packages, Defaults: tt.defaults}
			p, err := ws.program(&job{Options: Options{Dir: dir, Settings: Settings{Rust: tt.options}}})
			var several *AmbiguousError
			switch {
			case tt.candidates != nil:
				if !errors.As(err, &several) || several.What != tt.what || !slices.Equal(several.Candidates, tt.candidates) {
					t.Errorf("got %v, want the %s %q", err, tt.what, tt.candidates)
				}
			case !errors.Is(err, tt.err):
				t.Errorf("got %v, want %v", err, tt.err)
			case err == nil && p.pkg.Name+"/"+p.bin != tt.want:
				t.Errorf("got %s/%s, want %s", p.pkg.Name, p.bin, tt.want)
			}
		})
	}
}
