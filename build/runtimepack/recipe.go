package runtimepack

import (
	"crypto/sha256"
	"embed"
	"encoding/hex"
	"fmt"
	"io/fs"
	"os"
	"path"
	"path/filepath"
	"slices"
	"strings"
)

// embedded are the recipes that come with wpk. "all:" because names may begin with an underscore.
//
//go:embed all:recipes
var embedded embed.FS

// recipeScript is what runs a recipe, in the folder of its language.
const recipeScript = "recipe.sh"

// maxRecipe bounds a recipe's files together.
const maxRecipe = 64 << 20

// Recipe is how the pack of one language is made: a script with the sources that are the project's own. The recipes lie
// in a folder of one folder a language, beside files that they share; recipes/README.md tells what a script is given and
// what it must leave.
type Recipe struct {
	Language string
	Files    []RecipeFile // sorted by path
	recipes  fs.FS
}

// RecipeFile is one file of a recipe.
type RecipeFile struct {
	Path   string // in the folder of all recipes, with slashes
	Digest string // "sha256:…"
}

// Recipes are the recipes that come with wpk.
func Recipes() fs.FS {
	sub, err := fs.Sub(embedded, "recipes")
	if err != nil {
		panic(err) // the name is a constant
	}
	return sub
}

// Languages returns for which languages a folder has recipes, sorted.
func Languages(recipes fs.FS) []string {
	var all []string
	scripts, _ := fs.Glob(recipes, "*/"+recipeScript) // the pattern is good
	for _, s := range scripts {
		all = append(all, path.Dir(s))
	}
	return all
}

// FindRecipe reads the recipe for a language; when there is none the error wraps [ErrNoRecipe].
func FindRecipe(recipes fs.FS, language string) (*Recipe, error) {
	if !slices.Contains(Languages(recipes), language) {
		return nil, fmt.Errorf("%w for %q, only for: %s", ErrNoRecipe, language, strings.Join(Languages(recipes), ", "))
	}
	r := &Recipe{Language: language, recipes: recipes}
	var size int64
	err := fs.WalkDir(recipes, ".", func(name string, d fs.DirEntry, err error) error {
		switch {
		case err != nil:
			return err
		case d.IsDir() && path.Dir(name) == "." && name != "." && name != language:
			return fs.SkipDir // another language's
		case !d.Type().IsRegular() || name == "README.md":
			return nil
		}
		data, err := fs.ReadFile(recipes, name)
		if err != nil {
			return err
		}
		if size += int64(len(data)); size > maxRecipe {
			return fmt.Errorf("the recipe for %s is larger than %d bytes", language, maxRecipe)
		}
		sum := sha256.Sum256(data)
		r.Files = append(r.Files, RecipeFile{Path: name, Digest: "sha256:" + hex.EncodeToString(sum[:])})
		return nil
	})
	if err != nil {
		return nil, err
	}
	slices.SortFunc(r.Files, func(a, b RecipeFile) int { return strings.Compare(a.Path, b.Path) })
	return r, nil
}

// Digest returns a digest of all files and their names. A pack is made anew when it changes.
func (r *Recipe) Digest() string {
	h := sha256.New()
	for _, f := range r.Files {
		fmt.Fprintf(h, "%s  %s\n", f.Digest, f.Path)
	}
	return "sha256:" + hex.EncodeToString(h.Sum(nil))
}

// write copies the recipe to a folder.
func (r *Recipe) write(dir string) error {
	for _, f := range r.Files {
		data, err := fs.ReadFile(r.recipes, f.Path)
		if err != nil {
			return err
		}
		to := filepath.Join(dir, filepath.FromSlash(f.Path))
		if err := os.MkdirAll(filepath.Dir(to), 0o700); err != nil {
			return err
		}
		if err := os.WriteFile(to, data, 0o600); err != nil {
			return err
		}
	}
	return nil
}
