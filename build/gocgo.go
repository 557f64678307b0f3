package build

import (
	"bytes"
	"go/ast"
	"go/parser"
	"go/token"
	"path"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
)

// aboutCgo matches a message that tells of a program built without cgo.
var aboutCgo = lazyRegexp(`(?i)\bcgo(_enabled)?\b`)

// cgoStubs refuses a program whose packages need C. Go compiles it without a word where an author has written a
// replacement that only says so at run time, such as github.com/mattn/go-sqlite3's. A replacement that works is fine:
// the two differ by the message, which is in the module when it can be reached.
// With [GoOptions.CgoStubs] it is a warning.
func (g *goCommand) cgoStubs(packages []goPackage, module []byte) ([]Warning, error) {
	var warnings []Warning
	for i := range packages {
		p := &packages[i]
		if len(p.CgoFiles) == 0 {
			continue
		}
		message := stubMessage(p, g.Go.Tags, module)
		if message == "" {
			continue
		}
		e := g.cgoError(p)
		e.Says = message
		if !g.Go.CgoStubs {
			return nil, e
		}
		warnings = append(warnings, Warning{e.Where, e.reason()})
	}
	return warnings, nil
}

// cgoError tells of a package that needs C.
func (g *goCommand) cgoError(p *goPackage) *CgoError {
	where := p.moduleName()
	if p.own() {
		where = path.Join(relativeSlash(g.Dir, p.Dir), p.CgoFiles[0])
	}
	return &CgoError{Where: where, Package: p.ImportPath}
}

// explain finds the reason of a failed build in what the program imports: a package that is all C has no Go files, or
// not those that its others refer to.
func (g *goCommand) explain(graph *goGraph, said string, err error) error {
	if graph == nil {
		return err
	}
	for i := range graph.packages {
		p := &graph.packages[i]
		pure := slices.DeleteFunc(goFiles(p.Dir, g.Go.Tags, false), func(name string) bool { return slices.Contains(p.CgoFiles, name) })
		if len(p.CgoFiles) > 0 && (len(pure) == 0 || strings.Contains(said, "# "+p.ImportPath+"\n")) {
			return g.cgoError(p)
		}
	}
	return err
}

// stubMessage returns what a package says instead of working without cgo: a text about cgo in a file that is compiled
// only without it, and which has come into the module.
func stubMessage(p *goPackage, tags []string, module []byte) string {
	with := goFiles(p.Dir, tags, true)
	for _, name := range goFiles(p.Dir, tags, false) {
		if slices.Contains(with, name) {
			continue
		}
		f, err := parser.ParseFile(token.NewFileSet(), filepath.Join(p.Dir, name), nil, parser.SkipObjectResolution)
		if err != nil {
			continue
		}
		message := ""
		ast.Inspect(f, func(n ast.Node) bool {
			lit, ok := n.(*ast.BasicLit)
			if !ok || lit.Kind != token.STRING || message != "" {
				return message == ""
			}
			text, err := strconv.Unquote(lit.Value)
			if err == nil && strings.Contains(text, " ") && aboutCgo().MatchString(text) && bytes.Contains(module, []byte(text)) {
				message = text
			}
			return true
		})
		if message != "" {
			return message
		}
	}
	return ""
}
