package build

import (
	"context"
	"encoding/json"
	"errors"
	"os"
	"path/filepath"
	"slices"
	"strings"
)

// keptFormat is part of each tree's name: count it up when what is in one changes its meaning.
const keptFormat = "1"

// A keptTree is what is left of the last build of one project with one toolchain and one set of options: whatever
// shapes the result and does not lie in the project's folder is part of its name. So the result of a build in it is
// that of a build from nothing. It belongs to one build at a time.
type keptTree struct{ *kept }

// openTree opens the tree for the job, an empty one when there is none. The identity is what shapes the result beside the
// sources and [Options].
func openTree(ctx context.Context, j *job, identity ...any) (*keptTree, error) {
	if j.Inventory {
		identity = append(identity, "inventory") // what is linked is written down when it is linked
	}
	key, err := json.Marshal([]any{keptFormat, j.Dir, j.C, j.Target, lastingEnv(j.Env), identity})
	if err != nil {
		return nil, err
	}
	k, err := j.keep(ctx, LanguageC, string(key))
	if err != nil {
		return nil, err
	}
	j.closers = append(j.closers, k.release)
	return &keptTree{k}, nil
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

// now is the present time as the file system knows it, in nanoseconds. The tree counts as used then.
func (t *keptTree) now() (int64, error) {
	now, err := t.started()
	return now.UnixNano(), err
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
	return writeCache(t.path("state.json"), b)
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
	return t.clear()
}

// sessionVariables tell about a terminal or a login. They shape no module, and are others in every window.
var sessionVariables = []string{
	"_", "PWD", "OLDPWD", "SHLVL", "TERM*", "COLORTERM", "COLUMNS", "LINES", "DISPLAY", "WAYLAND_*", "WINDOWID", "SSH_*", "GPG_*", "XDG_SESSION*",
	"XDG_RUNTIME_DIR", "XDG_VTNR", "XDG_SEAT*", "DBUS_*", "TMUX*", "STY", "PS1", "LS_COLORS", "LESS*", "HIST*", "MAIL", "VTE_VERSION", "EDITOR",
	"PAGER", "WPK_*", "INVOCATION_ID", "JOURNAL_STREAM", "TMPDIR",
}

// lastingEnv is the part of an environment that may shape what tools make, sorted.
func lastingEnv(env []string) []string {
	env = dropenv(cleanEnv(env), sessionVariables...)
	slices.Sort(env)
	return slices.Compact(env)
}

// below reports whether a path lies in a folder, and where in it.
func below(dir, path string) (rel string, ok bool) {
	rel, ok = strings.CutPrefix(path, dir+string(filepath.Separator))
	return rel, ok
}
