package smoke

import (
	"context"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"time"

	"github.com/wpkdev/wpk/smoke/engine"
)

// workspace is a private folder for one matrix: the module, and what each cell
// writes.
type workspace struct {
	dir    string
	module string // its path
	digest string
}

func newWorkspace(module []byte) (*workspace, error) {
	dir, err := os.MkdirTemp("", "wpk-smoke-")
	if err != nil {
		return nil, err
	}
	w := &workspace{dir: dir, module: filepath.Join(dir, "module.wasm"), digest: engine.Digest(module)}
	if err := os.WriteFile(w.module, module, 0o400); err != nil {
		w.remove()
		return nil, err
	}
	return w, nil
}

func (w *workspace) remove() { _ = os.RemoveAll(w.dir) }

// folder makes the folder of one cell's attempt.
func (w *workspace) folder(name string) (string, error) {
	dir := filepath.Join(w.dir, name)
	return dir, os.Mkdir(dir, 0o700)
}

// privateCopies replaces each writable directory by a copy below dir, and makes
// the paths absolute, since a runner may start elsewhere.
func privateCopies(ctx context.Context, dir string, dirs []engine.Dir) ([]engine.Dir, error) {
	private := make([]engine.Dir, 0, len(dirs))
	for i, d := range dirs {
		host, err := filepath.Abs(d.Host)
		if err != nil {
			return nil, err
		}
		if d.Writable {
			to := filepath.Join(dir, strconv.Itoa(i))
			if err := copyTree(ctx, host, to); err != nil {
				return nil, err
			}
			host = to
		}
		private = append(private, engine.Dir{Host: host, Guest: d.Guest, Writable: d.Writable})
	}
	return private, nil
}

// copyTree copies directories, regular files and links with their times.
// Whatever else there is could not be opened by a module anyway.
func copyTree(ctx context.Context, from, to string) error {
	root, err := os.OpenRoot(from)
	if err != nil {
		return err
	}
	defer func() { _ = root.Close() }()
	t := &tree{from: root, to: to}
	err = fs.WalkDir(root.FS(), ".", func(path string, d fs.DirEntry, err error) error {
		if err == nil {
			err = ctx.Err()
		}
		if err != nil {
			return err
		}
		return t.copy(path, d)
	})
	if err != nil {
		return err
	}
	for _, d := range slices.Backward(t.dirs) { // writing into them has changed their times
		if err := os.Chtimes(d.path, time.Time{}, d.modified); err != nil {
			return err
		}
	}
	return nil
}

type tree struct {
	from *os.Root
	to   string
	dirs []copiedDir
}

type copiedDir struct {
	path     string
	modified time.Time
}

func (t *tree) copy(path string, d fs.DirEntry) error {
	info, err := d.Info()
	if err != nil {
		return err
	}
	to := filepath.Join(t.to, filepath.FromSlash(path))
	switch info.Mode().Type() {
	case fs.ModeDir:
		t.dirs = append(t.dirs, copiedDir{to, info.ModTime()})
		return os.Mkdir(to, info.Mode().Perm()|0o700)
	case fs.ModeSymlink:
		target, err := t.from.Readlink(path)
		if err != nil {
			return err
		}
		return os.Symlink(target, to)
	case 0:
		return t.file(path, to, info)
	default:
		return nil
	}
}

func (t *tree) file(path, to string, info fs.FileInfo) error {
	in, err := t.from.Open(path)
	if err != nil {
		return err
	}
	defer func() { _ = in.Close() }()
	out, err := os.OpenFile(to, os.O_WRONLY|os.O_CREATE|os.O_EXCL, info.Mode().Perm()|0o600)
	if err != nil {
		return err
	}
	_, err = out.ReadFrom(in)
	if closeErr := out.Close(); err == nil {
		err = closeErr
	}
	if err != nil {
		return err
	}
	return os.Chtimes(to, time.Time{}, info.ModTime())
}
