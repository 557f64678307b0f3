package build

import (
	"errors"
	"os"
	"slices"
	"strings"
	"testing"
)

// buildGo builds a real project with the machine's Go, in a cache of its own.
func buildGo(t *testing.T, dir, cache string, o GoOptions) (*Module, string, error) {
	t.Helper()
	needTools(t, "go")
	var said strings.Builder
	env := setenv(os.Environ(), "GOFLAGS=", "GOPROXY=off", "GOWORK=", "GOTOOLCHAIN=local")
	m, err := Build(t.Context(), Options{Dir: dir, Settings: Settings{Go: o}, Env: env, Cache: cache, Output: &said})
	return m, said.String(), err
}

// netProject is a program with own packages, and dependencies in folders that a vendor folder stands for.
var netProject = map[string]string{
	"go.mod": "module example.com/m\n\ngo 1.21\n\nrequire (\n\texample.com/dep v1.0.0\n\tgopkg.in/dot.v2 v2.0.0\n)\n",
	"vendor/modules.txt": "# example.com/dep v1.0.0\n## explicit; go 1.21\nexample.com/dep/client\nexample.com/dep/unused\n" +
		"# gopkg.in/dot.v2 v2.0.0\n## explicit; go 1.21\ngopkg.in/dot.v2\n",
	"vendor/example.com/dep/client/client.go": "package client\n\nimport \"net\"\n\ntype Client[T any] struct{ d net.Dialer }\n\n" +
		"func (c *Client[T]) Connect(v T) error { _, err := c.d.Dial(\"tcp\", \"localhost:1\"); return err }\n",
	"vendor/example.com/dep/unused/unused.go": "package unused\n\nimport \"net/http\"\n\n" +
		"var Get = http.Get\n\nfunc Fetch() { _, _ = http.Get(\"http://localhost\") }\n\nfunc Used() string { return http.MethodGet }\n",
	"vendor/gopkg.in/dot.v2/dot.go": "package dot\n\nimport \"net\"\n\nfunc Lookup() { _, _ = net.LookupHost(\"localhost\") }\n",
	"main.go": "package main\n\nimport (\n\t\"example.com/dep/client\"\n\t\"example.com/dep/unused\"\n\t\"example.com/m/web\"\n\tdot \"gopkg.in/dot.v2\"\n)\n\n" +
		"func main() {\n\tvar c client.Client[int]\n\tprintln(c.Connect(1), unused.Used())\n\tdot.Lookup()\n\tweb.Serve()\n}\n",
	"web/web.go": "package web\n\nimport h \"net/http\"\n\ntype server struct{ h.Server }\n\n" +
		"func Serve() {\n\ts := &server{}\n\tprintln(s.ListenAndServe())\n\tf := h.DefaultClient.Do\n\t_, _ = f(nil)\n}\n\n" +
		"func Unused() { _ = h.ListenAndServe(\"\", nil) }\n",
}

