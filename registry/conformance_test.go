package registry

import (
	"bytes"
	"context"
	"errors"
	"io"
	"path/filepath"
	"testing"

	"github.com/opencontainers/go-digest"
	ocispec "github.com/opencontainers/image-spec/specs-go/v1"
	"github.com/wpkdev/wpk/internal/wpktest"
)

// TestTargets runs one suite against every kind of target.
func TestTargets(t *testing.T) {
	kinds := map[string]func(t *testing.T) Target{
		"store":  func(t *testing.T) Target { return mustStore(t, filepath.Join(t.TempDir(), "store")) },
		"layout": func(t *testing.T) Target { return mustOpen(t, "oci:"+filepath.Join(t.TempDir(), "out"), Options{}) },
		"archive": func(t *testing.T) Target {
			return mustOpen(t, "oci-archive:"+filepath.Join(t.TempDir(), "a.tar"), Options{})
		},
		"remote": func(t *testing.T) Target { return mustOpen(t, startServer(t).host()+"/a/b", fast(t)) },
		"distribution": func(t *testing.T) Target {
			return mustOpen(t, wpktest.Distribution(t)+"/a/b", fast(t))
		},
		"docker-registry": func(t *testing.T) Target {
			return mustOpen(t, wpktest.DockerRegistry(t)+"/a/b", fast(t))
		},
	}
	for name, open := range kinds {
		t.Run(name, func(t *testing.T) {
			t.Run("blob", func(t *testing.T) { testBlob(t, open(t)) })
			t.Run("empty blob", func(t *testing.T) { testEmptyBlob(t, open(t)) })
			t.Run("wrong content", func(t *testing.T) { testWrongContent(t, open(t)) })
			t.Run("missing", func(t *testing.T) { testMissing(t, open(t)) })
			t.Run("hostile descriptor", func(t *testing.T) { testHostileDescriptor(t, open(t)) })
			t.Run("tag", func(t *testing.T) { testTag(t, open(t)) })
			t.Run("cancelled", func(t *testing.T) { testCancelled(t, open(t)) })
			t.Run("copy", func(t *testing.T) { testCopyThere(t, open(t)) })
		})
	}
}

const layerType = ocispec.MediaTypeImageLayerGzip

func testBlob(t *testing.T, target Target) {
	want := content(1, 100_000)
	d := describe(want, layerType)
	there, err := target.Exists(t.Context(), d)
	if there || err != nil {
		t.Fatalf("exists before push: %v, %v", there, err)
	}
	for range 2 { // the second time is no error
		must(t, target.Push(t.Context(), d, bytes.NewReader(want)))
	}
	if there, err = target.Exists(t.Context(), d); !there || err != nil {
		t.Fatalf("exists after push: %v, %v", there, err)
	}
	rc, err := target.Fetch(t.Context(), d)
	must(t, err)
	defer rc.Close()
	got, err := io.ReadAll(rc)
	must(t, err)
	if !bytes.Equal(got, want) {
		t.Error("other bytes came back")
	}
}

func testEmptyBlob(t *testing.T, target Target) {
	d, err := pushBytes(t.Context(), target, nil, layerType)
	must(t, err)
	rc, err := target.Fetch(t.Context(), d)
	must(t, err)
	defer rc.Close()
	if n, err := io.Copy(io.Discard, rc); n != 0 || err != nil {
		t.Errorf("%d bytes, %v", n, err)
	}
}

func testWrongContent(t *testing.T, target Target) {
	good := content(2, 5000)
	d := describe(good, layerType)
	bad := bytes.Clone(good)
	bad[len(bad)-1]++
	for name, b := range map[string][]byte{"flipped": bad, "short": good[:4000], "long": append(bytes.Clone(good), 1)} {
		// Not a bytes.Reader, whose length would tell.
		err := target.Push(t.Context(), d, io.MultiReader(bytes.NewReader(b)))
		if !errors.Is(err, ErrCorrupt) {
			t.Errorf("%s: got %v, want ErrCorrupt", name, err)
		}
	}
	if there, err := target.Exists(t.Context(), d); there || err != nil {
		t.Errorf("something was kept: %v, %v", there, err)
	}
}

