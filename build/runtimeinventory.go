package build

import (
	"cmp"
	"context"
	"encoding/base64"
	"encoding/hex"
	"encoding/json"
	"path"
	"path/filepath"
	"slices"
	"strings"

	"github.com/wpkdev/wpk/build/internal/jsbundle"
	"github.com/wpkdev/wpk/build/runtimepack"
)

// packInventory names an interpreter and what it was compiled from.
func packInventory(p *runtimepack.Pack, name, sum string) []Dependency {
	runtime := Dependency{
		Type: "generic", Kind: DependencyRuntime, Name: name, Version: p.Version, PURL: packageURL("generic", name, p.Version),
		SHA256: sum, Relation: RelationDirect, Note: "the runtime pack's module",
	}
	if p.Digest != "" {
		runtime.Note = "of the runtime pack " + p.Digest
	}
	all := []Dependency{runtime}
	for _, s := range p.Sources {
		d := Dependency{
			Type: "generic", Kind: DependencySource, Name: s.Name, Version: s.Version, PURL: packageURL("generic", s.Name, s.Version),
			Relation: RelationIndirect, Note: "compiled into " + name + "; the hash is that of its source archive",
		}
		if algorithm, value, _ := strings.Cut(s.Digest, ":"); algorithm == "sha256" {
			d.SHA256 = value
		}
		all = append(all, d)
	}
	return all
}

// inventory names the interpreter, its library and the distributions.
func (b *pythonBuild) inventory(_ context.Context, f *Facts) error {
	direct := map[string]bool{}
	for _, r := range b.project.Requirements {
		direct[r.Name] = true
	}
	f.Dependencies = nil
	for _, d := range b.deps {
		found := Dependency{
			Type: "pypi", Kind: DependencyDistribution, Name: d.Name, Version: d.Version, SHA256: d.SHA256, PURL: packageURL("pypi", d.Name, d.Version),
			License: d.Metadata.License, Relation: RelationIndirect,
		}
		if direct[d.Name] {
			found.Relation = RelationDirect
		}
		if len(d.Native) > 0 {
			found.Note = "without its native code"
		}
		if d.SHA256 == "" {
			found.Note = strings.TrimPrefix(found.Note+", from an installed environment", ", ")
			f.Varies = append(f.Varies, "the distribution "+d.Name+" was taken from an installed environment")
		}
		f.Dependencies = append(f.Dependencies, found)
	}
	f.Dependencies = append(f.Dependencies, packInventory(b.pack, "cpython", hashOf(b.runtime))...)
	f.Dependencies = append(f.Dependencies, Dependency{
		Type: "generic", Kind: DependencyStandardLibrary, Name: "python-standard-library", Version: b.library.Version, License: "PSF-2.0",
		PURL: packageURL("generic", "python-standard-library", b.library.Version), Relation: RelationDirect,
		SHA256: fileDigestOf(b.pack.Path(runtimepack.LibraryFile)), Note: "of the runtime pack; " + cmp.Or(b.Python.Library, PythonLibraryClosure) + " of it is inside",
	})
	if b.unlocked {
		f.Varies = append(f.Varies, "there is no lock file, so the distributions' versions were chosen when it was built")
	}
	return nil
}

// javaScriptInventory names the interpreter and the npm packages of which esbuild has taken files.
func (j *job) javaScriptInventory(pack *runtimepack.Pack, runtimeSum string, m *manifest, bundled *jsbundle.Result) func(context.Context, *Facts) error {
	return func(_ context.Context, f *Facts) error {
		lock := readNPMLock(j.Dir)
		f.Dependencies = packInventory(pack, "quickjs", runtimeSum)
		outside := false
		for _, p := range bundled.Packages {
			d := Dependency{
				Type: "npm", Kind: DependencyNPM, Name: p.Name, Version: p.Version, License: npmLicense(filepath.Join(j.Dir, filepath.FromSlash(p.Folder))),
				PURL: packageURL("npm", p.Name, p.Version), Relation: RelationIndirect,
			}
			if m.names(p.Name) {
				d.Relation = RelationDirect
			}
			d.SHA512 = lock.integrity(p)
			outside = outside || strings.HasPrefix(p.Folder, "../")
			f.Dependencies = append(f.Dependencies, d)
		}
		if outside {
			f.Varies = append(f.Varies, "npm packages were taken from a folder outside of the sources")
		}
		if lock == nil && len(bundled.Packages) > 0 {
			f.Varies = append(f.Varies, "there is no lock file of npm, so nothing says which npm packages are right")
		}
		return nil
	}
}

// names reports whether package.json asks for a package.
func (m *manifest) names(name string) bool {
	for _, list := range []map[string]string{m.Dependencies, m.DevDependencies, m.OptionalDependencies, m.PeerDependencies} {
		if _, has := list[name]; has {
			return true
		}
	}
	return false
}

