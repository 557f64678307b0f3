package build

import (
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
)

// An objectRecord tells what an object was made from: everything that the compiler has read, and the places where a
// file, if there were one, would have been read instead.
type objectRecord struct {
	Object fileStamp
	Read   map[string]fileDigest // relative to the source folder where they lie in it
	Absent []string
}

// A fileDigest is a file's content, with the stamp that it had.
type fileDigest struct {
	Stamp fileStamp
	Sum   string
}

// digests are those of the files that one build has looked at, each one once.
type digests struct {
	mu    sync.Mutex
	known map[string]fileDigest
	begin int64 // when the build began, as the file system knows it
}

func newDigests(t *keptTree) (*digests, error) {
	begin, err := t.now()
	return &digests{known: map[string]fileDigest{}, begin: begin}, err
}

// of returns the digest of a file, and trusts the old one as long as the file has not been touched.
func (d *digests) of(path string, old fileDigest) fileDigest {
	d.mu.Lock()
	defer d.mu.Unlock()
	if now, ok := d.known[path]; ok {
		return now
	}
	now := fileDigest{Stamp: stampOf(path)}
	if now.Stamp.same(old.Stamp) {
		now.Sum = old.Sum
	} else if b, err := os.ReadFile(path); err == nil {
		now.Sum = hashOf(b)
	}
	if max(now.Stamp.MTime, now.Stamp.CTime) > d.begin-youngest {
		now.Stamp.CTime = 0 // it may change again with the same stamp
	}
	d.known[path] = now
	return now
}

// afterwards is of for what a compiler has read already: a file that has changed since the build began, and was not
// looked at before, may not be what the compiler saw.
func (d *digests) afterwards(path string) fileDigest {
	d.mu.Lock()
	_, before := d.known[path]
	d.mu.Unlock()
	now := d.of(path, fileDigest{})
	if s := stampOf(path); !before && max(s.MTime, s.CTime) > d.begin {
		now.Sum = ""
	}
	return now
}

// fits reports whether an object is the one that the compiler would make now.
func (b *plainBuild) fits(o objectRecord) bool {
	for name, read := range o.Read {
		if now := b.digests.of(b.absolute(name), read); now.Sum != read.Sum || now.Sum == "" {
			return false
		}
	}
	return !slices.ContainsFunc(o.Absent, func(name string) bool { return !stampOf(b.absolute(name)).Missing })
}

func (b *plainBuild) absolute(name string) string {
	if filepath.IsAbs(name) {
		return name
	}
	return filepath.Join(b.Dir, name)
}

// record notes what the compiler has read for an object.
func (b *plainBuild) record(source, object, depfile string) objectRecord {
	o := objectRecord{Object: stampOf(object), Read: map[string]fileDigest{}}
	list, err := os.ReadFile(depfile)
	_ = os.Remove(depfile)
	if err != nil {
		return o
	}
	for _, name := range parseDepfile(string(list)) {
		o.Read[name] = b.digests.afterwards(b.absolute(name))
	}
	o.Absent = b.absent(filepath.Dir(source), o.Read)
	return o
}

// hasInclude is how a source asks whether there is a header.
var hasInclude = lazyRegexp(`__has_include(?:_next)?\s*\(\s*["<]([^">\n]+)[">]`)

// absent names the places in the project where a header of the same name would have been found instead of one that was
// read, or where one is asked for.
func (b *plainBuild) absent(sourceDir string, read map[string]fileDigest) []string {
	dirs := b.includeDirs(sourceDir)
	wanted := map[string]bool{}
	for name := range read {
		for _, dir := range slices.Concat(dirs, b.systemDirs()) {
			if rel, err := filepath.Rel(dir, name); err == nil && filepath.IsLocal(rel) {
				wanted[rel] = true
			}
		}
		if !slices.ContainsFunc(b.systemDirs(), func(dir string) bool { _, in := below(dir, name); return in }) {
			text, _ := os.ReadFile(b.absolute(name))
			for _, m := range hasInclude().FindAllSubmatch(text, -1) {
				wanted[filepath.FromSlash(string(m[1]))] = true
			}
		}
	}
	missing := map[string]bool{}
	for rel := range wanted {
		for _, dir := range dirs {
			if name := filepath.Join(dir, rel); stampOf(b.absolute(name)).Missing {
				missing[name] = true
			}
		}
	}
	return slices.Sorted(maps.Keys(missing))
}

// includeDirs are the folders in which a project's headers are looked for, relative to the source folder or absolute.
func (b *plainBuild) includeDirs(sourceDir string) []string {
	dirs := []string{sourceDir}
	flags := slices.Concat(b.flags)
	for i, f := range flags {
		for _, option := range []string{"-I", "-iquote", "-isystem", "-idirafter"} {
			dir, ok := strings.CutPrefix(f, option)
			if ok && dir == "" && i+1 < len(flags) {
				dir = flags[i+1]
			}
			if ok && dir != "" && !slices.Contains(b.headers, dir) {
				dirs = append(dirs, filepath.Clean(dir))
			}
		}
	}
	slices.Sort(dirs)
	return slices.Compact(dirs)
}

// systemDirs are the folders of the toolchain's own headers, as far as they are known.
func (b *plainBuild) systemDirs() []string {
	var dirs []string
	for _, h := range b.headers {
		if h = strings.TrimPrefix(h, "--sysroot="); filepath.IsAbs(h) {
			dirs = append(dirs, h, filepath.Join(h, "include"), filepath.Join(h, "include", "wasm32-wasi"), filepath.Join(h, "include", "wasm32-wasip1"))
		}
	}
	return dirs
}

// parseDepfile returns what a compiler's dependency file names, in the words of make: "\ " is a space, "$$" is "$", and
// a backslash at a line's end continues it.
func parseDepfile(text string) []string {
	_, text, _ = strings.Cut(text, ": ")
	var names []string
	var word strings.Builder
	end := func() {
		if word.Len() > 0 {
			names = append(names, filepath.Clean(word.String()))
			word.Reset()
		}
	}
	for i := 0; i < len(text); i++ {
		next := byte(0)
		if i+1 < len(text) {
			next = text[i+1]
		}
		switch c := text[i]; {
		case c == '\\' && (next == '\n' || next == '\r'):
			end()
			i++
		case (c == '\\' && (next == ' ' || next == '#')) || (c == '$' && next == '$'):
			word.WriteByte(next)
			i++
		case c == ' ' || c == '\t' || c == '\n' || c == '\r':
			end()
		default:
			word.WriteByte(c)
		}
	}
	end()
	return names
}
