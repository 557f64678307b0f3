package durable

import (
	"math"
	"os"
	"path/filepath"
	"slices"
)

// KeepNewest removes what was written longest ago from a folder of a cache,
// until at most so many files are left, of at most so many bytes; a limit of 0
// is none. What cannot be removed is for the next time.
func KeepNewest(dir string, files int, bytes int64) {
	if files == 0 {
		files = math.MaxInt
	}
	if bytes == 0 {
		bytes = math.MaxInt64
	}
	entries, err := os.ReadDir(dir)
	if err != nil {
		return
	}
	var all []os.FileInfo
	var total int64
	for _, e := range entries {
		if info, err := e.Info(); err == nil && info.Mode().IsRegular() && !IsTemp(e.Name()) {
			all = append(all, info)
			total += info.Size()
		}
	}
	slices.SortStableFunc(all, func(a, b os.FileInfo) int { return a.ModTime().Compare(b.ModTime()) })
	for len(all) > files || total > bytes {
		_ = os.Remove(filepath.Join(dir, all[0].Name()))
		total -= all[0].Size()
		all = all[1:]
	}
}
