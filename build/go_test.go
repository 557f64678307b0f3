package build

import (
	"encoding/json"
	"errors"
	"os"
	"slices"
	"strings"
	"testing"
)

// fakeGo is a go command of some version, in a module with the given packages ("NAME IMPORTPATH DIR").
func fakeGo(version, goflags string, packages ...string) fakeTool {
	return func(c Command) (string, int) {
		switch c.Args[0] {
		case "env":
			b, _ := json.Marshal(map[string]string{"GOVERSION": version, "GOFLAGS": goflags, "GOFIPS140": "off"})
			return string(b), 0
		case "list":
			return listed(c.Args[len(c.Args)-1], packages), 0
		case "build":
			if err := os.WriteFile(after(c.Args, "-o"), tinyModule, 0o600); err != nil {
				return err.Error(), 1
			}
		}
		return "", 0
	}
}

// listed is what go list says about the packages that a pattern means.
func listed(pattern string, packages []string) string {
	var out strings.Builder
	for _, p := range packages {
		f := strings.Fields(p)
		if pattern == "./..." || pattern == f[1] || (pattern == "." && len(packages) == 1) {
			_ = json.NewEncoder(&out).Encode(map[string]any{
				"Name": f[0], "ImportPath": f[1], "Dir": f[2],
				"Module": map[string]string{"Path": "example.com/m"},
			})
		}
	}
	return out.String()
}

func TestGoArguments(t *testing.T) {
	for name, tt := range map[string]struct {
		options GoOptions
		goflags string
		args    []string // of go build, after -p and -o
		env     string   // GOFLAGS
	}{
		"default": {
			args: []string{"-trimpath", "-buildvcs=false", "-ldflags=-s -w -buildid=", "--", "example.com/m"},
			env:  "GOFLAGS=-trimpath",
		},
		"everything": {
			options: GoOptions{Tags: []string{"a", "b"}, LDFlags: "-X main.v=1", BuildVCS: true, Reactor: true},
			args: []string{
				"-trimpath", "-buildvcs=true", "-ldflags=-s -w -buildid= -X main.v=1", "-tags=a,b", "-buildmode=c-shared", "--", "example.com/m",
			},
			env: "GOFLAGS=-trimpath",
		},
		"user's flags": {
			goflags: "-mod=vendor -race --tags=x -gcflags=all=-N",
			args:    []string{"-trimpath", "-buildvcs=false", "-ldflags=-s -w -buildid=", "--", "example.com/m"},
			env:     "GOFLAGS=-trimpath -mod=vendor --tags=x",
		},
	} {
		t.Run(name, func(t *testing.T) {
			dir := project(t, map[string]string{"go.mod": "", "main.go": ""})
			fake := &fakeExec{tools: map[string]fakeTool{"go": fakeGo("go1.26.1", tt.goflags, "main example.com/m "+dir)}}
			m, err := Build(t.Context(), Options{Dir: dir, Settings: Settings{Go: tt.options}, Env: []string{"GOPROXY=off", "GOOS=linux"}, Jobs: 3, Cache: t.TempDir(), Exec: fake})
			if err != nil {
				t.Fatal(err)
			}
			c := fake.call(t, "go", "build", "-p=3")
			if got := c.Args[4:]; !slices.Equal(got, tt.args) {
				t.Errorf("arguments %q, want %q", got, tt.args)
			}
			for _, kv := range []string{"GOOS=wasip1", "GOARCH=wasm", "CGO_ENABLED=0", "GOPROXY=off", tt.env} {
				if !slices.Contains(c.Env, kv) {
					t.Errorf("environment %q lacks %q", c.Env, kv)
				}
			}
			if f := m.Facts; f.Name != "m" || f.Module != "example.com/m" || f.Tools[0] != (Tool{Name: "go", Version: "1.26.1"}) {
				t.Errorf("facts %+v", f)
			}
		})
	}
}

func TestGoMainPackages(t *testing.T) {
	dir := project(t, map[string]string{"go.mod": ""})
	library, x, y := "m example.com/m "+dir, "main example.com/m/cmd/x "+dir+"/cmd/x", "main example.com/m/cmd/y/v2 "+dir+"/cmd/y"
	for name, tt := range map[string]struct {
		pkg        string
		packages   []string
		name       string
		candidates []string
		err        error
	}{
		"only one below": {packages: []string{library, x}, name: "x"},
		"several":        {packages: []string{library, y, x}, candidates: []string{"./cmd/x", "./cmd/y"}},
		"chosen":         {pkg: "example.com/m/cmd/y/v2", packages: []string{library, y, x}, name: "y"},
		"none":           {packages: []string{library}, err: ErrNoMainPackage},
		"chosen library": {pkg: "example.com/m", packages: []string{library, x}, err: ErrNoMainPackage},
	} {
		t.Run(name, func(t *testing.T) {
			fake := &fakeExec{tools: map[string]fakeTool{"go": fakeGo("go1.26.1", "", tt.packages...)}}
			m, err := Build(t.Context(), Options{Dir: dir, Settings: Settings{Go: GoOptions{Package: tt.pkg}}, Cache: t.TempDir(), Exec: fake})
			var ambiguous *AmbiguousError
			switch {
			case tt.candidates != nil:
				if !errors.As(err, &ambiguous) || !slices.Equal(ambiguous.Candidates, tt.candidates) {
					t.Errorf("got %v, want the candidates %q", err, tt.candidates)
				}
			case !errors.Is(err, tt.err):
				t.Errorf("got %v, want %v", err, tt.err)
			case err == nil && m.Facts.Name != tt.name:
				t.Errorf("built %q, want %q", m.Facts.Name, tt.name)
			}
		})
	}
}

func TestGoMissing(t *testing.T) {
	dir := project(t, map[string]string{"go.mod": "", "main.go": ""})
	for name, tt := range map[string]struct {
		tools   map[string]fakeTool
		options GoOptions
		want    MissingError
	}{
		"no go":      {want: MissingError{Kind: KindTool, Name: "go"}},
		"old go":     {tools: map[string]fakeTool{"go": fakeGo("go1.20.14", "")}, want: MissingError{Kind: KindTarget, Name: "wasip1"}},
		"no reactor": {tools: map[string]fakeTool{"go": fakeGo("go1.23.1", "")}, options: GoOptions{Reactor: true}, want: MissingError{Kind: KindTarget, Name: "wasip1 reactor"}},
	} {
		t.Run(name, func(t *testing.T) {
			_, err := Build(t.Context(), Options{Dir: dir, Settings: Settings{Go: tt.options}, Cache: t.TempDir(), Exec: &fakeExec{tools: tt.tools}})
			var missing *MissingError
			if !errors.As(err, &missing) || missing.Kind != tt.want.Kind || missing.Name != tt.want.Name {
				t.Errorf("got %v, want %v", err, &tt.want)
			}
		})
	}
}

func TestGoDevelopmentVersionIsNew(t *testing.T) {
	for version, old := range map[string]bool{
		"go1.20": true, "go1.21rc2": true, "go1.21.0": false, "go1.26.8 X:nodwarf5": false, "devel go1.27-abc": false, "go1.27-devel_1f2": false,
	} {
		g := &goCommand{settings: map[string]string{"GOVERSION": version}}
		if got := g.olderThan("go1.21.0"); got != old {
			t.Errorf("%s is older: %t", version, got)
		}
	}
}
