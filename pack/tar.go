package pack

import (
	"archive/tar"
	"bytes"
	"fmt"
	"io/fs"
	"path"
	"slices"
	"strings"
	"time"
)

// whiteout begins the names by which a layer deletes files of lower layers.
// https://github.com/opencontainers/image-spec/blob/main/layer.md#whiteouts
const whiteout = ".wh."

// tarball is the layer's content: the files and their parent folders, sorted
// by path, so that a folder comes before what lies in it. Headers carry the
// path, mode, size and the one time given; the owner is root.
func tarball(files []File, modified time.Time) ([]byte, error) {
	entries := withParents(files)
	size := tarSize(entries)
	if size > maxPacked {
		return nil, &LimitError{"the size of module and files together", maxPacked}
	}
	buf := bytes.NewBuffer(make([]byte, 0, size))
	w := tar.NewWriter(buf)
	for _, e := range entries {
		if err := w.WriteHeader(header(e, modified)); err != nil {
			return nil, fmt.Errorf("pack %s: %w", e.Path, err)
		}
		if _, err := w.Write(e.Data); err != nil {
			return nil, fmt.Errorf("pack %s: %w", e.Path, err)
		}
	}
	if err := w.Close(); err != nil {
		return nil, fmt.Errorf("pack: %w", err)
	}
	return buf.Bytes(), nil
}

// header leaves the format to archive/tar: USTAR where the path fits, else
// PAX. Both depend on the entry alone.
func header(f File, modified time.Time) *tar.Header {
	h := &tar.Header{
		Typeflag: tar.TypeReg, Name: strings.TrimPrefix(f.Path, "/"),
		Mode: 0o644, Size: int64(len(f.Data)), ModTime: modified,
	}
	if f.Mode.IsDir() {
		h.Typeflag, h.Name, h.Mode = tar.TypeDir, h.Name+"/", 0o755
	} else if f.Mode&0o111 != 0 {
		h.Mode = 0o755
	}
	return h
}

func withParents(files []File) []File {
	all := slices.Clone(files)
	seen := map[string]bool{"/": true}
	for _, f := range files {
		for dir := path.Dir(f.Path); !seen[dir]; dir = path.Dir(dir) {
			seen[dir] = true
			all = append(all, File{Path: dir, Mode: fs.ModeDir})
		}
	}
	slices.SortFunc(all, func(a, b File) int { return strings.Compare(a.Path, b.Path) })
	return all
}

// tarSize is a good guess of the archive's size, which saves copies.
func tarSize(entries []File) int {
	const block = 512
	n := 2 * block
	for _, e := range entries {
		n += block + (len(e.Data)+block-1)/block*block
	}
	return n
}
