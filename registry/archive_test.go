package registry

import (
	"archive/tar"
	"bytes"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/wpkdev/wpk/internal/wpktest"
)

// export copies an artifact into an archive and closes it.
func export(t *testing.T, src Source, name, file, tag string) {
	t.Helper()
	dst := mustOpen(t, "oci-archive:"+file, Options{})
	_, err := Copy(t.Context(), src, name, dst, tag, CopyOptions{})
	must(t, err)
	must(t, dst.Close())
}

func TestArchiveIsDeterministic(t *testing.T) {
	dir := t.TempDir()
	var sums [2][]byte
	for i := range sums {
		src, _ := saved(t, 1, 10_000, "x")
		file := filepath.Join(dir, string(rune('a'+i))+".tar")
		export(t, src, "x", file, "1")
		var err error
		sums[i], err = os.ReadFile(file)
		must(t, err)
	}
	if !bytes.Equal(sums[0], sums[1]) {
		t.Error("the same artifact gave two archives")
	}
	if left := files(t, dir); len(left) != 2 {
		t.Errorf("left: %v", left)
	}
}

func TestArchiveKeepsWhatItHas(t *testing.T) {
	file := filepath.Join(t.TempDir(), "a.tar")
	one, rootOne := saved(t, 1, 1000, "x")
	two, rootTwo := saved(t, 40, 1000, "x")
	export(t, one, "x", file, "1")
	export(t, two, "x", file, "2")
	a := mustOpen(t, "oci-archive:"+file, Options{})
	for tag, want := range map[string]string{"1": rootOne.Digest.String(), "2": rootTwo.Digest.String()} {
		d, err := a.Resolve(t.Context(), tag)
		if err != nil || d.Digest.String() != want {
			t.Fatalf("%s: %v, %v", tag, d, err)
		}
		assertComplete(t, a, d)
	}
	must(t, a.Close())
	export(t, two, "x", file, "1") // the old 1 is nobody's any more
	info, err := os.Stat(file)
	must(t, err)
	if info.Size() > 80<<10 {
		t.Errorf("the archive has %d bytes", info.Size())
	}
}

func TestArchiveHostile(t *testing.T) {
	layout := tar.Header{Typeflag: tar.TypeReg, Name: "oci-layout", Size: int64(len(layoutFileContent))}
	write := func(headers ...tar.Header) []byte {
		var b bytes.Buffer
		w := tar.NewWriter(&b)
		for _, h := range headers {
			h.Mode = 0o644
			must(t, w.WriteHeader(&h))
			if h.Name == "oci-layout" {
				_, _ = w.Write([]byte(layoutFileContent))
			}
		}
		_ = w.Close()
		return b.Bytes()
	}
	for name, raw := range map[string][]byte{
		"not a tar":     []byte("hello, I am no tar file" + strings.Repeat(".", 1000)),
		"gzip":          append([]byte("\x1f\x8b\x08"), make([]byte, 1000)...),
		"empty tar":     write(),
		"no index":      write(layout),
		"index is link": write(layout, tar.Header{Typeflag: tar.TypeSymlink, Name: "index.json", Linkname: "/etc/passwd"}),
		"truncated":     write(layout)[:700],
	} {
		t.Run(name, func(t *testing.T) {
			file := filepath.Join(t.TempDir(), "a.tar")
			must(t, os.WriteFile(file, raw, 0o600))
			_, err := Open(t.Context(), Ref{Transport: Archive, Path: file}, Options{})
			var layout *LayoutError
			if !errors.Is(err, ErrCorrupt) || !errors.As(err, &layout) || layout.Path != file {
				t.Errorf("got %v", err)
			}
		})
	}
}

// TestArchiveHasItsFolders: an ordinary user's skopeo fails without them.
func TestArchiveHasItsFolders(t *testing.T) {
	dir := t.TempDir()
	src := mustStore(t, filepath.Join(dir, "store"))
	_, err := Save(t.Context(), src, image(t, mustLayer(1000), "wasi", "wasm"), "x")
	must(t, err)
	file := filepath.Join(dir, "a.tar")
	export(t, src, "x", file, "1")
	f, err := os.Open(file)
	must(t, err)
	defer f.Close()
	var names []string
	for r := tar.NewReader(f); len(names) < 4; {
		h, err := r.Next()
		must(t, err)
		names = append(names, h.Name)
	}
	if want := []string{"oci-layout", "index.json", "blobs/", "blobs/sha256/"}; !slices.Equal(names, want) {
		t.Errorf("the archive begins with %q, want %q", names, want)
	}
}

// TestArchiveOfSkopeo goes through a real skopeo in both directions.
func TestArchiveOfSkopeo(t *testing.T) {
	skopeo := wpktest.Need(t, "skopeo")
	dir := t.TempDir()
	src := mustStore(t, filepath.Join(dir, "store"))
	root, err := Save(t.Context(), src, image(t, mustLayer(1000), "wasi", "wasm"), "x")
	must(t, err)
	ours, theirs := filepath.Join(dir, "ours.tar"), filepath.Join(dir, "theirs.tar")
	export(t, src, "x", ours, "1")
	cmd := exec.CommandContext(t.Context(), skopeo, "--insecure-policy", "--tmpdir", dir, "copy", "--preserve-digests", "oci-archive:"+ours+":1", "oci-archive:"+theirs+":2") // #nosec G204
	if out, err := cmd.CombinedOutput(); err != nil {
		t.Fatalf("%v\n%s", err, out)
	}
	a := mustOpen(t, "oci-archive:"+theirs, Options{})
	d, err := a.Resolve(t.Context(), "2")
	if err != nil || d.Digest != root.Digest {
		t.Fatalf("%v, %v", d, err)
	}
	assertComplete(t, a, d)
}

// TestArchiveOfTwo: who opened it before somebody else wrote it does not undo
// that.
func TestArchiveOfTwo(t *testing.T) {
	file := filepath.Join(t.TempDir(), "a.tar")
	for _, when := range []string{"new", "there"} {
		first, second := mustOpen(t, "oci-archive:"+file, Options{}), mustOpen(t, "oci-archive:"+file, Options{})
		for i, a := range []Target{first, second} {
			_, err := Save(t.Context(), a, image(t, mustLayer(10+i), "wasi", "wasm"), fmt.Sprint(when, i))
			must(t, err)
		}
		must(t, first.Close())
		if err := second.Close(); !errors.Is(err, errArchiveChanged) {
			t.Errorf("%s: %v", when, err)
		}
	}
	a := mustOpen(t, "oci-archive:"+file, Options{})
	for _, name := range []string{"new0", "there0"} {
		_, err := a.Resolve(t.Context(), name)
		must(t, err)
	}
}

// FuzzArchive opens any bytes as an archive and reads what it claims to hold.
func FuzzArchive(f *testing.F) {
	file := filepath.Join(f.TempDir(), "seed.tar")
	a, err := openArchive(file)
	must(f, err)
	_, err = Save(f.Context(), a, image(f, mustLayer(10), "wasi", "wasm"), "1")
	must(f, err)
	must(f, a.Close())
	seed, err := os.ReadFile(file) // #nosec G304
	must(f, err)
	f.Add(seed)
	f.Add(seed[:2000])
	f.Fuzz(func(t *testing.T, raw []byte) {
		file := filepath.Join(t.TempDir(), "a.tar")
		must(t, os.WriteFile(file, raw, 0o600))
		a, err := openArchive(file)
		if err != nil {
			return
		}
		if d, err := a.Resolve(t.Context(), ""); err == nil {
			_, _ = walk(t.Context(), a, d, isMissing)
		}
		must(t, a.Close())
	})
}