func TestGoNetworkWarnings(t *testing.T) {
	dir, cache := project(t, netProject), t.TempDir()
	want := []string{
		"web/web.go:9:12 http.Server.ListenAndServe gets no connection from outside",
		"web/web.go:10:23 http.Client.Do reaches nothing outside",
		"example.com/dep net.Dialer.Dial reaches nothing outside",
		"gopkg.in/dot.v2 net.LookupHost finds no name",
	}
	check := func(when string, want []string) {
		t.Helper()
		m, said, err := buildGo(t, dir, cache, GoOptions{})
		if err != nil {
			t.Fatalf("%s: %v\n%s", when, err, said)
		}
		var got []string
		for _, w := range m.Warnings {
			text, _, _ := strings.Cut(w.Text, ":")
			got = append(got, w.Where+" "+text)
		}
		if !slices.Equal(got, want) {
			t.Errorf("%s: got\n%s\nwant\n%s", when, strings.Join(got, "\n"), strings.Join(want, "\n"))
		}
	}
	check("first", want)
	check("remembered", want)
	// A new file of a package that is known.
	text := "package web\n\nimport \"net\"\n\nfunc init() { _, _ = net.Listen(\"tcp\", \":0\") }\n"
	if err := os.WriteFile(dir+"/web/more.go", []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	check("edited", append([]string{"web/more.go:5:26 net.Listen gets no connection from outside"}, want...))
}

func TestGoWithoutNetworkIsQuiet(t *testing.T) {
	// Parsing an address needs the package, and no network.
	dir := project(t, map[string]string{
		"go.mod":  "module example.com/m\n\ngo 1.21\n",
		"main.go": "package main\n\nimport \"net\"\n\nfunc main() { println(net.ParseIP(\"::1\").String()) }\n\nfunc unused() { _, _ = net.Dial(\"\", \"\") }\n",
	})
	m, said, err := buildGo(t, dir, t.TempDir(), GoOptions{})
	if err != nil || len(m.Warnings) > 0 {
		t.Errorf("got %v, %v\n%s", m, err, said)
	}
}

// cgoProject is a program whose dependency has C, and a replacement for builds without it.
func cgoProject(t *testing.T, replacement string) string {
	return project(t, map[string]string{
		"go.mod":                       "module example.com/m\n\ngo 1.21\n\nrequire example.com/c v1.0.0\n",
		"main.go":                      "package main\n\nimport \"example.com/c\"\n\nfunc main() { println(c.Answer()) }\n",
		"vendor/modules.txt":           "# example.com/c v1.0.0\n## explicit; go 1.21\nexample.com/c\n",
		"vendor/example.com/c/c.go":    "package c\n\n// int answer(void) { return 42; }\nimport \"C\"\n\nfunc Answer() string { return string(rune(C.answer())) }\n",
		"vendor/example.com/c/pure.go": replacement,
	})
}

func TestGoCgo(t *testing.T) {
	own := project(t, map[string]string{
		"go.mod": "module example.com/m\n\ngo 1.21\n", "cmd/x/x.go": "package main\n\nimport \"C\"\n\nfunc main() {}\n",
	})
	for name, tt := range map[string]struct {
		dir     string
		options GoOptions
		where   string
		says    string
		warned  bool
	}{
		"own code":           {dir: own, options: GoOptions{Package: "./cmd/x"}, where: "cmd/x/x.go"},
		"nothing but C":      {dir: cgoProject(t, "//go:build windows\n\npackage c\n"), where: "example.com/c"},
		"a stub":             {dir: cgoProject(t, "//go:build !cgo\n\npackage c\n\nfunc Answer() string { return \"this needs cgo to work\" }\n"), where: "example.com/c", says: "this needs cgo to work"},
		"a stub, wanted":     {dir: cgoProject(t, "//go:build !cgo\n\npackage c\n\nfunc Answer() string { return \"this needs cgo to work\" }\n"), options: GoOptions{CgoStubs: true}, warned: true},
		"a real replacement": {dir: cgoProject(t, "//go:build !cgo\n\npackage c\n\n// Answer works without cgo.\nfunc Answer() string { return \"42\" }\n")},
		"an unused stub":     {dir: cgoProject(t, "//go:build !cgo\n\npackage c\n\nfunc Answer() string { return \"42\" }\n\nfunc Other() string { return \"this needs cgo to work\" }\n")},
	} {
		t.Run(name, func(t *testing.T) {
			m, said, err := buildGo(t, tt.dir, t.TempDir(), tt.options)
			var cgo *CgoError
			switch {
			case tt.where == "" && err != nil:
				t.Fatalf("%v\n%s", err, said)
			case tt.where == "":
				if warned := len(m.Warnings) > 0; warned != tt.warned {
					t.Errorf("warnings %v", m.Warnings)
				}
			case !errors.As(err, &cgo) || !errors.Is(err, ErrCgo) || cgo.Where != tt.where || cgo.Says != tt.says:
				t.Errorf("got %v, %+v\n%s", err, cgo, said)
			}
		})
	}
}

func TestGoCauses(t *testing.T) {
	graph := &goGraph{packages: []goPackage{
		{ImportPath: "example.com/m", Module: &goModule{Path: "example.com/m", Main: true}},
		{ImportPath: "golang.org/x/sys/unix", Module: &goModule{Path: "golang.org/x/sys"}},
		{ImportPath: "example.com/dep/internal/term", Module: &goModule{Path: "example.com/dep"}},
	}}
	for name, tt := range map[string]struct {
		said string
		want []Cause
	}{
		"go too old": {
			"go: go.mod requires go >= 1.99 (running go 1.26.1; GOTOOLCHAIN=local)\n", []Cause{{CauseOldTool, "Go 1.99"}},
		},
		"undefined in a dependency": {
			"# example.com/dep/internal/term\nx.go:5:2: undefined: syscall.Termios\n", []Cause{{CauseDependency, "example.com/dep"}},
		},
		"undefined in own code": {
			"# example.com/m\n./x.go:5:2: undefined: syscall.Kill\n./x.go:6:2: undefined: nothing\n", []Cause{{CauseProcesses, "syscall.Kill"}},
		},
		"sockets in own code": {"# example.com/m\n./x.go:5:2: undefined: unix.Socket\n", []Cause{{CauseSockets, "unix.Socket"}}},
		"excluded, of a dependency": {
			"package example.com/m\n\timports example.com/dep/internal/term\n\timports golang.org/x/sys/unix: build constraints exclude all Go files in /x\n",
			[]Cause{{CauseDependency, "example.com/dep"}},
		},
		"excluded, of own code": {
			"main.go:3:8: package example.com/m\n\timports golang.org/x/sys/unix: build constraints exclude all Go files in /x\n",
			[]Cause{{CauseDependency, "golang.org/x/sys"}},
		},
		"an own mistake": {"# example.com/m\n./x.go:1:1: syntax error\n", nil},
	} {
		t.Run(name, func(t *testing.T) {
			if got := goCauses(tt.said, graph); !slices.Equal(got, tt.want) {
				t.Errorf("got %v, want %v", got, tt.want)
			}
		})
	}
}

// FuzzGoModule reads what a module tells about itself out of any bytes.
func FuzzGoModule(f *testing.F) {
	f.Add([]byte(modinfoStart + "path\texample.com/m\nmod\texample.com/m\t(devel)\t\n\x00" + mainName + "a.B[...]\x00"))
	f.Add([]byte(mainName))
	f.Fuzz(func(_ *testing.T, module []byte) {
		p := &goProgram{module: module, info: moduleInfo(module)}
		names := linkedNames(module)
		usesNet(names)
		p.fingerprint(names)
		for _, name := range names {
			linkedName(name)
		}
	})
}
