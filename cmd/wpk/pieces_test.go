package main

import (
	"go/ast"
	"go/parser"
	"go/token"
	"io/fs"
	"maps"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"testing"
)

// ownHint are the names that no package manager is asked for, and why.
var ownHint = map[string]string{
	"wasip1":                     "a newer Go, see missingHint",
	"wasip1 reactor":             "a newer Go, see missingHint",
	"wasm32-wasip1":              "the compiler was chosen by the user, see missingHint",
	"wasm32-wasi":                "the older name of the same",
	"wasi-sdk":                   "no package manager has it: an alternative only",
	"@assemblyscript/wasi-shim":  "a package of the project, see otherHint",
	"@ruby/3.4-wasm-wasi":        "a package of the project, see otherHint",
	"the Python package ziglang": "an alternative only, see otherHint",
	"apt-get":                    "of recipes of runtime packs, whose words say what else does",
}

// Every piece that can be missing has a package, or the word that there is
// none, for every package manager. The names are read from the sources, so
// that a new one cannot be forgotten.
func TestEveryPieceHasAPackage(t *testing.T) {
	pieces := missingNames(t, filepath.Join("..", "..", "build"))
	for _, known := range []string{"go", "clang", "wasm-ld", "wasi-libc", "llvm-ar", "make", "cmake", "ninja", "rustc", "cargo", "rust-std-wasm32", "jco", "wasm-tools"} {
		if pieces[known] == "" {
			t.Errorf("%s was not found in the sources: this test does not read them rightly", known)
		}
	}
	maps.Copy(pieces, recipeNames(t, filepath.Join("..", "..", "build", "runtimepack", "recipes")))
	pieces["qemu"] = "smoke"
	for _, i := range languageInstallers {
		pieces[i.program] = "cmd/wpk/install.go"
	}
	for _, piece := range slices.Sorted(maps.Keys(pieces)) {
		if ownHint[piece] != "" {
			continue
		}
		anywhere := slices.ContainsFunc(languageInstallers, func(i packageManager) bool { return i.packages[piece] != "" })
		for _, m := range packageManagers {
			name, ok := m.packages[piece]
			if !ok {
				t.Errorf("%s says nothing of %q, which %s can miss", m.program, piece, pieces[piece])
			}
			anywhere = anywhere || name != ""
		}
		if !anywhere {
			t.Errorf("no package manager has %q, which %s can miss", piece, pieces[piece])
		}
	}
}

// The tables agree with each other: a misspelt piece would never be asked for.
func TestPackageTables(t *testing.T) {
	var all []string
	for _, m := range packageManagers {
		all = append(all, slices.Collect(maps.Keys(m.packages))...)
	}
	for _, m := range packageManagers {
		for _, piece := range all {
			if _, ok := m.packages[piece]; !ok {
				t.Errorf("%s says nothing of %q", m.program, piece)
			}
		}
	}
	for _, i := range languageInstallers {
		for piece := range i.packages {
			if !slices.Contains(all, piece) {
				t.Errorf("%s has %q, which the systems do not know", i.program, piece)
			}
		}
	}
}

// missingNames are the names of all build.MissingErrors in the sources below
// a folder: of the piece itself, and of those in Also and AnyOf. The values
// are the places. A name that is no constant is not found.
func missingNames(t *testing.T, root string) map[string]string {
	t.Helper()
	fset, names := token.NewFileSet(), map[string]string{}
	folders := map[string][]*ast.File{}
	err := filepath.WalkDir(root, func(path string, d fs.DirEntry, err error) error {
		if err != nil || d.IsDir() || !strings.HasSuffix(path, ".go") || strings.HasSuffix(path, "_test.go") {
			return err
		}
		f, err := parser.ParseFile(fset, path, nil, parser.SkipObjectResolution)
		folders[filepath.Dir(path)] = append(folders[filepath.Dir(path)], f)
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	for _, files := range folders {
		values := constants(files)
		for _, f := range files {
			ast.Inspect(f, func(n ast.Node) bool {
				lit, ok := n.(*ast.CompositeLit)
				if !ok || !isMissingError(lit.Type) || isRuntime(lit) {
					return true
				}
				for _, e := range lit.Elts {
					kv, ok := e.(*ast.KeyValueExpr)
					if key, _ := kv.Key.(*ast.Ident); !ok || key == nil || !slices.Contains([]string{"Name", "Also", "AnyOf"}, key.Name) {
						continue
					}
					for _, name := range texts(kv.Value, values) {
						names[name] = fset.Position(lit.Pos()).String()
					}
				}
				return true
			})
		}
	}
	return names
}

// isRuntime tells a missing runtime pack, which wpk installs itself.
func isRuntime(lit *ast.CompositeLit) bool {
	return slices.ContainsFunc(lit.Elts, func(e ast.Expr) bool {
		kv, ok := e.(*ast.KeyValueExpr)
		if !ok {
			return false
		}
		kind, ok := kv.Value.(*ast.Ident)
		return ok && kind.Name == "KindRuntime"
	})
}

// recipeCall is a line of a recipe that names what it needs; see lib.sh there.
var recipeCall = regexp.MustCompile(`(?m)^\s*(?:.*\|\| |.*&& )?(?:need|missing (?:tool|target|sysroot)) ([a-z][\w+.-]*) `)

// recipeNames are the names of what the recipes of runtime packs need.
func recipeNames(t *testing.T, root string) map[string]string {
	t.Helper()
	names := map[string]string{}
	err := filepath.WalkDir(root, func(path string, d fs.DirEntry, err error) error {
		if err != nil || d.IsDir() || !strings.HasSuffix(path, ".sh") {
			return err
		}
		text, err := os.ReadFile(path)
		for _, m := range recipeCall.FindAllStringSubmatch(string(text), -1) {
			names[m[1]] = path
		}
		return err
	})
	if err != nil || names["clang"] == "" {
		t.Errorf("the recipes say %v, %v", names, err)
	}
	return names
}

func isMissingError(e ast.Expr) bool {
	switch e := e.(type) {
	case *ast.Ident:
		return e.Name == "MissingError"
	case *ast.SelectorExpr:
		return e.Sel.Name == "MissingError"
	}
	return false
}

// constants are the string constants of a package, and the first element of
// its lists of strings.
func constants(files []*ast.File) map[string]ast.Expr {
	values := map[string]ast.Expr{}
	for _, f := range files {
		for _, d := range f.Decls {
			gen, ok := d.(*ast.GenDecl)
			if !ok {
				continue
			}
			for _, s := range gen.Specs {
				if v, ok := s.(*ast.ValueSpec); ok && len(v.Values) == len(v.Names) {
					for i, name := range v.Names {
						values[name.Name] = v.Values[i]
					}
				}
			}
		}
	}
	return values
}

// texts are the strings that an expression holds.
func texts(e ast.Expr, values map[string]ast.Expr) []string {
	switch e := e.(type) {
	case *ast.BasicLit:
		if s, err := strconv.Unquote(e.Value); err == nil {
			return []string{s}
		}
	case *ast.Ident:
		if v := values[e.Name]; v != nil {
			return texts(v, values)
		}
	case *ast.IndexExpr:
		return texts(e.X, values)
	case *ast.CompositeLit:
		var all []string
		for _, elt := range e.Elts {
			all = append(all, texts(elt, values)...)
		}
		return all
	}
	return nil
}
