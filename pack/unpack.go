package pack

import (
	"archive/tar"
	"bytes"
	"crypto/sha256"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"path"
	"slices"
	"strings"

	"github.com/opencontainers/go-digest"
	ocispec "github.com/opencontainers/image-spec/specs-go/v1"
)

// unpacker applies layers to a tree within one budget.
// https://github.com/opencontainers/image-spec/blob/main/layer.md#applying-changesets
type unpacker struct {
	tree   *tree
	limit  int64
	stream int64 // bytes of tar that may still come
	held   int64 // bytes of files that may still be kept; sparse files have more than the tar
}

func newUnpacker(limit int64) *unpacker {
	return &unpacker{tree: newTree(), limit: limit, stream: limit, held: limit}
}

// entry is what is kept of a tar header; extended headers may be large.
type entry struct {
	path string // clean and absolute
	kind byte   // tar.TypeReg …
	link string
	mode fs.FileMode
	data []byte
}

// layer applies one layer. diffID, when it is not empty, is the digest that
// the config promises for the uncompressed bytes.
func (u *unpacker) layer(d ocispec.Descriptor, blob []byte, diffID digest.Digest) error {
	err := u.apply(d, blob, diffID)
	var limit *LimitError
	var wrong *DigestError
	switch {
	case err == nil, errors.As(err, &limit), errors.As(err, &wrong):
		return err
	case errors.Is(err, errUnpacked):
		return &LimitError{"the unpacked size of layer " + d.Digest.String(), u.limit}
	case errors.Is(err, errTooManyEntries):
		return &LimitError{"the number of entries up to layer " + d.Digest.String(), maxEntries}
	}
	return &InvalidError{What: "layer", Digest: d.Digest, Reason: "cannot unpack", Err: err}
}

func (u *unpacker) apply(d ocispec.Descriptor, blob []byte, diffID digest.Digest) error {
	z, err := decompress(blob)
	if err != nil {
		return err
	}
	defer z.Close()
	sum := sha256.New()
	r := io.TeeReader(&budgetReader{z, &u.stream}, sum)
	entries, err := u.entries(tar.NewReader(r))
	if err != nil {
		return err
	}
	// What follows the end mark belongs to the DiffID too.
	if _, err := io.Copy(io.Discard, r); err != nil {
		return err
	}
	if got := digest.NewDigest(digest.SHA256, sum); diffID != "" && got != diffID {
		return &DigestError{Want: diffID, Got: got, WantSize: d.Size, GotSize: d.Size}
	}
	return u.merge(entries)
}

// entries reads a layer's tar up to its end.
func (u *unpacker) entries(r *tar.Reader) ([]entry, error) {
	var all []entry
	for {
		h, err := r.Next()
		if errors.Is(err, io.EOF) {
			return all, nil
		}
		if err != nil {
			return nil, err
		}
		if len(all) == maxEntries {
			return nil, errTooManyEntries
		}
		e := entry{kind: h.Typeflag, link: h.Linkname, mode: h.FileInfo().Mode().Perm()}
		if e.path, err = entryPath(h.Name); err != nil {
			return nil, err
		}
		if len(e.link) > maxPath {
			return nil, fmt.Errorf("a link target of %d bytes", len(e.link))
		}
		if e.isRegular() {
			if e.data, err = u.read(r, h.Size); err != nil {
				return nil, err
			}
		}
		all = append(all, e)
	}
}

func (e *entry) isRegular() bool { return e.kind == tar.TypeReg || e.kind == tar.TypeGNUSparse }

// read keeps a file's bytes; its buffer grows with what really comes.
func (u *unpacker) read(r io.Reader, size int64) ([]byte, error) {
	if u.held -= size; u.held < 0 {
		return nil, errUnpacked
	}
	const firstGuess = 4 << 20
	buf := bytes.NewBuffer(make([]byte, 0, min(size, firstGuess)+bytes.MinRead))
	_, err := buf.ReadFrom(r)
	return buf.Bytes(), err
}

// entryPath refuses what tries to leave the image rather than guess what was
// meant.
func entryPath(name string) (string, error) {
	if len(name) > maxPath {
		return "", fmt.Errorf("a path of %d bytes", len(name))
	}
	if slices.Contains(strings.Split(name, "/"), "..") {
		return "", fmt.Errorf("path %q leads out of the image", name)
	}
	return path.Clean("/" + name), nil
}

// merge applies the whiteouts first: they hide what lower layers have, and
// nothing of their own layer, wherever they stand in it.
func (u *unpacker) merge(entries []entry) error {
	for _, e := range entries {
		if err := u.hide(e); err != nil {
			return err
		}
	}
	for _, e := range entries {
		if err := u.place(e); err != nil {
			return fmt.Errorf("%s: %w", e.path, err)
		}
	}
	return nil
}

// hide applies a whiteout. An opaque one empties its folder.
func (u *unpacker) hide(e entry) error {
	name, ok := strings.CutPrefix(path.Base(e.path), whiteout)
	if !ok {
		return nil
	}
	dir, err := u.tree.lookup(path.Dir(e.path), false)
	if err != nil || dir == nil || dir.dir == nil {
		return err
	}
	if name == whiteout+".opq" {
		clear(dir.dir)
	} else {
		delete(dir.dir, name)
	}
	return nil
}

// place puts an entry into the tree. Devices and pipes are of no use to a
// module and left out.
func (u *unpacker) place(e entry) error {
	if e.path == "/" || strings.HasPrefix(path.Base(e.path), whiteout) {
		return nil
	}
	n, err := u.node(e)
	if err != nil || n == nil {
		return err
	}
	dir, name, err := u.tree.parent(e.path)
	if err != nil {
		return err
	}
	if was := dir.dir[name]; was != nil && was.dir != nil && n.dir != nil {
		return nil // a folder again keeps what is in it
	}
	return u.tree.put(dir, name, n)
}

func (u *unpacker) node(e entry) (*node, error) {
	switch {
	case e.isRegular():
		return &node{mode: e.mode, data: e.data}, nil
	case e.kind == tar.TypeDir:
		return newFolder(), nil
	case e.kind == tar.TypeSymlink && e.link != "":
		return &node{link: e.link}, nil
	case e.kind == tar.TypeLink:
		return u.hardLink(e)
	}
	return nil, nil //nolint:nilnil // left out
}

// hardLink is the file that the link names, which must have come before.
func (u *unpacker) hardLink(e entry) (*node, error) {
	p, err := entryPath(e.link)
	if err != nil {
		return nil, err
	}
	target, err := u.tree.lookup(p, false)
	if err != nil {
		return nil, err
	}
	if !target.isFile() {
		return nil, fmt.Errorf("hard link to %q, which is not a file of the image", e.link)
	}
	return target, nil
}
