package build

import (
	"os"
	"path/filepath"
)

// A fileStamp tells without reading whether a file has changed since. The time of the last change of the inode is part
// of it where the system tells one: unlike the time of modification, nobody can set it back.
type fileStamp struct {
	Size    int64
	MTime   int64 // nanoseconds
	CTime   int64 // nanoseconds; 0 where the system tells none
	Inode   uint64
	Missing bool
}

// same reports whether the file is surely the one that the other stamp was taken of.
func (s fileStamp) same(other fileStamp) bool {
	return s == other && (s.CTime != 0 || s.Missing)
}

// stampOf takes the stamp of a file, following symbolic links.
func stampOf(path string) fileStamp {
	info, err := os.Stat(path)
	if err != nil {
		return fileStamp{Missing: true}
	}
	return stampInfo(path, info)
}

// stampsOf takes the stamps of the files that a program consists of: itself, and where its links lead.
func stampsOf(paths ...string) map[string]fileStamp {
	stamps := map[string]fileStamp{}
	for _, p := range paths {
		if filepath.IsAbs(p) {
			stamps[p] = stampOf(p)
		}
	}
	return stamps
}

// sameStamps reports whether nothing about the files has changed. Without times of change the other numbers must do:
// these are installed tools and headers, which a package manager replaces whole.
func sameStamps(stamps map[string]fileStamp) bool {
	for p, s := range stamps {
		if stampOf(p) != s {
			return false
		}
	}
	return true
}
