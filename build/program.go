package build

import (
	"bytes"
	"cmp"
	"crypto/sha256"
	"io"
	"io/fs"
	"os"
	"path"
	"path/filepath"
	"slices"
	"strings"

	"github.com/wpkdev/wpk/wasm"
)

// A stamp tells whether a file has changed.
type stamp struct {
	Size int64
	Time int64 // of the last modification, in nanoseconds
}

// wasmFiles finds the WebAssembly files below a folder by their first bytes: make and CMake projects name programs as
// they like. The keys are slash-separated paths below the folder. The experiments of CMake and Meson are left out.
func wasmFiles(dir string) (map[string]stamp, error) {
	found := map[string]stamp{}
	err := filepath.WalkDir(dir, func(p string, d fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		if d.IsDir() && (d.Name() == "CMakeFiles" || d.Name() == "meson-private") {
			return fs.SkipDir
		}
		if !d.Type().IsRegular() || !hasMagic(p) {
			return nil
		}
		info, err := d.Info()
		if err != nil {
			return err
		}
		rel, err := filepath.Rel(dir, p)
		found[filepath.ToSlash(rel)] = stamp{info.Size(), info.ModTime().UnixNano()}
		return err
	})
	return found, err
}

// hasMagic reports whether a file begins as WebAssembly does: https://webassembly.github.io/spec/core/binary/modules.html
func hasMagic(name string) bool {
	f, err := os.Open(name)
	if err != nil {
		return false
	}
	defer f.Close()
	magic := make([]byte, 4)
	_, err = io.ReadFull(f, magic)
	return err == nil && bytes.Equal(magic, []byte("\x00asm"))
}

// chooseProgram returns the program that a build has made in dir: the only executable module that was not there
// before, or the one that bin names by its path, or by its file name with or without suffix. Copies of one program
// (installed ones, say) count once.
func chooseProgram(j *job, dir string, before map[string]stamp) (string, error) {
	files, err := wasmFiles(dir)
	if err != nil {
		return "", err
	}
	var candidates []string
	seen := map[[sha256.Size]byte]bool{}
	for _, name := range sortedByDepth(files) {
		if files[name] == before[name] || (j.bin() != "" && !isNamed(name, j.bin())) {
			continue
		}
		sum, ok := readProgram(filepath.Join(dir, filepath.FromSlash(name)), files[name].Size)
		if ok && !seen[sum] {
			seen[sum] = true
			candidates = append(candidates, name)
		}
	}
	switch len(candidates) {
	case 0:
		return "", &ResultError{Name: j.bin(), Err: ErrNoProgram}
	case 1:
		return candidates[0], nil
	}
	return "", &AmbiguousError{Dir: j.Dir, What: "programs", Candidates: shortNames(candidates)}
}

// bin is the program that the options name.
func (j *job) bin() string { return cmp.Or(j.C.Bin, j.Zig.Bin, j.Ruby.Bin, j.Command.Bin) }

// shortNames returns what isNamed understands for each file: its program's name, or its path where names are equal.
func shortNames(files []string) []string {
	count := map[string]int{}
	for _, f := range files {
		count[programName(f)]++
	}
	names := make([]string, len(files))
	for i, f := range files {
		if names[i] = programName(f); count[names[i]] > 1 {
			names[i] = strings.TrimSuffix(f, ".wasm")
		}
	}
	slices.Sort(names)
	return names
}

// sortedByDepth orders paths: the ones nearest to the root first.
func sortedByDepth(files map[string]stamp) []string {
	names := make([]string, 0, len(files))
	for name := range files {
		names = append(names, name)
	}
	slices.SortFunc(names, func(a, b string) int {
		if d := strings.Count(a, "/") - strings.Count(b, "/"); d != 0 {
			return d
		}
		return strings.Compare(a, b)
	})
	return names
}

// isNamed reports whether bin means the program in this file: its name, or the end of its path.
func isNamed(file, bin string) bool {
	file, bin = strings.TrimSuffix(file, ".wasm"), strings.TrimSuffix(path.Clean(filepath.ToSlash(bin)), ".wasm")
	return strings.HasSuffix("/"+file, "/"+bin)
}

// readProgram reports whether a file is a program, not an object file, and returns the digest of its content.
func readProgram(name string, size int64) (sum [sha256.Size]byte, ok bool) {
	if size > maxModule {
		return sum, true // load says why not
	}
	b, err := os.ReadFile(name)
	if err != nil {
		return sum, false
	}
	m, err := wasm.Decode(b)
	return sha256.Sum256(b), err == nil && (m.IsCommand() || m.IsReactor())
}

// programName is a program's name without folder and suffix.
func programName(file string) string {
	return strings.TrimSuffix(path.Base(file), ".wasm")
}
