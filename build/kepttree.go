package build

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"

	"github.com/wpkdev/wpk/internal/filelock"
)

// Limits of what is kept of earlier builds: the trees that were used last.
const (
	maxKeptTrees     = 32
	maxKeptTreeBytes = 8 << 30
)

// keptFormat is part of each tree's name: count it up when what is in one changes its meaning.
const keptFormat = "1"

// A keptTree is what is left of the last build of one project with one toolchain and one set of options: whatever
// shapes the result and does not lie in the project's folder is part of its name. So the result of a build in it is
// that of a build from nothing. It belongs to one build at a time.
type keptTree struct {
	dir    string
	used   string // a file whose time tells when the tree was used last
	parent string
	size   int64 // bytes, roughly; 0 = as before
}

// openTree opens the tree for the job, an empty one when there is none. The identity is what shapes the result beside the
// sources and [Options].
func openTree(ctx context.Context, j *job, identity ...any) (*keptTree, error) {
	key, err := json.Marshal([]any{keptFormat, j.Dir, j.C, j.Target, lastingEnv(j.Env), identity})
	if err != nil {
		return nil, err
	}
	parent := j.keptDir()
	if err := os.MkdirAll(parent, 0o700); err != nil {
		return nil, err
	}
	name := hashOf(key)[:20]
	release, err := lockTree(ctx, parent, name)
	if err != nil {
		return nil, err
	}
	j.closers = append(j.closers, release)
	t := &keptTree{dir: filepath.Join(parent, name), parent: parent}
	t.used = t.path("used")
	if err := os.MkdirAll(t.dir, 0o700); err != nil {
		return nil, err
	}
	return t, t.touch()
}

// keptDir is the folder of what makes the next build faster. Without a cache folder of the caller's nothing is kept: the
// system's temporary folder is not private.
func (j *job) keptDir() string {
	if j.Cache == "" {
		return j.path("kept")
	}
	return filepath.Join(filepath.Dir(j.work), "wpk-kept")
}

// touch gives the tree the present time, as the file system knows it, and keeps its size on record.
func (t *keptTree) touch() error {
	size, err := os.ReadFile(t.used)
	if err != nil || t.size != 0 {
		size = strconv.AppendInt(nil, t.size, 10)
	}
	return os.WriteFile(t.used, size, 0o600)
}

// lockTree locks a tree. Its lock is one of a few files that are never removed: a lock file that goes away with its tree
// lets two processes hold locks on two files of one name.
func lockTree(ctx context.Context, parent, name string) (release func(), err error) {
	return filelock.Lock(ctx, filepath.Join(parent, "lock-"+name[:2]), filelock.Exclusive)
}

// path returns a path in the tree.
func (t *keptTree) path(elem ...string) string {
	return filepath.Join(append([]string{t.dir}, elem...)...)
}

// emulator is the command that runs a module in a build: it sees the tree under its own name, and the current folder.
func (t *keptTree) emulator(j *job) []string {
	if len(j.C.Emulator) == 0 {
		return nil
	}
	return append(slices.Clone(j.C.Emulator), "--dir", ".:/:rw", "--dir", t.dir+":"+filepath.ToSlash(t.dir)+":rw")
}

// now is the present time as the file system knows it, in nanoseconds.
func (t *keptTree) now() (int64, error) {
	if err := os.WriteFile(t.path("now"), []byte{'\n'}, 0o600); err != nil {
		return 0, err
	}
	info, err := os.Stat(t.path("now"))
	if err != nil {
		return 0, err
	}
	return info.ModTime().UnixNano(), nil
}

// load reads the tree's state of that type. It reports false when there is none, or none that can be trusted.
func (t *keptTree) load(state any) bool {
	b, err := os.ReadFile(t.path("state.json"))
	return err == nil && json.Unmarshal(b, state) == nil
}

