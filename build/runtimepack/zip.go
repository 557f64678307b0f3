package runtimepack

import (
	"archive/zip"
	"bytes"
	"fmt"
	"hash/crc32"
	"io"
	"io/fs"
	"slices"
	"unicode/utf8"

	"github.com/klauspost/compress/flate"
)

// The limits of an archive. A language's whole library has some thousand files and some ten megabytes.
const (
	maxEntries = 50_000
	maxZip     = 512 << 20
)

// Of the zip format, https://pkware.cachefly.net/webdocs/casestudies/APPNOTE.TXT.
const (
	firstDay     = 1<<5 | 1 // 1980-01-01, the first day that it can tell: 4.4.6
	utf8Names    = 0x800    // 4.4.4, bit 11
	deflateLevel = 7        // as for layers; klauspost's, because the standard library's bytes change between Go versions
)

// writeZip writes the regular files of a folder: sorted by name, all of the same time and mode, without folders, sizes
// before the data. Stored, an entry can be read where it lies in the file.
func writeZip(w io.Writer, folder fs.FS, stored bool) error {
	var names []string
	err := fs.WalkDir(folder, ".", func(name string, d fs.DirEntry, err error) error {
		switch {
		case err != nil:
			return err
		case d.Type().IsRegular():
			names = append(names, name)
		case !d.IsDir():
			return fmt.Errorf("%s is %s", name, kindOf(d.Type()))
		}
		return nil
	})
	if err != nil {
		return err
	}
	slices.Sort(names) // a walk has "a/b" before "a-b"
	z, size := zip.NewWriter(w), 0
	for _, name := range names {
		data, err := fs.ReadFile(folder, name)
		if err != nil {
			return err
		}
		if size += len(data); size > maxZip || len(names) > maxEntries {
			return fmt.Errorf("more than %d files or %d bytes", maxEntries, maxZip)
		}
		if err := addFile(z, name, data, stored); err != nil {
			return err
		}
	}
	return z.Close()
}

func addFile(z *zip.Writer, name string, data []byte, stored bool) error {
	h := &zip.FileHeader{
		Name: name, Method: zip.Store,
		ModifiedDate: firstDay, //nolint:staticcheck // CreateRaw writes this one, and Modified would add a second time
		CRC32:        crc32.ChecksumIEEE(data), UncompressedSize64: uint64(len(data)),
	}
	h.SetMode(0o644)
	for _, r := range name {
		if r >= utf8.RuneSelf {
			h.Flags |= utf8Names
		}
	}
	if !stored {
		packed, err := deflate(data)
		if err != nil {
			return err
		}
		if len(packed) < len(data) {
			h.Method, data = zip.Deflate, packed
		}
	}
	h.CompressedSize64 = uint64(len(data))
	// Raw: the sizes are known, and go before the data instead of behind it.
	w, err := z.CreateRaw(h)
	if err != nil {
		return err
	}
	_, err = w.Write(data)
	return err
}

func deflate(data []byte) ([]byte, error) {
	var b bytes.Buffer
	w, err := flate.NewWriter(&b, deflateLevel)
	if err != nil {
		return nil, err
	}
	if _, err := w.Write(data); err != nil {
		return nil, err
	}
	err = w.Close()
	return b.Bytes(), err
}

// verifyZip reads an archive's directory and refuses what would be a trap to its readers.
func (p *Pack) verifyZip(name string, stored bool) error {
	z, err := zip.OpenReader(p.Path(name))
	if err != nil {
		return &FormatError{File: name, Err: err}
	}
	defer func() { _ = z.Close() }()
	if err := checkZip(&z.Reader, stored); err != nil {
		return &FormatError{File: name, Err: err}
	}
	return nil
}

func checkZip(z *zip.Reader, stored bool) error {
	if len(z.File) > maxEntries {
		return fmt.Errorf("more than %d files", maxEntries)
	}
	seen := make(map[string]bool, len(z.File))
	var size uint64
	for _, f := range z.File {
		switch {
		case !fs.ValidPath(f.Name) || f.Name == "." || !f.Mode().IsRegular():
			return fmt.Errorf("%q is not the name of a file", f.Name)
		case seen[f.Name]:
			return fmt.Errorf("%q is there twice", f.Name)
		case stored && f.Method != zip.Store:
			return fmt.Errorf("%q is compressed", f.Name)
		case f.UncompressedSize64 > maxZip:
			return fmt.Errorf("%q is larger than %d bytes", f.Name, maxZip)
		}
		seen[f.Name] = true
		if size += f.UncompressedSize64; size > maxZip {
			return fmt.Errorf("its files are larger than %d bytes together", maxZip)
		}
	}
	return nil
}
