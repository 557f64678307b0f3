//go:build unix

package registry

import (
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"os/signal"
	"path/filepath"
	"testing"

	"golang.org/x/sys/unix"
)

// childLimited saves an artifact while no file may be larger than 64 KiB, which
// fails in the middle of a blob as a full disk does.
func childLimited(dir string) int {
	signal.Ignore(unix.SIGXFSZ)
	if err := unix.Setrlimit(unix.RLIMIT_FSIZE, &unix.Rlimit{Cur: 64 << 10, Max: 64 << 10}); err != nil {
		fmt.Println(err)
		return 1
	}
	ctx := context.Background()
	s, err := OpenStore(dir)
	if err != nil {
		fmt.Println(err)
		return 1
	}
	_, err = pushBytes(ctx, s, content(1, 1<<20), layerType)
	if !errors.Is(err, ErrStore) {
		fmt.Println("store:", err)
		return 1
	}
	a, err := openArchive(dir + ".tar")
	if err != nil {
		fmt.Println(err)
		return 1
	}
	for i := range uint64(3) { // each fits, together they do not
		d, err := pushBytes(ctx, a, content(i, 30<<10), layerType)
		if err == nil {
			err = a.Tag(ctx, d, fmt.Sprint(i))
		}
		if err != nil {
			fmt.Println(err)
			return 1
		}
	}
	if err := a.Close(); !errors.Is(err, ErrStore) {
		fmt.Println("archive:", err)
		return 1
	}
	return 0
}

func TestFullDisk(t *testing.T) {
	dir := filepath.Join(t.TempDir(), "store")
	cmd := exec.CommandContext(t.Context(), os.Args[0]) // #nosec G702 -- ourselves
	cmd.Env = append(os.Environ(), childStore+"="+dir, childSeed+"=limited")
	if out, err := cmd.CombinedOutput(); err != nil {
		t.Fatalf("%v\n%s", err, out)
	}
	assertNoTemp(t, filepath.Dir(dir))
	if _, err := os.Stat(dir + ".tar"); !errors.Is(err, os.ErrNotExist) {
		t.Errorf("half an archive was left: %v", err)
	}
	if n := len(files(t, dir)); n != 1 {
		t.Errorf("%d files in the store, want oci-layout alone", n)
	}
}