// npmLock is what matters of a package-lock.json: https://docs.npmjs.com/cli/configuring-npm/package-lock-json
type npmLock struct {
	Packages map[string]struct{ Version, Integrity string }
}

// maxNPMLock bounds a lock file.
const maxNPMLock = 64 << 20

// readNPMLock reads a project's lock file, else what npm has left in node_modules; nil without one.
func readNPMLock(dir string) *npmLock {
	for _, name := range []string{"npm-shrinkwrap.json", "package-lock.json", "node_modules/.package-lock.json"} {
		var lock npmLock
		data := readUpTo(filepath.Join(dir, filepath.FromSlash(name)), maxNPMLock)
		if json.Unmarshal(data, &lock) == nil && lock.Packages != nil {
			return &lock
		}
	}
	for _, l := range lockFiles {
		if exists(dir, l.file) {
			return &npmLock{} // another manager's: it is there, and not read
		}
	}
	return nil
}

// integrity is the hexadecimal SHA-512 digest of a package's archive, if the lock file has one for the version that was
// found: https://developer.mozilla.org/docs/Web/Security/Subresource_Integrity
func (l *npmLock) integrity(p jsbundle.Package) string {
	if l == nil || l.Packages[p.Folder].Version != p.Version {
		return ""
	}
	for word := range strings.FieldsSeq(l.Packages[p.Folder].Integrity) {
		encoded, ok := strings.CutPrefix(word, "sha512-")
		if raw, err := base64.StdEncoding.DecodeString(encoded); ok && err == nil {
			return hex.EncodeToString(raw)
		}
	}
	return ""
}

// npmLicense is what a package's manifest says; "" when it says something else than one expression.
func npmLicense(dir string) string {
	var m struct {
		License json.RawMessage `json:"license"`
	}
	var license string
	if json.Unmarshal(readSmall(filepath.Join(dir, packageFile)), &m) != nil || json.Unmarshal(m.License, &license) != nil {
		return ""
	}
	return license
}

// rubyInventory names the interpreter and the gems.
func rubyInventory(p npmRuby, gems []gem, moduleSum string) func(context.Context, *Facts) error {
	return func(_ context.Context, f *Facts) error {
		f.Dependencies = []Dependency{{
			Type: "npm", Kind: DependencyRuntime, Name: p.Name, Version: p.Version, PURL: packageURL("npm", p.Name, p.Version), SHA256: moduleSum,
			License: npmLicense(p.dir), Relation: RelationDirect, Note: "Ruby with its standard library; the hash is that of " + path.Base(filepath.ToSlash(rubyModule)),
		}}
		for _, g := range gems {
			f.Dependencies = append(f.Dependencies, Dependency{
				Type: "gem", Kind: DependencyGem, Name: g.name, Version: g.version, PURL: packageURL("gem", g.name, g.version), Note: "from vendor/bundle",
			})
		}
		f.Unknown = append(f.Unknown, "the libraries that "+p.Name+" was compiled from: the npm package does not name them")
		return nil
	}
}

// zigInventory names Zig's own library, of which every program has parts.
func (z *zig) inventory(_ context.Context, f *Facts) error {
	f.Dependencies = []Dependency{{
		Type: "generic", Kind: DependencyStandardLibrary, Name: "zig-std", Version: z.version, PURL: packageURL("generic", "zig-std", z.version),
		License: "MIT", Relation: RelationDirect, Note: "with the C library for WASI that Zig brings",
	}}
	if exists(z.Dir, "build.zig.zon") {
		f.Unknown = append(f.Unknown, "which packages of build.zig.zon are in the module: Zig does not tell")
	}
	return nil
}

// inventory names AssemblyScript's own library. asc does not tell which npm packages it has read.
func (a *asc) inventory(_ context.Context, f *Facts) error {
	f.Dependencies = []Dependency{{
		Type: "npm", Kind: DependencyStandardLibrary, Name: "assemblyscript", Version: a.version, PURL: packageURL("npm", "assemblyscript", a.version),
		License: "Apache-2.0", Relation: RelationDirect,
	}}
	i := slices.IndexFunc(nodeModules(a.Dir), func(dir string) bool { return exists(filepath.Join(dir, filepath.FromSlash(ascShim)), packageFile) })
	if i >= 0 {
		shim := filepath.Join(nodeModules(a.Dir)[i], filepath.FromSlash(ascShim))
		var m struct{ Version string }
		if json.Unmarshal(readSmall(filepath.Join(shim, packageFile)), &m) == nil {
			f.Dependencies = append(f.Dependencies, Dependency{
				Type: "npm", Kind: DependencyNPM, Name: ascShim, Version: m.Version, PURL: packageURL("npm", ascShim, m.Version),
				License: npmLicense(shim), Relation: RelationDirect,
			})
		}
	}
	f.Unknown = append(f.Unknown, "which other npm packages asc has compiled in: it does not tell")
	return nil
}
