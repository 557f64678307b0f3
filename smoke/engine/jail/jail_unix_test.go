//go:build unix

package jail

import (
	"net"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/tetratelabs/wazero/experimental/sys"
)

// TestOnlyFilesOpen must not hang: nobody is at the other end of the pipe.
func TestOnlyFilesOpen(t *testing.T) {
	j, inside, _ := prison(t, true)
	must(t, syscall.Mkfifo(filepath.Join(inside, "fifo"), 0o600))
	if l, err := net.Listen("unix", filepath.Join(inside, "socket")); err == nil {
		defer l.Close()
	}
	must(t, os.Symlink("fifo", filepath.Join(inside, "tofifo")))
	names := []string{"fifo", "socket", "tofifo"}
	if syscall.Mknod(filepath.Join(inside, "null"), syscall.S_IFCHR|0o600, 1<<8|3) == nil {
		names = append(names, "null") // as root only
	}
	for _, name := range names {
		for _, flag := range []sys.Oflag{0, sys.O_RDWR, sys.O_WRONLY, sys.O_CREAT | sys.O_RDWR} {
			if _, code := read(j, name, flag); code != sys.EACCES && code != sys.ENOENT {
				t.Errorf("%s with %b: %v, want EACCES", name, flag, code)
			}
		}
	}
	if jail, err := New(filepath.Join(inside, "file"), false, nil); err == nil {
		jail.Close()
		t.Error("a file was mounted as a directory")
	}
}

// TestKindSwappedBeforeOpen opens what kind took for a file.
func TestKindSwappedBeforeOpen(t *testing.T) {
	j, inside, _ := prison(t, true)
	must(t, syscall.Mkfifo(filepath.Join(inside, "fifo"), 0o600))
	for _, flag := range []sys.Oflag{0, sys.O_RDWR, sys.O_WRONLY} {
		if f, err := j.open("fifo", flag, 0); err == nil {
			f.Close()
			t.Errorf("opened a pipe with %b", flag)
		}
	}
}

// TestRace swaps what a path leads to, as fast as it can, while the jail walks
// it. With wazero's own mounts the secret comes out within milliseconds.
func TestRace(t *testing.T) {
	j, inside, outside := prison(t, true)
	stop := make(chan struct{})
	done := make(chan struct{})
	go func() {
		defer close(done)
		step := filepath.Join(inside, "step")
		for {
			select {
			case <-stop:
				return
			default:
			}
			_ = os.Mkdir(step, 0o700)
			_ = os.WriteFile(filepath.Join(step, "secret"), []byte("harmless"), 0o600)
			_ = os.RemoveAll(step)
			_ = os.Symlink(outside, step)
			_ = os.Remove(step)
			_ = os.Symlink("../outside", step)
			_ = os.Remove(step)
		}
	}()
	opened := 0
	for deadline := time.Now().Add(300 * time.Millisecond); time.Now().Before(deadline); {
		got, code := read(j, "step/secret", 0)
		if strings.Contains(got, secret) {
			t.Fatal("read the secret")
		}
		if code == 0 {
			opened++
		}
		if f, code := j.OpenFile("step/new", sys.O_CREAT|sys.O_RDWR, 0); code == 0 {
			f.Close()
		}
		_ = j.Rename("file", "step/file")
		_ = j.Rename("step/file", "file")
		_ = j.Unlink("step/secret")
	}
	close(stop)
	<-done
	unharmed(t, outside)
	t.Logf("opened the harmless file %d times", opened)
}
