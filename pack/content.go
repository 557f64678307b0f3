package pack

import (
	"maps"

	"github.com/opencontainers/go-digest"
	ocispec "github.com/opencontainers/image-spec/specs-go/v1"

	"github.com/wpkdev/wpk/build/runtimepack"
)

// Content is what an image holds for a runner of WebAssembly.
type Content struct {
	// Layout is one of the Layout constants.
	Layout string             `json:"layout"`
	Root   ocispec.Descriptor `json:"root"`
	// Manifest is the image manifest that was read: Root itself or one of
	// its children.
	Manifest ocispec.Descriptor `json:"manifest"`
	// Platforms are the children of an index, in its order, or the one
	// platform that the image's config names.
	Platforms []Platform `json:"platforms"`
	Module    []byte     `json:"-"`
	// ModulePath is the module's place in the image's file system, empty where
	// the module is a blob of its own.
	ModulePath string `json:"modulePath,omitempty"`
	// Modules are the names of all modules, where there are several to choose
	// from; see ReadModule.
	Modules []string `json:"modules,omitempty"`
	Config  Config   `json:"config"`
	// Annotations are those of the root, and of Manifest where the root has
	// none of the same key.
	Annotations map[string]string `json:"annotations,omitempty"`
	// Files are the regular files beside the module, sorted by path. A link
	// to a file is listed as a file with the same Data. The paths are clean,
	// but come from strangers: use filepath.Localize and os.Root to write
	// them.
	Files []File `json:"files,omitempty"`
	// Runtime is what a runtime pack says of itself; nil for everything else.
	Runtime *runtimepack.Config `json:"runtime,omitempty"`
	// Blobs are the configs and layers of all manifests, each once.
	Blobs []Blob `json:"blobs"`
}

// Platform is one child of an index.
type Platform struct {
	Platform string        `json:"platform"` // "linux/arm/v7"; empty when the index says nothing
	Digest   digest.Digest `json:"digest"`   // of the child's manifest
	Zstd     bool          `json:"zstd,omitempty"`
	Chosen   bool          `json:"chosen,omitempty"` // the child that was read
}

// Blob is a config or a layer.
type Blob struct {
	MediaType string        `json:"mediaType"`
	Digest    digest.Digest `json:"digest"`
	Size      int64         `json:"size"`
	SharedBy  int           `json:"sharedBy"` // the number of manifests that name it
}

// describe fills in the layout and the platforms.
func (r *reader) describe(top, chosen *document, images []*document) {
	c := r.content
	if !top.isIndex() {
		switch {
		case c.Runtime != nil:
			c.Layout = LayoutRuntime
			return
		case c.ModulePath != "" && isProxyImage(c):
			c.Layout = LayoutProxyWasmCompat
		case c.ModulePath != "":
			c.Layout = LayoutImage
		}
		p := Platform{Digest: chosen.desc.Digest, Chosen: true}
		if f := r.configs[chosen.Config.Digest]; f != nil {
			p.Platform = platformName(&ocispec.Platform{OS: f.OS, Architecture: f.Architecture, Variant: f.Variant})
		}
		c.Platforms = []Platform{p}
		return
	}
	var plain, zstd, wasi bool
	for _, d := range images {
		p := Platform{
			Platform: platformName(d.desc.Platform), Digest: d.desc.Digest,
			Zstd: d.desc.Annotations[annotationZstd] == "true", Chosen: d == chosen,
		}
		c.Platforms = append(c.Platforms, p)
		native := d.desc.Platform != nil && d.desc.Platform.OS == "linux"
		plain, zstd = plain || native && !p.Zstd, zstd || native && p.Zstd
		wasi = wasi || p.Platform == wasiPlatform().String()
	}
	c.Layout = LayoutIndex
	if plain && zstd && wasi {
		c.Layout = LayoutUniversal
	}
}

// countBlobs lists every blob once, in the order of the manifests.
func countBlobs(images []*document) []Blob {
	var all []Blob
	at := map[digest.Digest]int{}
	manifests := map[digest.Digest]bool{}
	for _, d := range images {
		if manifests[d.desc.Digest] {
			continue // listed twice, stored once
		}
		manifests[d.desc.Digest] = true
		named := map[digest.Digest]bool{}
		for _, b := range d.blobs() {
			if named[b.Digest] {
				continue
			}
			named[b.Digest] = true
			i, ok := at[b.Digest]
			if !ok {
				i = len(all)
				at[b.Digest] = i
				all = append(all, Blob{MediaType: b.MediaType, Digest: b.Digest, Size: b.Size})
			}
			all[i].SharedBy++
		}
	}
	return all
}

func mergeAnnotations(docs ...*document) map[string]string {
	all := map[string]string{}
	for _, d := range docs {
		maps.Copy(all, d.Annotations)
	}
	return all
}
