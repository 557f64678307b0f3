package registry

import (
	"errors"
	"os"

	"golang.org/x/sys/windows"
)

// isStoreFailure recognizes a place that takes no more bytes.
func isStoreFailure(err error) bool {
	return errors.Is(err, os.ErrPermission) || errors.Is(err, windows.ERROR_WRITE_PROTECT) ||
		errors.Is(err, windows.ERROR_DISK_FULL) || errors.Is(err, windows.ERROR_HANDLE_DISK_FULL) ||
		errors.Is(err, windows.ERROR_PATH_NOT_FOUND)
}

// isConnectionLost recognizes a connection that broke rather than a refusal.
func isConnectionLost(err error) bool {
	return errors.Is(err, windows.WSAECONNRESET) || errors.Is(err, windows.WSAECONNABORTED)
}
