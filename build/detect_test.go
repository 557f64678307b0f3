package build

import (
	"errors"
	"fmt"
	"io/fs"
	"path/filepath"
	"testing"
)

func TestDetect(t *testing.T) {
	for name, tt := range map[string]struct {
		files    map[string]string
		dir      string
		language string
		driver   string
		want     toolchain
		err      error
	}{
		"go module":             {files: map[string]string{"go.mod": "", "Makefile": ""}, want: goToolchain{}},
		"go package below":      {files: map[string]string{"go.mod": "", "cmd/x/main.go": ""}, dir: "cmd/x", want: goToolchain{}},
		"go workspace":          {files: map[string]string{"go.work": ""}, want: goToolchain{}},
		"rust":                  {files: map[string]string{"Cargo.toml": "", "Makefile": "", "a.c": ""}, want: rustToolchain{}},
		"go before rust":        {files: map[string]string{"Cargo.toml": "", "go.mod": ""}, want: goToolchain{}},
		"rust asked for":        {files: map[string]string{"Cargo.toml": "", "go.mod": ""}, language: "rust", want: rustToolchain{}},
		"no rust to ask for":    {files: map[string]string{"go.mod": ""}, language: "rust", err: ErrUnknownLanguage},
		"c below a go module":   {files: map[string]string{"go.mod": "", "c/main.c": ""}, dir: "c", want: plainToolchain{}},
		"go without a module":   {files: map[string]string{"main.go": ""}, err: ErrNoGoModule},
		"go asked for":          {files: map[string]string{"main.c": ""}, language: "go", err: ErrNoGoModule},
		"only a go test":        {files: map[string]string{"go.mod": "", "x/a_test.go": ""}, dir: "x", err: ErrUnknownLanguage},
		"cmake before make":     {files: map[string]string{"CMakeLists.txt": "", "Makefile": "", "a.c": ""}, want: cmakeToolchain{}},
		"make asked for":        {files: map[string]string{"CMakeLists.txt": "", "Makefile": ""}, driver: DriverMake, want: makeToolchain{}},
		"no driver asked for":   {files: map[string]string{"CMakeLists.txt": "", "a.c": ""}, driver: DriverNone, want: plainToolchain{}},
		"make before plain":     {files: map[string]string{"makefile": "", "a.c": ""}, want: makeToolchain{}},
		"gnu make":              {files: map[string]string{"GNUmakefile": ""}, want: makeToolchain{}},
		"c in src":              {files: map[string]string{"src/a.c": ""}, want: plainToolchain{}},
		"only c tests":          {files: map[string]string{"a_test.c": "", "test_a.c": ""}, err: ErrUnknownLanguage},
		"c asked for":           {files: map[string]string{"go.mod": "", "main.go": "", "a.c": ""}, language: "c", want: plainToolchain{}},
		"a folder named like C": {files: map[string]string{"x.c/": ""}, err: ErrUnknownLanguage},
		"nothing":               {files: map[string]string{"README": ""}, err: ErrUnknownLanguage},
		"unknown language":      {files: map[string]string{"go.mod": ""}, language: "cobol", err: ErrUnknownLanguage},
	} {
		t.Run(name, func(t *testing.T) {
			j := newTestJob(t, Options{Dir: filepath.Join(project(t, tt.files), tt.dir), Language: tt.language, Settings: Settings{C: COptions{Driver: tt.driver}}})
			got, err := detect(j)
			if fmt.Sprintf("%T", got) != fmt.Sprintf("%T", tt.want) || !errors.Is(err, tt.err) {
				t.Errorf("got %T, %v, want %T, %v", got, err, tt.want, tt.err)
			}
		})
	}
}

func TestMissingFolder(t *testing.T) {
	var path *fs.PathError
	if _, err := Build(t.Context(), Options{Dir: filepath.Join(t.TempDir(), "nowhere")}); !errors.As(err, &path) || !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("a missing folder: %v", err)
	}
	file := filepath.Join(project(t, map[string]string{"f": ""}), "f")
	if _, err := Build(t.Context(), Options{Dir: file}); !errors.As(err, &path) {
		t.Errorf("a file: %v", err)
	}
}
