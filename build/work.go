package build

import (
	"os"
	"path/filepath"
	"strings"
)

// makeWork makes a private folder below cache. Its path is real, so that a compiler's prefix map matches what the
// tools see as their current folder.
func makeWork(cache string) (string, error) {
	if cache == "" {
		cache = os.TempDir()
	}
	if err := os.MkdirAll(cache, 0o700); err != nil {
		return "", err
	}
	cache, err := realPath(cache)
	if err != nil {
		return "", err
	}
	return os.MkdirTemp(cache, "wpk-build-")
}

// realPath returns the absolute path of a file that exists, without symbolic links.
func realPath(name string) (string, error) {
	name, err := filepath.Abs(name)
	if err != nil {
		return "", err
	}
	return filepath.EvalSymlinks(name)
}

// path returns a path in the job's work folder.
func (j *job) path(elem ...string) string {
	return filepath.Join(append([]string{j.work}, elem...)...)
}

// portable rewrites the folders of this job in flags, so that equal builds have equal facts.
func (j *job) portable(flags []string) []string {
	r := strings.NewReplacer(j.work, "work", j.Dir, ".")
	out := make([]string, len(flags))
	for i, f := range flags {
		out[i] = r.Replace(f)
	}
	return out
}

// filesIn returns the names of a folder's regular files that end in suffix, sorted.
func filesIn(dir, suffix string) []string {
	entries, _ := os.ReadDir(dir)
	var names []string
	for _, e := range entries {
		if strings.HasSuffix(e.Name(), suffix) && exists(dir, e.Name()) {
			names = append(names, e.Name())
		}
	}
	return names
}
