package pypi

import (
	"archive/zip"
	"bytes"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"path"
	"path/filepath"
	"slices"
	"strings"
)

// Limits of one unpacked distribution: well above the largest pure-Python ones.
const (
	maxEntries  = 50_000
	maxUnpacked = 512 << 20
	maxPath     = 512
)

// Distribution is one distribution, unpacked in memory.
type Distribution struct {
	Name     string    `json:"name"` // normal form
	Version  string    `json:"version"`
	SHA256   string    `json:"sha256,omitempty"` // of the wheel; "" from an installed environment
	File     string    `json:"file,omitempty"`   // the wheel's name
	URL      string    `json:"-"`                // where the wheel came from; "" when it lay here
	Metadata Metadata  `json:"-"`
	Contents []Content `json:"-"` // sorted by path
	Native   []string  `json:"-"` // native parts that were left out
}

// Content is a file as it lies in site-packages.
type Content struct {
	Path string // with slashes, below site-packages
	Data []byte
}

// nativeSuffixes are the names of what only one kind of machine can load.
var nativeSuffixes = []string{".so", ".pyd", ".dylib", ".dll", ".a", ".lib"}

// OpenWheel unpacks a wheel's bytes. Native parts and bytecode are left out; whether the rest works without them is the
// caller's to decide.
// https://packaging.python.org/en/latest/specifications/binary-distribution-format/
func OpenWheel(name string, data []byte) (*Distribution, error) {
	wheel, err := ParseWheelName(name)
	if err != nil {
		return nil, err
	}
	d := &Distribution{Name: wheel.Name, Version: wheel.Version.String(), File: name, SHA256: hexSum(data)}
	fail := func(err error) (*Distribution, error) {
		return nil, &DistributionError{Name: d.Name, Version: d.Version, Err: ErrMalformed, Detail: name + ": " + err.Error()}
	}
	archive, err := zip.NewReader(bytes.NewReader(data), int64(len(data)))
	if err != nil {
		return fail(err)
	}
	if len(archive.File) > maxEntries {
		return fail(fmt.Errorf("more than %d files", maxEntries))
	}
	left := int64(maxUnpacked)
	for _, f := range archive.File {
		if err := d.add(f, &left); err != nil {
			return fail(err)
		}
	}
	if err := d.finish(); err != nil {
		return fail(err)
	}
	if Normalize(d.Metadata.Name) != wheel.Name || d.Metadata.Version.Compare(wheel.Version) != 0 {
		return fail(fmt.Errorf("METADATA says %s %s", d.Metadata.Name, d.Metadata.Version))
	}
	return d, nil
}

// add unpacks one file to its place.
func (d *Distribution) add(f *zip.File, left *int64) error {
	name := f.Name
	if strings.HasSuffix(name, "/") {
		return nil
	}
	if len(name) > maxPath || strings.ContainsAny(name, "\\\x00\n\r:") || !filepath.IsLocal(filepath.FromSlash(name)) || path.Clean(name) != name {
		return fmt.Errorf("a file has the name %q", name)
	}
	if kind := f.Mode().Type(); kind != 0 && kind != fs.ModeIrregular {
		return fmt.Errorf("%s is no regular file", name)
	}
	name, ok := placeOf(name)
	if !ok || isBytecode(name) {
		return nil
	}
	if isNative(name) {
		d.Native = append(d.Native, name)
		return nil
	}
	r, err := f.Open()
	if err != nil {
		return err
	}
	defer r.Close()
	data, err := io.ReadAll(io.LimitReader(r, *left+1))
	if err != nil {
		return fmt.Errorf("%s: %w", name, err)
	}
	if *left -= int64(len(data)); *left < 0 {
		return fmt.Errorf("more than %d bytes when unpacked", int64(maxUnpacked))
	}
	d.Contents = append(d.Contents, Content{name, data})
	return nil
}

// placeOf returns where in site-packages a wheel's file belongs. Commands, C headers and what goes elsewhere on a
// system have no place in a module.
func placeOf(name string) (string, bool) {
	dir, rest, _ := strings.Cut(name, "/")
	if !strings.HasSuffix(dir, ".data") {
		return name, true
	}
	kind, rest, _ := strings.Cut(rest, "/")
	return rest, (kind == "purelib" || kind == "platlib") && rest != ""
}

func isBytecode(name string) bool {
	return strings.HasSuffix(name, ".pyc") || strings.HasSuffix(name, ".pyo") || strings.Contains("/"+name, "/__pycache__/")
}

func isNative(name string) bool {
	return slices.ContainsFunc(nativeSuffixes, func(suffix string) bool { return strings.HasSuffix(name, suffix) }) ||
		strings.Contains(path.Base(name), ".so.")
}

// finish sorts the files and reads the METADATA among them.
func (d *Distribution) finish() error {
	slices.SortFunc(d.Contents, func(a, b Content) int { return strings.Compare(a.Path, b.Path) })
	found := false
	for i, c := range d.Contents {
		if i > 0 && (d.Contents[i-1].Path == c.Path || strings.HasPrefix(c.Path, d.Contents[i-1].Path+"/")) {
			return fmt.Errorf("%s is there twice", d.Contents[i-1].Path)
		}
		if dir, base := path.Split(c.Path); base == "METADATA" && strings.HasSuffix(dir, ".dist-info/") && strings.Count(dir, "/") == 1 {
			if found {
				return errors.New("two METADATA files")
			}
			found = true
			var err error
			if d.Metadata, err = ParseMetadata(c.Data); err != nil {
				return err
			}
		}
	}
	if !found {
		return errors.New("there is no METADATA")
	}
	return nil
}

// Commands returns what the distribution offers as commands.
func (d *Distribution) Commands() []EntryPoint {
	for _, c := range d.Contents {
		if dir, base := path.Split(c.Path); base == "entry_points.txt" && strings.HasSuffix(dir, ".dist-info/") {
			return ParseEntryPoints(c.Data)
		}
	}
	return nil
}
