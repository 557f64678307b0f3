package engine

import (
	"fmt"
	"os"

	"github.com/tetratelabs/wazero"
)

// openCache opens wazero's folder of machine code. wazero keys it by its own
// version, the machine and the module's digest.
func openCache(dir string) (wazero.CompilationCache, error) {
	if err := PrivateDir(dir); err != nil {
		return nil, err
	}
	return wazero.NewCompilationCacheWithDir(dir)
}

// PrivateDir makes sure that dir is a folder which only this user can change,
// since what lies there will be executed: it is created, or narrowed, to mode
// 0700, and refused when it is a link or belongs to somebody else.
func PrivateDir(dir string) error {
	if err := os.MkdirAll(dir, 0o700); err != nil {
		return err
	}
	info, err := os.Lstat(dir)
	switch {
	case err != nil:
		return err
	case !info.IsDir():
		return fmt.Errorf("%w: %s is not a folder", ErrCache, dir)
	case !ownedByUser(info):
		return fmt.Errorf("%w: %s belongs to another user", ErrCache, dir)
	case info.Mode().Perm()&0o077 == 0:
		return nil
	}
	return os.Chmod(dir, 0o700)
}
