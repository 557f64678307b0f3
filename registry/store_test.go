package registry

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	ocispec "github.com/opencontainers/image-spec/specs-go/v1"

	"github.com/wpkdev/wpk/internal/filelock"
)

// The test binary runs itself again with these variables for tests that need a
// second process.
const (
	childStore = "WPK_TEST_CHILD_STORE"
	childSeed  = "WPK_TEST_CHILD_SEED"
)

func TestMain(m *testing.M) {
	if dir := os.Getenv(childStore); dir != "" {
		os.Exit(childMain(dir, os.Getenv(childSeed)))
	}
	if os.Getenv(childSubject) != "" {
		if err := attachChild(context.Background()); err != nil {
			fmt.Fprintln(os.Stderr, err)
			os.Exit(1)
		}
		os.Exit(0)
	}
	os.Exit(m.Run())
}

// childMain adds and removes artifacts of a store, over and over.
func childMain(dir, name string) int {
	if name == "limited" {
		return childLimited(dir)
	}
	if err := churn(context.Background(), dir, name); err != nil {
		fmt.Fprintln(os.Stderr, err)
		return 1
	}
	return 0
}

// churn saves artifacts that share their layers with those of the other
// processes, removes every second one, and leaves the others.
func churn(ctx context.Context, dir, name string) error {
	s, err := OpenStore(dir)
	if err != nil {
		return err
	}
	for i := range 6 {
		tag := fmt.Sprintf("example.com/%s:%d", name, i)
		if _, err := Save(ctx, s, churnIndex(i), tag); err != nil {
			return err
		}
		if i%2 == 0 {
			continue
		}
		if _, err := s.Remove(ctx, tag); err != nil {
			return err
		}
	}
	return nil
}

func TestStoreManyProcesses(t *testing.T) {
	dir := filepath.Join(t.TempDir(), "store")
	var wait sync.WaitGroup
	for _, name := range []string{"p1", "p2"} {
		wait.Go(func() {
			cmd := exec.CommandContext(t.Context(), os.Args[0]) // #nosec G702 -- ourselves
			cmd.Env = append(os.Environ(), childStore+"="+dir, childSeed+"="+name)
			if out, err := cmd.CombinedOutput(); err != nil {
				t.Errorf("%s: %v\n%s", name, err, out)
			}
		})
	}
	for _, name := range []string{"g1", "g2"} {
		wait.Go(func() {
			if err := churn(t.Context(), dir, name); err != nil {
				t.Errorf("%s: %v", name, err)
			}
		})
	}
	wait.Wait()
	s := mustStore(t, dir)
	entries, err := s.List(t.Context())
	must(t, err)
	if len(entries) != 4*3 {
		t.Fatalf("%d names, want 12: %v", len(entries), entries)
	}
	for _, e := range entries {
		assertComplete(t, s, e.Descriptor)
	}
	for _, e := range entries {
		_, err := s.Remove(t.Context(), e.Name)
		must(t, err)
	}
	if left := files(t, dir); strings.Join(left, " ") != "index.json oci-layout" {
		t.Errorf("left: %v", left)
	}
}

func TestStoreRemove(t *testing.T) {
	s, root := saved(t, 1, 1000, "example.com/a:1")
	must(t, s.Tag(t.Context(), root, "example.com/a:2"))
	freed, err := s.Remove(t.Context(), "example.com/a:1")
	if err != nil || freed.Blobs != 0 {
		t.Fatalf("while another name needs it: %+v, %v", freed, err)
	}
	assertComplete(t, s, root)
	freed, err = s.Remove(t.Context(), "example.com/a:2")
	if err != nil || freed.Blobs != 32 || freed.Bytes < 2000 || freed.Deferred {
		t.Fatalf("the last name: %+v, %v", freed, err)
	}
	_, err = s.Remove(t.Context(), "example.com/a:2")
	assertNotFound(t, err)
	_, err = mustStore(t, filepath.Join(t.TempDir(), "none")).Remove(t.Context(), "x")
	assertNotFound(t, err)
}

