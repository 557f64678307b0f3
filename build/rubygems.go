package build

import (
	"context"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"
)

// GemError tells that a Ruby program comes with a gem that has machine code.
type GemError struct {
	Gem   string // its name and version
	Where string // the file that shows it, below the project's folder
}

func (e *GemError) Error() string {
	return fmt.Sprintf("%s is a gem with a native extension (%s): machine code, which WebAssembly cannot load", e.Gem, e.Where)
}

// A gem is one that lies in the project.
type gem struct {
	name, version string
	dir           string   // below the project's folder, slash-separated
	path          []string // its folders for the load path
}

// gemsDir is where Bundler puts gems into a project, by the version of Ruby's interface:
// `bundle config set --local path vendor/bundle`.
const gemsDir = "vendor/bundle/ruby"

// ownGems have native extensions that Ruby for WebAssembly has itself; it also has Bundler's place.
var ownGems = []string{"bundler", "date", "digest", "erb", "etc", "json", "psych", "stringio", "strscan", "zlib"}

// gemName takes "nokogiri-1.18.1-x86_64-linux-gnu" apart.
var gemName = lazyRegexp(`^(.+?)-([0-9][0-9A-Za-z.]*)(-.+)?$`)

// vendoredGems are the gems in a project, sorted by name, without those that Ruby brings.
func vendoredGems(dir string) ([]gem, error) {
	versions, _ := os.ReadDir(filepath.Join(dir, filepath.FromSlash(gemsDir)))
	var all []gem
	seen := map[string]bool{}
	for _, v := range slices.Backward(versions) { // the newest Ruby's gems first
		root := gemsDir + "/" + v.Name()
		entries, _ := os.ReadDir(filepath.Join(dir, filepath.FromSlash(root), "gems"))
		for _, e := range entries {
			m := gemName().FindStringSubmatch(e.Name())
			if m == nil || !e.IsDir() || seen[m[1]] || slices.Contains(ownGems, m[1]) {
				continue
			}
			seen[m[1]] = true
			g := gem{name: m[1], version: m[2], dir: root + "/gems/" + e.Name()}
			if where := nativeIn(dir, root, e.Name(), m[3]); where != "" {
				return nil, &GemError{Gem: g.name + " " + g.version, Where: where}
			}
			g.path = requirePaths(readSmall(filepath.Join(dir, filepath.FromSlash(root), "specifications", e.Name()+".gemspec")))
			all = append(all, g)
		}
	}
	slices.SortFunc(all, func(a, b gem) int { return strings.Compare(a.name, b.name) })
	return all, nil
}

// nativeIn returns what shows that a gem has machine code: what was compiled for it, what would be, or its platform.
func nativeIn(dir, root, name, platform string) string {
	compiled, _ := filepath.Glob(filepath.Join(globQuote(dir), filepath.FromSlash(root), "extensions", "*", "*", name))
	if len(compiled) > 0 {
		rel, _ := filepath.Rel(dir, compiled[0])
		return filepath.ToSlash(rel)
	}
	if platform != "" && platform != "-java" {
		return root + "/gems/" + name
	}
	found := ""
	_ = filepath.WalkDir(filepath.Join(dir, filepath.FromSlash(root), "gems", name), func(path string, d fs.DirEntry, err error) error {
		if err != nil || d.IsDir() {
			return nil //nolint:nilerr // what cannot be read is reported when it is embedded
		}
		if d.Name() == "extconf.rb" || slices.Contains([]string{".so", ".bundle", ".dll"}, filepath.Ext(path)) {
			rel, _ := filepath.Rel(dir, path)
			found = filepath.ToSlash(rel)
			return fs.SkipAll
		}
		return nil
	})
	return found
}

// requireList and requireItem read the line that RubyGems writes: s.require_paths = ["lib".freeze].
var (
	requireList = lazyRegexp(`\.require_paths = \[([^\]]*)\]`)
	requireItem = lazyRegexp(`"([^"]+)"`)
)

// requirePaths are a gem's folders for the load path, by its specification.
func requirePaths(spec []byte) []string {
	var dirs []string
	if m := requireList().FindSubmatch(spec); m != nil {
		for _, item := range requireItem().FindAllSubmatch(m[1], -1) {
			if dir := string(item[1]); filepath.IsLocal(filepath.FromSlash(dir)) {
				dirs = append(dirs, dir)
			}
		}
	}
	if len(dirs) == 0 {
		return []string{"lib"}
	}
	return dirs
}

// gemExtras are folders of gems that no program reads.
var gemExtras = []string{"spec", "test", "tests", "features", "doc", "docs", "examples", "benchmark", "benchmarks"}

// addGem reads a gem's files.
func (c *rubyCollector) addGem(ctx context.Context, dir string, g gem) error {
	t := &treeCopy{src: filepath.Join(dir, filepath.FromSlash(g.dir))}
	return t.walk(ctx, func(path, rel string, d fs.DirEntry) error {
		if strings.HasPrefix(d.Name(), ".") || slices.Contains(gemExtras, rel) {
			if d.IsDir() {
				return fs.SkipDir
			}
			return nil
		}
		return c.add(path, g.dir+"/"+rel, d)
	})
}

// gemLine is a gem in a Gemfile: gem "rack", "~> 3.0".
var gemLine = lazyRegexp(`(?m)^[ \t]*gem[ (]+["']([\w.-]+)["']`)

// missingGems warns of the gems that a Gemfile names and that do not lie in the project. Whether the program needs them is
// known when it runs: some are for those who work on it, and some are in Ruby.
func missingGems(dir string, gems []gem) []Warning {
	var names []string
	for _, m := range gemLine().FindAllSubmatch(readSmall(filepath.Join(dir, gemFile)), -1) {
		name := string(m[1])
		has := slices.ContainsFunc(gems, func(g gem) bool { return g.name == name })
		if !has && !slices.Contains(ownGems, name) && !slices.Contains(names, name) {
			names = append(names, name)
		}
	}
	if len(names) == 0 {
		return nil
	}
	return []Warning{{
		Where: gemFile,
		Text: fmt.Sprintf("%s: not in vendor/bundle, so the program has only what of it Ruby brings; "+
			"for the rest: bundle config set --local path vendor/bundle && bundle install", strings.Join(names, ", ")),
	}}
}
