package durable

import (
	"errors"
	"os"
	"time"

	"golang.org/x/sys/windows"
)

// replace renames, and is patient with readers: Windows refuses to replace a
// file while another process has it open, which for our small files is a matter
// of milliseconds.
func replace(from, to string) error {
	const patience = 2 * time.Second
	deadline := time.Now().Add(patience)
	for {
		err := os.Rename(from, to)
		busy := errors.Is(err, windows.ERROR_ACCESS_DENIED) || errors.Is(err, windows.ERROR_SHARING_VIOLATION)
		if !busy || time.Now().After(deadline) {
			return err
		}
		time.Sleep(5 * time.Millisecond)
	}
}

// SyncDir does nothing: NTFS journals names, and folders cannot be synced.
func SyncDir(string) error { return nil }