// TestStoreRemoveWhileWriting: what another process has pushed but not named yet
// is not freed.
func TestStoreRemoveWhileWriting(t *testing.T) {
	s, _ := saved(t, 1, 1000, "old")
	release, err := s.beginWrite(t.Context())
	must(t, err)
	d, err := pushBytes(t.Context(), s, []byte("not named yet"), layerType)
	must(t, err)
	freed, err := s.Remove(t.Context(), "old")
	if err != nil || !freed.Deferred {
		t.Fatalf("%+v, %v", freed, err)
	}
	if there, err := s.Exists(t.Context(), d); !there {
		t.Fatalf("freed under the writer's hands: %v", err)
	}
	release()
	must(t, s.changeIndex(t.Context(), func(x *layoutIndex) error { x.set(d, "new"); return nil }))
	freed, err = s.free(t.Context())
	if err != nil || freed.Blobs != 32 {
		t.Errorf("afterwards: %+v, %v", freed, err)
	}
}

func TestStoreSweepsLeftovers(t *testing.T) {
	s, root := saved(t, 1, 1000, "a")
	other := mustStore(t, s.dir)
	_, err := Save(t.Context(), other, universal(t, 50, 1000), "b")
	must(t, err)
	must(t, os.WriteFile(s.path("blobs", "sha256", ".wpk-tmp-DEAD"), []byte("x"), 0o600))
	must(t, os.WriteFile(s.path("blobs", "sha256", "README"), []byte("x"), 0o600))
	_, err = s.Remove(t.Context(), "b")
	must(t, err)
	assertNoTemp(t, s.dir)
	if _, err := os.Stat(s.path("blobs", "sha256", "README")); err != nil {
		t.Errorf("a foreign file went: %v", err)
	}
	assertComplete(t, s, root)
}

func TestStoreCorrupted(t *testing.T) {
	for name, index := range map[string]string{
		"no JSON":     "{",
		"wrong shape": `{"schemaVersion":2,"manifests":{}}`,
		"version":     `{"schemaVersion":1,"manifests":[]}`,
		"bad digest":  `{"schemaVersion":2,"manifests":[{"digest":"sha256:../../x","size":1}]}`,
		"bad size":    `{"schemaVersion":2,"manifests":[{"digest":"` + someDigest + `","size":-1}]}`,
		"too large":   strings.Repeat(" ", maxIndexSize+1),
	} {
		t.Run(name, func(t *testing.T) {
			s, root := saved(t, 1, 10, "a")
			must(t, os.WriteFile(s.path("index.json"), []byte(index), 0o600))
			before := len(files(t, s.dir))
			_, err := s.Resolve(t.Context(), "a")
			var layout *LayoutError
			if !errors.As(err, &layout) || !errors.Is(err, ErrCorrupt) {
				t.Errorf("resolve: %v", err)
			}
			if err := s.Tag(t.Context(), root, "b"); !errors.Is(err, ErrCorrupt) {
				t.Errorf("tag: %v", err)
			}
			if _, err := s.Remove(t.Context(), "a"); !errors.Is(err, ErrCorrupt) {
				t.Errorf("remove: %v", err)
			}
			if after := len(files(t, s.dir)); after != before {
				t.Errorf("%d files became %d", before, after)
			}
		})
	}
}

func TestStoreCorruptedBlob(t *testing.T) {
	s, root := saved(t, 1, 1000, "a")
	g, err := walk(t.Context(), s, root, nil)
	must(t, err)
	blob := g.blobs[0]
	must(t, os.WriteFile(s.blobPath(blob), bytes.Repeat([]byte("x"), int(blob.Size)), 0o600))
	dst := mustStore(t, filepath.Join(t.TempDir(), "dst"))
	if _, err := Copy(t.Context(), s, "a", dst, "a", CopyOptions{}); !errors.Is(err, ErrCorrupt) {
		t.Errorf("copy: %v", err)
	}
	_, err = dst.Resolve(t.Context(), "a")
	assertNotFound(t, err)
	assertNoTemp(t, dst.dir)
}

// TestStoreRepairs: saving again fills in a file that got lost, although the name
// stands for the digest already.
func TestStoreRepairs(t *testing.T) {
	s, root := saved(t, 1, 1000, "a")
	g, err := walk(t.Context(), s, root, nil)
	must(t, err)
	must(t, os.Remove(s.blobPath(g.blobs[0])))
	_, err = Save(t.Context(), s, universal(t, 1, 1000), "a")
	must(t, err)
	assertComplete(t, s, root)
}

