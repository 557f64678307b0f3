package build

import (
	"cmp"
	"go/ast"
	"go/parser"
	"go/token"
	"go/types"
	"path"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
)

// A netCall is a place that uses a function which needs a network.
type netCall struct {
	Func   string // the function that it is in, as [linkedName] writes it; "" outside of functions
	Callee string // "http.Server.ListenAndServe"
	File   string // without folder
	Line   int
	Column int
}

// netCalls finds what needs a network in one package.
func netCalls(p *goPackage, stubs types.Importer, sources map[string][]byte) []netCall {
	fset := token.NewFileSet()
	var files []*ast.File
	for _, name := range p.GoFiles {
		// A file that does not parse is the compiler's to complain about.
		if f, err := parser.ParseFile(fset, name, sources[name], parser.SkipObjectResolution); err == nil {
			files = append(files, f)
		}
	}
	info := &types.Info{Uses: map[*ast.Ident]types.Object{}}
	c := types.Config{Importer: stubs, Error: func(error) {}, DisableUnusedImportCheck: true}
	_, _ = c.Check(p.ImportPath, fset, files, info) // nearly all names are unknown, and that is fine
	prefix := p.ImportPath
	if p.Name == "main" {
		prefix = "main"
	}
	var calls []netCall
	for _, f := range files {
		for _, d := range f.Decls {
			ast.Inspect(d, func(n ast.Node) bool {
				id, ok := n.(*ast.Ident)
				if !ok {
					return true
				}
				if callee := netCallee(info.Uses[id]); callee != "" {
					at := fset.Position(id.Pos())
					calls = append(calls, netCall{declName(prefix, d), callee, at.Filename, at.Line, at.Column})
				}
				return true
			})
		}
	}
	return calls
}

// netCallee names a function of [netStubs] as people write it; "" for anything else.
func netCallee(o types.Object) string {
	f, ok := o.(*types.Func)
	if !ok || f.Pkg() == nil || !isNetPackage(f.Pkg().Path()) {
		return ""
	}
	name := f.Name()
	if recv := f.Signature().Recv(); recv != nil {
		t := recv.Type()
		if p, ok := t.(*types.Pointer); ok {
			t = p.Elem()
		}
		if named, ok := t.(*types.Named); ok {
			name = named.Obj().Name() + "." + name
		}
	}
	return f.Pkg().Name() + "." + name
}

func isNetPackage(importPath string) bool {
	_, ok := netStubs()[importPath]
	return ok
}

// declName is the linker's name for a declared function; "" for a variable.
func declName(prefix string, d ast.Decl) string {
	f, ok := d.(*ast.FuncDecl)
	switch {
	case !ok:
		return ""
	case f.Recv == nil:
		return prefix + "." + f.Name.Name
	}
	name := func(t ast.Expr) string {
		switch generic := t.(type) {
		case *ast.IndexExpr:
			t = generic.X
		case *ast.IndexListExpr:
			t = generic.X
		}
		if id, ok := t.(*ast.Ident); ok {
			return id.Name
		}
		return "?"
	}
	t := ast.Unparen(f.Recv.List[0].Type)
	if star, ok := t.(*ast.StarExpr); ok {
		return prefix + ".(*" + name(ast.Unparen(star.X)) + ")." + f.Name.Name
	}
	return prefix + "." + name(t) + "." + f.Name.Name
}

// reachable reports whether a call can happen, given what the linker kept. A package's init functions always run, under
// numbered names. Variables are initialised without anybody using them: in a dependency that is no reason to warn.
func (c netCall) reachable(p *goPackage, linked map[string]bool) bool {
	if c.Func == "" {
		return p.own()
	}
	return linked[c.Func] || strings.HasSuffix(c.Func, ".init")
}

// A stubImporter has [netStubs], and an empty package for everything else.
type stubImporter map[string]*types.Package

func newStubImporter() stubImporter {
	stubs := stubImporter{}
	for importPath, source := range netStubs() {
		fset := token.NewFileSet()
		f, err := parser.ParseFile(fset, importPath, source, parser.SkipObjectResolution)
		if err != nil {
			panic(err) // netStubs is a constant
		}
		c := types.Config{IgnoreFuncBodies: true, Error: func(error) {}} // functions without bodies
		stubs[importPath], _ = c.Check(importPath, fset, []*ast.File{f}, nil)
	}
	return stubs
}

// Import implements [types.Importer].
func (s stubImporter) Import(importPath string) (*types.Package, error) {
	if s[importPath] == nil {
		name := path.Base(importPath)
		if majorVersion().MatchString(name) {
			name = path.Base(path.Dir(importPath))
		}
		s[importPath] = types.NewPackage(importPath, name)
		s[importPath].MarkComplete()
	}
	return s[importPath], nil
}

// maxNetWarnings bounds the places that are named in the user's own code: a program that is all network needs no list
// of it.
const maxNetWarnings = 8

// netWarnings turns calls into warnings: each place in the user's own code, and each module that it depends on once.
func netWarnings(dir string, found []packageCalls) []Warning {
	var own, others []Warning
	seen := map[string]bool{}
	for _, p := range found {
		for _, c := range p.calls {
			if p.own() {
				where := path.Join(relativeSlash(dir, p.Dir), c.File) + ":" + strconv.Itoa(c.Line) + ":" + strconv.Itoa(c.Column)
				own = append(own, Warning{where, c.Callee + " " + netTrouble(c.Callee)})
				continue
			}
			if name := p.moduleName(); !seen[name] {
				seen[name] = true
				others = append(others, Warning{name, c.Callee + " " + netTrouble(c.Callee)})
			}
		}
	}
	if more := len(own) - maxNetWarnings; more > 0 {
		last := own[maxNetWarnings]
		own = append(own[:maxNetWarnings], Warning{last.Where, last.Text + "; " + strconv.Itoa(more-1) + " more such calls follow"})
	}
	slices.SortFunc(others, func(a, b Warning) int { return cmp.Compare(a.Where, b.Where) })
	return append(own, others...)
}

// netTrouble says what becomes of a call.
func netTrouble(callee string) string {
	const why = ": WASI preview 1 has no sockets to "
	switch name := callee[strings.LastIndexByte(callee, '.')+1:]; {
	case strings.HasPrefix(name, "Listen"):
		return "gets no connection from outside" + why + "listen on"
	case strings.HasPrefix(name, "Lookup"):
		return "finds no name" + why + "ask with"
	}
	return "reaches nothing outside" + why + "connect with"
}

func relativeSlash(dir, name string) string {
	rel, err := filepath.Rel(dir, name)
	if err != nil {
		return filepath.Base(name)
	}
	return filepath.ToSlash(rel)
}
