package pack

import (
	"archive/tar"
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"sync"
	"testing"

	v1 "github.com/google/go-containerregistry/pkg/v1"
	"github.com/google/go-containerregistry/pkg/v1/types"
	"github.com/klauspost/compress/gzip"
	"github.com/klauspost/compress/zstd"
	"github.com/opencontainers/go-digest"
	ocispec "github.com/opencontainers/image-spec/specs-go/v1"
)

// tiny is the smallest module.
const tiny = "\x00asm\x01\x00\x00\x00"

// other is a second one: it has an empty custom section.
const other = tiny + "\x00\x01\x00"

const (
	ociConfig  = string(types.OCIConfigJSON)
	ociLayer   = string(types.OCILayer)
	ociImage   = string(types.OCIManifestSchema1)
	ociIndex   = string(types.OCIImageIndex)
	dockerList = string(types.DockerManifestList)
	docker     = string(types.DockerManifestSchema2)
)

// memory is a Source that counts what is fetched.
type memory struct {
	mu      sync.Mutex
	blobs   map[digest.Digest][]byte
	fetched map[digest.Digest]int
}

func newMemory() *memory {
	return &memory{blobs: map[digest.Digest][]byte{}, fetched: map[digest.Digest]int{}}
}

func (m *memory) Fetch(_ context.Context, d ocispec.Descriptor) (io.ReadCloser, error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.fetched[d.Digest]++
	b, ok := m.blobs[d.Digest]
	if !ok {
		return nil, fmt.Errorf("no blob %s", d.Digest)
	}
	return io.NopCloser(bytes.NewReader(b)), nil
}

func (m *memory) put(mediaType string, b []byte) ocispec.Descriptor {
	d := ocispec.Descriptor{MediaType: mediaType, Digest: digest.FromBytes(b), Size: int64(len(b))}
	m.blobs[d.Digest] = b
	return d
}

func (m *memory) putJSON(mediaType string, v any) ocispec.Descriptor {
	b, err := json.Marshal(v)
	if err != nil {
		panic(err)
	}
	return m.put(mediaType, b)
}

// image stores an image manifest of the layers; config is JSON.
func (m *memory) image(config string, layers ...ocispec.Descriptor) ocispec.Descriptor {
	return m.manifest(ociImage, m.put(ociConfig, []byte(config)), layers...)
}

func (m *memory) manifest(mediaType string, config ocispec.Descriptor, layers ...ocispec.Descriptor) ocispec.Descriptor {
	return m.putJSON(mediaType, map[string]any{"schemaVersion": 2, "mediaType": mediaType, "config": config, "layers": layers})
}

func (m *memory) index(mediaType string, children ...ocispec.Descriptor) ocispec.Descriptor {
	return m.putJSON(mediaType, map[string]any{"schemaVersion": 2, "mediaType": mediaType, "manifests": children})
}

func (m *memory) layer(headers ...tar.Header) ocispec.Descriptor {
	return m.put(ociLayer, gz(tarOf(headers...)))
}

func on(d ocispec.Descriptor, os, arch string) ocispec.Descriptor {
	d.Platform = &ocispec.Platform{OS: os, Architecture: arch}
	return d
}

func reg(name, data string) tar.Header {
	return tar.Header{Typeflag: tar.TypeReg, Name: name, Mode: 0o644, PAXRecords: map[string]string{"WPK.data": data}}
}

func link(name, target string) tar.Header {
	return tar.Header{Typeflag: tar.TypeSymlink, Name: name, Linkname: target}
}

func hardlink(name, target string) tar.Header {
	return tar.Header{Typeflag: tar.TypeLink, Name: name, Linkname: target}
}

func dir(name string) tar.Header { return tar.Header{Typeflag: tar.TypeDir, Name: name, Mode: 0o755} }

// tarOf writes an archive; a file's data comes out of its header's record.
func tarOf(headers ...tar.Header) []byte {
	var b bytes.Buffer
	w := tar.NewWriter(&b)
	for _, h := range headers {
		data := h.PAXRecords["WPK.data"]
		h.PAXRecords, h.Size = nil, int64(len(data))
		if err := w.WriteHeader(&h); err != nil {
			panic(err)
		}
		if _, err := io.WriteString(w, data); err != nil {
			panic(err)
		}
	}
	if err := w.Close(); err != nil {
		panic(err)
	}
	return b.Bytes()
}

func gz(b []byte) []byte {
	var out bytes.Buffer
	w := gzip.NewWriter(&out)
	_, _ = w.Write(b)
	_ = w.Close()
	return out.Bytes()
}

func zst(b []byte) []byte {
	w, err := zstd.NewWriter(nil)
	if err != nil {
		panic(err)
	}
	return w.EncodeAll(b, nil)
}

// storeImage puts everything of an image into m.
func (m *memory) storeImage(t testing.TB, img v1.Image) ocispec.Descriptor {
	t.Helper()
	raw, err := img.RawManifest()
	check(t, err)
	config, err := img.RawConfigFile()
	check(t, err)
	m.put(ociConfig, config)
	layers, err := img.Layers()
	check(t, err)
	for _, l := range layers {
		r, err := l.Compressed()
		check(t, err)
		b, err := io.ReadAll(r)
		check(t, err)
		m.put(ociLayer, b)
	}
	return m.put(ociImage, raw)
}

func (m *memory) storeIndex(t testing.TB, idx v1.ImageIndex) ocispec.Descriptor {
	t.Helper()
	manifest, err := idx.IndexManifest()
	check(t, err)
	for _, d := range manifest.Manifests {
		img, err := idx.Image(d.Digest)
		check(t, err)
		m.storeImage(t, img)
	}
	raw, err := idx.RawManifest()
	check(t, err)
	return m.put(ociIndex, raw)
}

func check(t testing.TB, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}