func testMissing(t *testing.T, target Target) {
	_, err := target.Resolve(t.Context(), "1.0")
	assertNotFound(t, err)
	_, err = target.Resolve(t.Context(), someDigest)
	assertNotFound(t, err)
	_, err = target.Fetch(t.Context(), ocispec.Descriptor{MediaType: layerType, Digest: someDigest, Size: 3})
	assertNotFound(t, err)
	assertNotFound(t, target.Tag(t.Context(), ocispec.Descriptor{MediaType: ocispec.MediaTypeImageManifest, Digest: someDigest, Size: 3}, "x"))
}

func assertNotFound(t *testing.T, err error) {
	t.Helper()
	var e *Error
	if !errors.Is(err, ErrNotFound) || !errors.As(err, &e) {
		t.Errorf("got %v, want ErrNotFound in an *Error", err)
	}
}

func testHostileDescriptor(t *testing.T, target Target) {
	for _, sum := range []digest.Digest{"", "sha256:../../../etc/passwd", "sha256", digest.Digest("../x:" + someDigest[7:])} {
		d := ocispec.Descriptor{MediaType: layerType, Digest: sum, Size: 3}
		_, err := target.Fetch(t.Context(), d)
		if !errors.Is(err, ErrCorrupt) {
			t.Errorf("fetch %q: %v", sum, err)
		}
		if err := target.Push(t.Context(), d, bytes.NewReader([]byte("abc"))); !errors.Is(err, ErrCorrupt) {
			t.Errorf("push %q: %v", sum, err)
		}
	}
}

func testTag(t *testing.T, target Target) {
	config, err := pushBytes(t.Context(), target, []byte("{}"), ocispec.MediaTypeImageConfig)
	must(t, err)
	manifest := func(note string) ocispec.Descriptor {
		raw := []byte(`{"schemaVersion":2,"mediaType":"` + ocispec.MediaTypeImageManifest + `","config":{"mediaType":"` + config.MediaType +
			`","digest":"` + config.Digest.String() + `","size":2},"layers":[],"annotations":{"note":"` + note + `"}}`)
		d, err := pushBytes(t.Context(), target, raw, ocispec.MediaTypeImageManifest)
		must(t, err)
		return d
	}
	one, two := manifest("one"), manifest("two")
	must(t, target.Tag(t.Context(), one, "a"))
	must(t, target.Tag(t.Context(), one, "b"))
	must(t, target.Tag(t.Context(), two, "b"))
	for reference, want := range map[string]ocispec.Descriptor{"a": one, "b": two, one.Digest.String(): one, two.Digest.String(): two} {
		got, err := target.Resolve(t.Context(), reference)
		if err != nil || got.Digest != want.Digest || got.Size != want.Size || got.MediaType != want.MediaType {
			t.Errorf("%s: got %v, %v", reference, got, err)
		}
	}
}

func testCancelled(t *testing.T, target Target) {
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if _, err := target.Resolve(ctx, "1.0"); !errors.Is(err, context.Canceled) {
		t.Errorf("resolve: %v", err)
	}
	if _, err := pushBytes(ctx, target, []byte("abc"), layerType); !errors.Is(err, context.Canceled) {
		t.Errorf("push: %v", err)
	}
}

func testCopyThere(t *testing.T, target Target) {
	src, root := saved(t, 7, 100_000, "x")
	result, err := Copy(t.Context(), src, "x", target, "1.0", fastCopy())
	must(t, err)
	if result.Copied != 32 || result.Skipped != 0 || result.Unchanged || result.Descriptor.Digest != root.Digest {
		t.Errorf("first copy: %+v", result)
	}
	if result, err = Copy(t.Context(), src, "x", target, "1.0", fastCopy()); err != nil || !result.Unchanged {
		t.Errorf("second copy: %+v, %v", result, err)
	}
	result, err = Copy(t.Context(), src, root.Digest.String(), target, "other", fastCopy())
	if err != nil || result.Copied != 0 {
		t.Errorf("copy under another name: %+v, %v", result, err)
	}
	for _, name := range []string{"1.0", "other"} {
		d, err := target.Resolve(t.Context(), name)
		must(t, err)
		assertComplete(t, target, d)
	}
}
