package pack

import (
	"errors"
	"io/fs"
	"maps"
	"path"
	"slices"
	"strings"
)

var (
	errTooManyEntries = errors.New("too many files, folders and links")
	errTooManySteps   = errors.New("too many links and folders on the ways to the files")
	errLinkLoop       = errors.New("its folder is a link without an end")
	errPathTooLong    = errors.New("folders too deep")
)

// tree is an image's file system in memory. Links are resolved inside of it:
// no path leads out, because there is no outside.
type tree struct {
	root    *node
	entries int
	steps   int
}

// node is a folder (dir is not nil), a symbolic link (link is not empty) or a
// regular file. Hard links are one node under several names.
type node struct {
	dir  map[string]*node
	link string
	mode fs.FileMode
	data []byte
}

func newTree() *tree { return &tree{root: newFolder()} }

func newFolder() *node { return &node{dir: map[string]*node{}} }

func (n *node) isFile() bool { return n != nil && n.dir == nil && n.link == "" }

// parent returns the folder that p lies in, made if need be, and p's last
// element. Symbolic links on the way are followed, as an unpacking runtime
// does, and a file on the way gives way to a folder.
func (t *tree) parent(p string) (*node, string, error) {
	dir, err := t.lookup(path.Dir(p), true)
	if err == nil && dir == nil {
		err = errLinkLoop
	}
	return dir, path.Base(p), err
}

// lookup follows p and every link on it. With create it makes the folders that
// are missing; without, it returns nil when there is nothing. A link without
// an end leads to nothing, too.
func (t *tree) lookup(p string, create bool) (*node, error) {
	way := []*node{t.root} // the folders from the root to here, for ".."
	todo, links := strings.Split(p, "/"), 0
	for len(todo) > 0 {
		if t.steps++; t.steps > maxSteps {
			return nil, errTooManySteps
		}
		name := todo[0]
		todo = todo[1:]
		here := way[len(way)-1]
		switch name {
		case "", ".":
			continue
		case "..":
			way = way[:max(1, len(way)-1)]
			continue
		}
		next := here.dir[name]
		if next != nil && next.link != "" {
			if links++; links > maxLinks {
				return nil, nil //nolint:nilnil // a loop leads nowhere
			}
			if path.IsAbs(next.link) {
				way = way[:1]
			}
			todo = append(strings.Split(next.link, "/"), todo...)
			t.steps += len(todo)
			continue
		}
		if next.isFile() && len(todo) == 0 && !create {
			return next, nil
		}
		if next == nil || next.dir == nil {
			if !create {
				return nil, nil //nolint:nilnil // nothing there is not a failure
			}
			next = newFolder()
			if err := t.put(here, name, next); err != nil {
				return nil, err
			}
		}
		way = append(way, next)
	}
	return way[len(way)-1], nil
}

// put sets a folder's entry and counts it.
func (t *tree) put(dir *node, name string, n *node) error {
	if t.entries++; t.entries > maxEntries {
		return errTooManyEntries
	}
	dir.dir[name] = n
	return nil
}

// found is a file of the tree under one of its paths.
type found struct {
	path string
	*node
}

// files lists the regular files by path. A link that ends at a file is listed
// as that file.
func (t *tree) files() ([]found, error) {
	var all []found
	var visit func(dir *node, at string) error
	visit = func(dir *node, at string) error {
		for _, name := range slices.Sorted(maps.Keys(dir.dir)) {
			n, p := dir.dir[name], path.Join(at, name)
			if len(p) > maxPath {
				return errPathTooLong
			}
			if n.dir != nil {
				if err := visit(n, p); err != nil {
					return err
				}
				continue
			}
			if n.link != "" {
				var err error
				if n, err = t.lookup(p, false); err != nil {
					return err
				}
			}
			if n.isFile() {
				all = append(all, found{p, n})
			}
		}
		return nil
	}
	err := visit(t.root, "/")
	slices.SortFunc(all, func(a, b found) int { return strings.Compare(a.path, b.path) })
	return all, err
}