// save writes the state. It is not synced: a state that is cut off does not decode, and means a build from nothing.
func (t *keptTree) save(state any) error {
	b, err := json.Marshal(state)
	if err != nil {
		return err
	}
	return replaceFile(t.path("state.json"), b)
}

// spoil takes the state away until the next save: a build that is killed leaves a tree that nobody trusts.
func (t *keptTree) spoil() error {
	err := os.Remove(t.path("state.json"))
	if errors.Is(err, os.ErrNotExist) {
		return nil
	}
	return err
}

// wipe empties the tree.
func (t *keptTree) wipe() error {
	if err := t.spoil(); err != nil {
		return err
	}
	entries, err := os.ReadDir(t.dir)
	if err != nil {
		return err
	}
	for _, e := range entries {
		if e.Name() == filepath.Base(t.used) || e.Name() == "now" {
			continue
		}
		if err := os.RemoveAll(t.path(e.Name())); err != nil {
			return err
		}
	}
	return nil
}

// prune removes the trees that were used longest ago. Those in use stay.
func (t *keptTree) prune() {
	entries, _ := os.ReadDir(t.parent)
	type tree struct {
		name string
		time int64
		size int64
	}
	var trees []tree
	for _, e := range entries {
		if used, err := os.Stat(filepath.Join(t.parent, e.Name(), filepath.Base(t.used))); err == nil {
			b, _ := os.ReadFile(filepath.Join(t.parent, e.Name(), filepath.Base(t.used)))
			size, _ := strconv.ParseInt(string(b), 10, 64)
			trees = append(trees, tree{e.Name(), used.ModTime().UnixNano(), size})
		}
	}
	slices.SortFunc(trees, func(a, b tree) int { return int(min(max(b.time-a.time, -1), 1)) })
	var sum int64
	for i, other := range trees {
		sum += other.size
		if (i < maxKeptTrees && sum < maxKeptTreeBytes) || other.name == filepath.Base(t.dir) {
			continue
		}
		if other.name[:2] == filepath.Base(t.dir)[:2] {
			continue // our own lock; the next build of another project removes it
		}
		t.remove(other.name)
	}
}

// remove removes another tree, unless somebody uses it.
func (t *keptTree) remove(name string) {
	now, cancel := context.WithCancel(context.Background())
	cancel() // a context that has ended does not wait for the lock
	release, err := lockTree(now, t.parent, name)
	if err != nil {
		return
	}
	defer release()
	other := &keptTree{dir: filepath.Join(t.parent, name)}
	if other.spoil() == nil {
		_ = os.RemoveAll(other.dir)
	}
}

// sessionVariables tell about a terminal or a login. They shape no module, and are others in every window.
var sessionVariables = []string{
	"_", "PWD", "OLDPWD", "SHLVL", "TERM*", "COLORTERM", "COLUMNS", "LINES", "DISPLAY", "WAYLAND_*", "WINDOWID", "SSH_*", "GPG_*", "XDG_SESSION*",
	"XDG_RUNTIME_DIR", "XDG_VTNR", "XDG_SEAT*", "DBUS_*", "TMUX*", "STY", "PS1", "LS_COLORS", "LESS*", "HIST*", "MAIL", "VTE_VERSION", "EDITOR",
	"PAGER", "WPK_*", "INVOCATION_ID", "JOURNAL_STREAM", "TMPDIR",
}

// lastingEnv is the part of an environment that may shape what tools make, sorted.
func lastingEnv(env []string) []string {
	env = dropenv(cEnv(env), sessionVariables...)
	slices.Sort(env)
	return slices.Compact(env)
}

// hashOf returns the hexadecimal SHA-256 digest of some bytes.
func hashOf(b []byte) string {
	sum := sha256.Sum256(b)
	return hex.EncodeToString(sum[:])
}

// below reports whether a path lies in a folder, and where in it.
func below(dir, path string) (rel string, ok bool) {
	rel, ok = strings.CutPrefix(path, dir+string(filepath.Separator))
	return rel, ok
}
