package build

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
)

// A sourceFile is one entry of a source tree as it was copied.
type sourceFile struct {
	Stamp fileStamp
	Sum   string // of the content; of a link its target; "" for a folder
	Mode  fs.FileMode
	Built bool `json:",omitempty"` // left from an earlier build, and not copied
	Racy  bool `json:",omitempty"` // changed so shortly before it was read that its stamp proves nothing
}

// changes are the differences between a source tree and the one that was copied before: slash-separated paths, sorted.
type changes struct {
	moved    []string // came, went, or became something else
	modified []string // have another content
}

func (c changes) none() bool { return len(c.moved)+len(c.modified) == 0 }

// scan looks at the source tree and compares it with what was copied before. It reads only what may have changed.
// It began at that time of the file system.
func (t *treeCopy) scan(ctx context.Context, before map[string]sourceFile, begin int64) (map[string]sourceFile, changes, error) {
	now := map[string]sourceFile{}
	var c changes
	err := t.walk(ctx, func(path, rel string, d fs.DirEntry) error {
		f, err := t.look(path, rel, d, before[rel], begin-youngest)
		if err != nil || f == nil {
			return err
		}
		now[rel] = *f
		old, known := before[rel]
		switch {
		case f.Built:
			if known && !old.Built {
				c.moved = append(c.moved, rel)
			}
		case !known || old.Built || old.Mode != f.Mode || (f.Sum != old.Sum && !f.Mode.IsRegular()):
			c.moved = append(c.moved, rel)
		case f.Sum != old.Sum:
			c.modified = append(c.modified, rel)
		}
		return nil
	})
	for rel, old := range before {
		if _, still := now[rel]; !still && !old.Built {
			c.moved = append(c.moved, rel)
		}
	}
	slices.Sort(c.moved)
	slices.Sort(c.modified)
	return now, c, err
}

// youngest is how long a change can stay unseen, because the file system's clock ticks slower than programs run.
const youngest = 50_000_000 // nanoseconds

// look makes the record of one entry, nil for what is no source: sockets, devices, and links that leave the tree.
func (t *treeCopy) look(path, rel string, d fs.DirEntry, old sourceFile, young int64) (*sourceFile, error) {
	switch {
	case d.IsDir():
		return &sourceFile{Mode: fs.ModeDir}, nil
	case d.Type() == fs.ModeSymlink:
		target, err := os.Readlink(path)
		if err != nil || !staysInside(rel, target) {
			return nil, err
		}
		return &sourceFile{Mode: fs.ModeSymlink, Sum: target}, nil
	case !d.Type().IsRegular():
		return nil, nil
	}
	info, err := d.Info()
	if err != nil {
		return nil, err
	}
	if err := t.count(info.Size()); err != nil {
		return nil, err
	}
	f := &sourceFile{Stamp: stampInfo(path, info), Mode: info.Mode().Perm() & 0o700}
	f.Racy = max(f.Stamp.MTime, f.Stamp.CTime) >= young
	if old.Mode == f.Mode && !old.Racy && f.Stamp.same(old.Stamp) {
		f.Sum, f.Built = old.Sum, old.Built
		return f, nil
	}
	f.Sum, f.Built, err = readSource(path)
	return f, err
}

// readSource reads a file for its digest, and tells whether it is an earlier build's.
func readSource(path string) (sum string, built bool, err error) {
	in, err := os.Open(path)
	if err != nil {
		return "", false, err
	}
	defer func() { err = errors.Join(err, in.Close()) }()
	if built, err = isBuilt(in, path); built || err != nil {
		return "", built, err
	}
	h := sha256.New()
	_, err = io.Copy(h, in)
	return hex.EncodeToString(h.Sum(nil)), false, err
}

// copyAll copies the whole tree that was scanned.
func (t *treeCopy) copyAll(ctx context.Context, files map[string]sourceFile) error {
	names := make([]string, 0, len(files))
	for rel := range files {
		names = append(names, rel)
	}
	slices.Sort(names) // a folder comes before what is in it
	for _, rel := range names {
		if err := context.Cause(ctx); err != nil {
			return err
		}
		f := files[rel]
		dst := filepath.Join(t.dst, filepath.FromSlash(rel))
		var err error
		switch {
		case f.Mode == fs.ModeDir:
			err = os.MkdirAll(dst, 0o750)
		case f.Mode == fs.ModeSymlink:
			err = os.Symlink(f.Sum, dst)
		case !f.Built:
			err = t.copyFile(rel, f, true)
		}
		if err != nil {
			return err
		}
	}
	return nil
}

// copyFile copies one file. In a new tree it keeps its time, which make compares; in a tree that has been built its new
// content gets the present time, which is later than that of whatever was made from the old one.
func (t *treeCopy) copyFile(rel string, f sourceFile, keepTime bool) (err error) {
	src, dst := filepath.Join(t.src, filepath.FromSlash(rel)), filepath.Join(t.dst, filepath.FromSlash(rel))
	in, err := os.Open(src)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, in.Close()) }()
	out, err := os.OpenFile(dst, os.O_WRONLY|os.O_CREATE|os.O_TRUNC, f.Mode|0o200)
	if err != nil {
		return err
	}
	h := sha256.New()
	_, err = io.Copy(io.MultiWriter(out, h), in)
	if err = errors.Join(err, out.Close()); err != nil {
		return err
	}
	if hex.EncodeToString(h.Sum(nil)) != f.Sum {
		return fmt.Errorf("%s changed while it was copied", src)
	}
	if !keepTime {
		return nil
	}
	info, err := in.Stat()
	if err != nil {
		return err
	}
	return os.Chtimes(dst, info.ModTime(), info.ModTime())
}
