package build

import (
	"encoding/json"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"time"
)

// A sighting is what a build has seen of its sources.
//
// Tools that rebuild what has changed go by time: a file that is older than what was made from it counts as unchanged.
// So an older file put in the place of a newer one, by unpacking an archive or by moving a folder, goes unseen, and the
// result would be that of sources which are no longer there. Such changes a sighting tells.
type sighting struct {
	Since time.Time         // when the build began
	Roots []string          // the folders with the sources
	Files map[string]string // the size and times of each file, by path
}

// see looks at the sources as they are. Left out is what no build of a package reads, or what no one edits: hidden
// files, caches, and unpacked packages with checksums.
func see(roots []string, skip string) (*sighting, error) {
	s := &sighting{Roots: roots, Files: map[string]string{}}
	for _, root := range roots {
		err := filepath.WalkDir(root, func(path string, d fs.DirEntry, err error) error {
			if err != nil {
				return err
			}
			hidden := strings.HasPrefix(d.Name(), ".") && d.Name() != ".cargo" || strings.HasSuffix(d.Name(), "~")
			switch {
			case d.IsDir():
				if path != root && (hidden || path == skip || d.Name() == "node_modules" || exists(path, "CACHEDIR.TAG") || exists(path, ".cargo-checksum.json")) {
					return fs.SkipDir
				}
			case d.Type().IsRegular() && !hidden && d.Name() != cargoLock:
				info, err := d.Info()
				if err != nil {
					return err
				}
				s.Files[path] = fmt.Sprint(stampInfo(path, info))
			}
			return nil
		})
		if err != nil {
			return nil, err
		}
	}
	return s, nil
}

// hides reports whether now has a change that tools which go by time may not see: a file that is gone, or one that is
// another than before and yet older than the build.
func (s *sighting) hides(now *sighting) bool {
	for path := range s.Files {
		if now.Files[path] == "" {
			return true
		}
	}
	for path, is := range now.Files {
		if s.Files[path] == is {
			continue
		}
		info, err := os.Stat(path)
		if err != nil || !info.ModTime().After(s.Since) {
			return true
		}
	}
	return false
}

// forgetEdited drops the files that somebody has changed since the build began: nobody knows which version it read.
func (s *sighting) forgetEdited(since time.Time) {
	s.Since = since
	for path := range s.Files {
		if info, err := os.Stat(path); err != nil || info.ModTime().After(since) {
			delete(s.Files, path)
		}
	}
}

// sightingFile is where a kept folder has the sighting of the last build in it.
const sightingFile = "sources.json"

// maxSighting bounds the file: a hundred bytes for each of a million files.
const maxSighting = 100 << 20

// lastSighting takes the sighting of the last build in a kept folder out of it, so that a build which never comes to
// its end leaves none. Nil when there is none.
func (k *kept) lastSighting() *sighting {
	name := filepath.Join(k.dir, sightingFile)
	f, err := os.Open(name)
	if err != nil {
		return nil
	}
	s := &sighting{}
	b, err := io.ReadAll(io.LimitReader(f, maxSighting))
	_ = f.Close()
	if err != nil || json.Unmarshal(b, s) != nil || os.Remove(name) != nil {
		return nil
	}
	return s
}

// leave writes the sighting for the next build.
func (k *kept) leave(s *sighting) error {
	b, err := json.Marshal(s)
	if err != nil {
		return err
	}
	return os.WriteFile(filepath.Join(k.dir, sightingFile), b, 0o600) // half a file is none: it does not decode
}

// outsideOf returns the folders that do not lie in root, sorted, each once.
func outsideOf(root string, dirs []string) []string {
	out := slices.DeleteFunc(slices.Clone(dirs), func(dir string) bool { return within(root, dir) })
	slices.Sort(out)
	return slices.Compact(out)
}

// within reports whether a path is root or lies below it.
func within(root, path string) bool {
	rel, err := filepath.Rel(root, path)
	return err == nil && filepath.IsLocal(rel)
}
