package runtimepack

import (
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
)

// Open returns the pack in a folder. It reads the configuration only; [Pack.Verify] reads everything. Its errors are
// *[ABIError], *[FormatError] and *[fs.PathError].
func Open(dir string) (*Pack, error) {
	raw, err := readBounded(filepath.Join(dir, ConfigFile), maxConfig)
	if err != nil {
		return nil, err
	}
	c, err := DecodeConfig(raw)
	if err != nil {
		return nil, err
	}
	p := &Pack{Config: c, Dir: dir}
	for _, name := range []string{RuntimeFile, LicencesFile, ProvenanceFile} {
		if has, err := p.Has(name); err != nil {
			return nil, err
		} else if !has {
			return nil, &FormatError{File: name, Err: errAbsent}
		}
	}
	_, err = p.Has(LibraryFile)
	return p, err
}

// Has reports whether the pack has a file: every one but [LibraryFile] always.
func (p *Pack) Has(name string) (bool, error) {
	info, err := os.Lstat(p.Path(name))
	switch {
	case os.IsNotExist(err):
		return false, nil
	case err != nil:
		return false, err
	case !info.Mode().IsRegular():
		return false, &FormatError{File: name, Err: fmt.Errorf("%s instead of a file", kindOf(info.Mode()))}
	}
	return true, nil
}

func kindOf(m fs.FileMode) string {
	switch {
	case m.IsDir():
		return "a folder"
	case m&fs.ModeSymlink != 0:
		return "a link"
	}
	return "something else"
}

// readBounded reads a file of at most limit bytes.
func readBounded(path string, limit int64) ([]byte, error) {
	f, err := os.Open(path)
	if err != nil {
		return nil, err
	}
	defer func() { _ = f.Close() }()
	raw, err := io.ReadAll(io.LimitReader(f, limit+1))
	if err == nil && int64(len(raw)) > limit {
		err = &FormatError{File: filepath.Base(path), Err: fmt.Errorf("larger than %d bytes", limit)}
	}
	return raw, err
}
