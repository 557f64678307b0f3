package build

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"io"
	"os"
	"path/filepath"
	"runtime"
	"slices"
	"strings"
)

// takeInventory completes the facts of a finished module: see [Options.Inventory].
func (j *job) takeInventory(ctx context.Context, p *product, f *Facts) error {
	f.Tools = slices.Clone(f.Tools)
	for i := range f.Tools {
		t := &f.Tools[i]
		path := p.binaries[t.Name]
		if path == "" {
			path = j.search.ran[t.Name]
		}
		t.Digest = programDigest(path)
	}
	if p.inventory == nil {
		f.Unknown = append(f.Unknown, "what the compiler has put into the module: wpk does not know it")
	} else if err := p.inventory(ctx, f); err != nil {
		return err
	}
	f.Dependencies = sortDependencies(f.Dependencies)
	f.Varies = append(f.Varies, f.Source.varies()...)
	return nil
}

// varies tells what of the sources is not in the revision.
func (s Source) varies() []string {
	switch {
	case s.Revision == "":
		return []string{"the sources have no revision: they are in no git repository"}
	case s.Dirty:
		return []string{"files were changed or not committed when it was built"}
	}
	return nil
}

// programDigest is the digest of a program's file; "" when there is none.
func programDigest(path string) string {
	if !filepath.IsAbs(path) {
		return ""
	}
	sum := fileDigestOf(path)
	if sum == "" {
		return ""
	}
	return "sha256:" + sum
}

// fileDigestOf is the hexadecimal SHA-256 digest of a file, "" when it cannot be read.
func fileDigestOf(path string) string {
	f, err := os.Open(path) // #nosec G304 -- a program that has run, or a file that was linked
	if err != nil {
		return ""
	}
	defer f.Close()
	h := sha256.New()
	if _, err := io.Copy(h, f); err != nil {
		return ""
	}
	return hex.EncodeToString(h.Sum(nil))
}

// A packageOwner asks the system's package manager which package a file belongs to.
type packageOwner struct {
	*job
	distribution string // "debian-12"
	vendor       string // "debian"
	known        map[string]Dependency
}

func newPackageOwner(j *job) *packageOwner {
	o := &packageOwner{job: j, known: map[string]Dependency{}}
	if runtime.GOOS != "linux" {
		return o
	}
	release := map[string]string{}
	for line := range strings.Lines(string(readSmall("/etc/os-release"))) {
		if k, v, ok := strings.Cut(strings.TrimSpace(line), "="); ok {
			release[k] = strings.Trim(v, `"'`)
		}
	}
	o.vendor, o.distribution = release["ID"], strings.Trim(release["ID"]+"-"+release["VERSION_ID"], "-")
	return o
}

// of returns the package that owns a file. It reports false when no package manager of this machine knows the file.
func (o *packageOwner) of(ctx context.Context, file string) (Dependency, bool) {
	if d, ok := o.known[file]; ok {
		return d, d.Name != ""
	}
	d, ok := Dependency{}, false
	for _, ask := range []func(context.Context, string) (Dependency, bool){o.dpkg, o.rpm, o.apk} {
		if d, ok = ask(ctx, file); ok {
			d.Kind, d.Relation = DependencySystemLibrary, RelationIndirect
			break
		}
	}
	o.known[file] = d
	return d, ok
}

func (o *packageOwner) ask(ctx context.Context, tool string, args ...string) (string, bool) {
	path, err := o.Exec.LookPath(tool, o.Env)
	if err != nil {
		return "", false
	}
	out, err := output(ctx, o.Exec, Command{Path: path, Args: args, Dir: o.work, Env: setenv(o.Env, "LC_ALL=C")})
	return out, err == nil && out != ""
}

// dpkg answers "wasi-libc: /usr/lib/wasm32-wasi/libc.a", with ":amd64" behind the name when there are several.
func (o *packageOwner) dpkg(ctx context.Context, file string) (Dependency, bool) {
	out, ok := o.ask(ctx, "dpkg-query", "-S", file)
	name, _, found := strings.Cut(firstLine(out), ": ")
	if !ok || !found || strings.ContainsAny(name, " ,") {
		return Dependency{}, false
	}
	out, ok = o.ask(ctx, "dpkg-query", "-W", "-f", "${Version}\t${Architecture}\n", name)
	version, arch, found := strings.Cut(firstLine(out), "\t")
	if !ok || !found {
		return Dependency{}, false
	}
	name, _, _ = strings.Cut(name, ":")
	return Dependency{Type: "deb", Name: name, Version: version, PURL: packageURL("deb", o.vendor+"/"+name, version, "arch", arch, "distro", o.distribution)}, true
}

func (o *packageOwner) rpm(ctx context.Context, file string) (Dependency, bool) {
	out, ok := o.ask(ctx, "rpm", "-qf", "--qf", "%{NAME}\t%{VERSION}-%{RELEASE}\t%{ARCH}\t%{LICENSE}\n", file)
	f := strings.Split(firstLine(out), "\t")
	if !ok || len(f) != 4 {
		return Dependency{}, false
	}
	return Dependency{Type: "rpm", Name: f[0], Version: f[1], PURL: packageURL("rpm", o.vendor+"/"+f[0], f[1], "arch", f[2], "distro", o.distribution)}, true
}

// apk answers "/usr/share/wasi-sysroot/… is owned by wasi-libc-0.20240926-r0".
func (o *packageOwner) apk(ctx context.Context, file string) (Dependency, bool) {
	out, ok := o.ask(ctx, "apk", "info", "--who-owns", file)
	_, owner, found := strings.Cut(firstLine(out), " is owned by ")
	if !ok || !found {
		return Dependency{}, false
	}
	release := strings.LastIndexByte(owner, '-')
	cut := strings.LastIndexByte(owner[:max(release, 0)], '-')
	if cut <= 0 {
		return Dependency{}, false
	}
	name, version := owner[:cut], owner[cut+1:]
	return Dependency{Type: "apk", Name: name, Version: version, PURL: packageURL("apk", o.vendor+"/"+name, version, "distro", o.distribution)}, true
}

func firstLine(s string) string {
	line, _, _ := strings.Cut(s, "\n")
	return strings.TrimSpace(line)
}
