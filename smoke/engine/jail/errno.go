package jail

import (
	"errors"
	"io/fs"
	"syscall"

	"github.com/tetratelabs/wazero/experimental/sys"
)

// errno translates an error of package os. os.Root's own refusals, such as
// "path escapes from parent", carry no error number; like other WASI hosts we
// answer EPERM to them.
func errno(err error) sys.Errno {
	var number syscall.Errno
	var own sys.Errno
	switch {
	case err == nil:
		return 0
	case errors.As(err, &own):
		return own
	case errors.As(err, &number):
		return sys.UnwrapOSError(number)
	case errors.Is(err, fs.ErrClosed):
		return sys.EBADF
	default:
		return sys.EPERM
	}
}