func TestStoreForeignFolder(t *testing.T) {
	dir := t.TempDir()
	must(t, os.WriteFile(filepath.Join(dir, "thesis.txt"), []byte("x"), 0o600))
	if _, err := OpenStore(dir); !errors.Is(err, ErrCorrupt) {
		t.Errorf("folder with files: %v", err)
	}
	must(t, os.WriteFile(filepath.Join(dir, "oci-layout"), []byte(`{"imageLayoutVersion":"2.0.0"}`), 0o600))
	if _, err := OpenStore(dir); !errors.Is(err, ErrCorrupt) {
		t.Errorf("another version: %v", err)
	}
}

func TestStoreUnwritable(t *testing.T) {
	file := filepath.Join(t.TempDir(), "file")
	must(t, os.WriteFile(file, nil, 0o600))
	s := &Store{dir: filepath.Join(file, "store")} // a folder below a file, which stops root too
	_, err := Save(t.Context(), s, universal(t, 1, 10), "a")
	var e *Error
	if !errors.Is(err, ErrStore) || !errors.As(err, &e) || !strings.Contains(e.Error(), s.dir) {
		t.Errorf("got %v, want ErrStore with the path", err)
	}
}

func TestStoreReadsNames(t *testing.T) {
	s, root := saved(t, 1, 10, "docker.io/library/x:1")
	for _, name := range []string{"docker.io/library/x:1", "1", "", "docker.io/library/x@" + root.Digest.String(), root.Digest.String()} {
		if d, err := s.Resolve(t.Context(), name); err != nil || d.Digest != root.Digest {
			t.Errorf("%q: %v", name, err)
		}
	}
	for _, name := range []string{"x", "x:1", "2", "library/x:1"} {
		_, err := s.Resolve(t.Context(), name)
		assertNotFound(t, err)
	}
	g, err := walk(t.Context(), s, root, nil)
	must(t, err)
	child := g.levels[1][0].desc
	if d, err := s.Resolve(t.Context(), child.Digest.String()); err != nil || d.MediaType != child.MediaType {
		t.Errorf("child: %v, %v", d, err)
	}
	_, err = s.Resolve(t.Context(), g.blobs[0].Digest.String())
	if err == nil {
		t.Error("a layer passed for a manifest")
	}
}

func TestLockWaitsForContext(t *testing.T) {
	path := filepath.Join(t.TempDir(), "lock")
	release, err := filelock.Lock(t.Context(), path, filelock.Exclusive)
	must(t, err)
	ctx, cancel := context.WithTimeout(t.Context(), 20*time.Millisecond)
	defer cancel()
	if _, err := filelock.Lock(ctx, path, filelock.Shared); !errors.Is(err, context.DeadlineExceeded) {
		t.Errorf("got %v", err)
	}
	release()
	again, err := filelock.Lock(t.Context(), path, filelock.Shared)
	must(t, err)
	again()
}

// FuzzLayoutIndex checks that any index.json is either refused or survives being
// written and read again.
func FuzzLayoutIndex(f *testing.F) {
	f.Add([]byte(`{"schemaVersion":2,"manifests":[]}`), "a")
	f.Add([]byte(`{"schemaVersion":2,"manifests":[{"mediaType":"x","digest":"`+someDigest+`","size":1,"annotations":{"org.opencontainers.image.ref.name":"a:1"}}]}`), "1")
	f.Add([]byte(`{"schemaVersion":2,"manifests":null,"annotations":{"a":"b"}}`), "")
	f.Fuzz(func(t *testing.T, raw []byte, name string) {
		x, err := readLayoutIndex("index.json", bytes.NewReader(raw))
		if err != nil {
			var layout *LayoutError
			if !errors.As(err, &layout) {
				t.Fatalf("not a LayoutError: %v", err)
			}
			return
		}
		x.find(name)
		x.set(ocispec.Descriptor{MediaType: ocispec.MediaTypeImageIndex, Digest: someDigest}, "n")
		encoded, err := x.encode()
		must(t, err)
		again, err := readLayoutIndex("index.json", bytes.NewReader(encoded))
		must(t, err)
		if d, ok := again.find("n"); !ok || d.Digest != someDigest || len(again.Manifests) != len(x.Manifests) {
			t.Fatalf("%s", encoded)
		}
	})
}
