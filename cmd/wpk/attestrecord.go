package main

import (
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"github.com/opencontainers/go-digest"
	"github.com/spf13/cobra"

	"github.com/wpkdev/wpk/attest"
	"github.com/wpkdev/wpk/build"
	"github.com/wpkdev/wpk/internal/durable"
)

// A buildRecord is what this machine knows of how an artifact came to be. It
// lies in the cache under the artifact's digest, so that wpk attest finds it.
type buildRecord struct {
	Format  int           `json:"format"`
	Module  attest.Module `json:"module"`
	Facts   build.Facts   `json:"facts"`
	Recipe  attest.Recipe `json:"recipe"`
	Replay  replay        `json:"replay"`
	Whole   bool          `json:"whole"` // the facts are those of an inventory
	Version string        `json:"version"`
}

// replay is the command line, for this machine only.
type replay struct {
	Dir  string   `json:"dir"` // where wpk ran
	Args []string `json:"args"`
}

const (
	recordFormat = 1
	maxRecord    = 16 << 20
	// maxRecords is how many are kept.
	maxRecords = 512
)

func (a *app) recordsDir() (string, error) {
	cache, err := a.cacheDir()
	return filepath.Join(cache, "builds"), err
}

// remember writes down how an artifact was built, in each of its layouts.
func (a *app) remember(r buildRecord, digests ...string) error {
	r.Format, r.Version = recordFormat, versionOf()
	return a.writeRecord(r, digests...)
}

func (a *app) writeRecord(r any, names ...string) error {
	dir, err := a.recordsDir()
	if err != nil {
		return err
	}
	if err := os.MkdirAll(dir, 0o700); err != nil {
		return err
	}
	raw, err := json.Marshal(r)
	if err != nil {
		return err
	}
	for _, name := range names {
		err = errors.Join(err, durable.WriteCache(recordFile(dir, name), func(w io.Writer) error {
			_, err := w.Write(raw)
			return err
		}))
	}
	forgetOldest(dir)
	return err
}

func recordFile(dir, name string) string {
	return filepath.Join(dir, strings.ReplaceAll(name, ":", "-")+".json")
}

// readRecord reports false when there is none, or none that this version reads.
func (a *app) readRecord(name string, r any) (bool, error) {
	dir, err := a.recordsDir()
	if err != nil {
		return false, err
	}
	f, err := os.Open(recordFile(dir, name))
	if errors.Is(err, fs.ErrNotExist) {
		return false, nil
	}
	if err != nil {
		return false, err
	}
	defer f.Close()
	raw, err := io.ReadAll(io.LimitReader(f, maxRecord))
	return err == nil && json.Unmarshal(raw, r) == nil, err
}

// forgetOldest removes the records that nobody has written for the longest time.
func forgetOldest(dir string) {
	entries, err := os.ReadDir(dir)
	if err != nil || len(entries) <= maxRecords {
		return
	}
	age := func(e fs.DirEntry) int64 {
		info, err := e.Info()
		if err != nil {
			return 0
		}
		return info.ModTime().UnixNano()
	}
	slices.SortFunc(entries, func(x, y fs.DirEntry) int { return int((age(x) - age(y)) >> 20) })
	for _, e := range entries[:len(entries)-maxRecords] {
		_ = os.Remove(filepath.Join(dir, e.Name()))
	}
}

// recall is what is known of an artifact; nil when nothing is.
func (a *app) recall(d digest.Digest) (*buildRecord, error) {
	var r buildRecord
	found, err := a.readRecord(d.String(), &r)
	if err != nil || !found || r.Format != recordFormat {
		return nil, err
	}
	return &r, nil
}

// A command that can be recorded: build or pack, its flags and its operand.
type recorded struct {
	command *cobra.Command
	operand string
}

// shaping tells which flags shape the artifact, and so belong to its recipe.
func shaping() map[string]bool {
	names := map[string]bool{}
	scratch := &cobra.Command{}
	(&compileFlags{}).register(scratch)
	(&imageFlags{}).register(scratch)
	for name := range flagValues(scratch, nil) {
		names[name] = true
	}
	names["name"] = true // of pack
	delete(names, "jobs")
	return names
}

// replay is the command line as it was given.
func (r recorded) replay() (replay, error) {
	dir, err := os.Getwd()
	if err != nil {
		return replay{}, err
	}
	p := replay{Dir: dir}
	given := flagValues(r.command, shaping())
	for _, name := range sortedNames(given) {
		for _, v := range given[name] {
			p.Args = append(p.Args, "--"+name+"="+v)
		}
	}
	p.Args = append(p.Args, "--", r.operand)
	return p, nil
}

// recipe is the command line so that it means the same in another clone of the
// repository, and what in it does not.
func (r recorded) recipe(epoch string, s build.Source) (recipe attest.Recipe, varies []string, err error) {
	recipe = attest.Recipe{Command: r.command.Name(), SourceDateEpoch: epoch, Options: flagValues(r.command, shaping())}
	where, err := newWhereabouts(r.operand, s)
	if err != nil {
		return recipe, nil, err
	}
	recipe.WorkingDirectory, recipe.Operand = where.directory, where.operand
	for _, name := range []string{"file", "requirements", "wheels", "site-packages"} {
		for i, v := range recipe.Options[name] {
			rest := ""
			if at := strings.LastIndexByte(v, ':'); name == "file" && at > 0 {
				v, rest = v[:at], v[at:]
			}
			path, inside := where.portable(v)
			recipe.Options[name][i] = path + rest
			if !inside {
				varies = append(varies, fmt.Sprintf("--%s takes %s from outside of the sources", name, path))
			}
		}
	}
	if len(recipe.Options) == 0 {
		recipe.Options = nil
	}
	return recipe, varies, nil
}

// whereabouts are the places of a command line relative to the repository.
type whereabouts struct {
	root      string // the repository's folder
	base      string // where relative paths start
	directory string // base below root, slash-separated; "" = the same
	operand   string // the project relative to base
}

func newWhereabouts(dir string, s build.Source) (*whereabouts, error) {
	project, err := realPath(dir)
	if err != nil {
		return nil, err
	}
	cwd, err := realPath(".")
	if err != nil {
		return nil, err
	}
	w := &whereabouts{root: project}
	if info, err := os.Stat(project); err == nil && !info.IsDir() {
		w.root = filepath.Dir(project)
	}
	if s.Folder != "" {
		for range strings.Split(s.Folder, "/") {
			w.root = filepath.Dir(w.root)
		}
	}
	w.base = w.root
	if rel, ok := relativeTo(w.root, cwd); ok {
		w.base, w.directory = cwd, strings.TrimPrefix(rel, ".")
	}
	rel, err := filepath.Rel(w.base, project)
	w.operand = filepath.ToSlash(rel)
	return w, err
}

// portable writes a path of the command line relative to base; outside of the
// repository only its last element is told.
func (w *whereabouts) portable(path string) (rel string, inside bool) {
	real, err := realPath(path)
	if err != nil {
		return filepath.Base(path), false
	}
	if _, ok := relativeTo(w.root, real); !ok {
		return filepath.Base(path), false
	}
	rel, err = filepath.Rel(w.base, real)
	return filepath.ToSlash(rel), err == nil
}

// relativeTo is a path below a folder, slash-separated.
func relativeTo(dir, path string) (string, bool) {
	rel, err := filepath.Rel(dir, path)
	return filepath.ToSlash(rel), err == nil && filepath.IsLocal(rel)
}

func realPath(path string) (string, error) {
	path, err := filepath.Abs(path)
	if err != nil {
		return "", err
	}
	return filepath.EvalSymlinks(path)
}
