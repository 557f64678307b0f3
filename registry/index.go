package registry

import (
	"bytes"
	"cmp"
	"encoding/json"
	"fmt"
	"io"
	"maps"
	"slices"
	"strings"

	"github.com/opencontainers/image-spec/specs-go"
	ocispec "github.com/opencontainers/image-spec/specs-go/v1"
)

// maxIndexSize bounds index.json, which is read whole. It is room for some
// twenty thousand names.
const maxIndexSize = 8 << 20

// layoutIndex is the index.json of an OCI layout: a list of descriptors, named
// by an annotation. See https://github.com/opencontainers/image-spec/blob/v1.1.1/image-layout.md#indexjson-file.
type layoutIndex struct{ ocispec.Index }

func newLayoutIndex() *layoutIndex {
	return &layoutIndex{ocispec.Index{
		Versioned: specs.Versioned{SchemaVersion: 2},
		MediaType: ocispec.MediaTypeImageIndex,
		Manifests: []ocispec.Descriptor{},
	}}
}

// readLayoutIndex reads an index.json that anybody may have written. The path
// is for the error only, a [*LayoutError].
func readLayoutIndex(path string, r io.Reader) (*layoutIndex, error) {
	raw, err := io.ReadAll(io.LimitReader(r, maxIndexSize+1))
	if err != nil {
		return nil, err
	}
	if len(raw) > maxIndexSize {
		return nil, &LayoutError{path, fmt.Sprintf("larger than %d bytes", maxIndexSize)}
	}
	x := new(layoutIndex)
	if err := json.Unmarshal(raw, &x.Index); err != nil {
		return nil, &LayoutError{path, fmt.Sprintf("not an OCI index: %v", err)}
	}
	if x.SchemaVersion != 2 {
		return nil, &LayoutError{path, fmt.Sprintf("schemaVersion is %d, not 2", x.SchemaVersion)}
	}
	for i, d := range x.Manifests {
		if checkDescriptor(d) != nil {
			return nil, &LayoutError{path, fmt.Sprintf("entry %d has no usable digest and size", i+1)}
		}
	}
	return x, nil
}

// encode returns the bytes of index.json, the same for the same content.
func (x *layoutIndex) encode() ([]byte, error) {
	slices.SortStableFunc(x.Manifests, func(a, b ocispec.Descriptor) int { return cmp.Compare(nameOf(a), nameOf(b)) })
	var b bytes.Buffer
	e := json.NewEncoder(&b)
	e.SetEscapeHTML(false)
	e.SetIndent("", "  ")
	if err := e.Encode(x.Index); err != nil {
		return nil, err
	}
	if b.Len() > maxIndexSize {
		return nil, fmt.Errorf("%w: the index would be larger than %d bytes", ErrStore, maxIndexSize)
	}
	return b.Bytes(), nil
}

func nameOf(d ocispec.Descriptor) string { return d.Annotations[ocispec.AnnotationRefName] }

// find looks for a name or digest. The empty name finds the only artifact, or
// the one called latest. A bare tag also finds a full name that ends in it, as
// some tools write, provided that only one does.
func (x *layoutIndex) find(reference string) (ocispec.Descriptor, bool) {
	for _, d := range x.Manifests {
		if reference != "" && (nameOf(d) == reference || d.Digest.String() == reference) {
			return d, true
		}
	}
	if reference == "" {
		if all := x.artifacts(); len(all) == 1 { // evidence about it lies beside it
			return all[0], true
		}
		return x.find(DefaultTag)
	}
	var found []ocispec.Descriptor
	for _, d := range x.Manifests {
		if !strings.ContainsAny(reference, ":/") && strings.HasSuffix(nameOf(d), ":"+reference) {
			found = append(found, d)
		}
	}
	if len(found) != 1 {
		return ocispec.Descriptor{}, false
	}
	return found[0], true
}

// named returns what has exactly this name.
func (x *layoutIndex) named(name string) (ocispec.Descriptor, bool) {
	at := slices.IndexFunc(x.Manifests, func(d ocispec.Descriptor) bool { return nameOf(d) == name })
	if at < 0 {
		return ocispec.Descriptor{}, false
	}
	return x.Manifests[at], true
}

// clone is a copy whose list can change.
func (x *layoutIndex) clone() *layoutIndex {
	y := *x
	y.Manifests = slices.Clone(x.Manifests)
	return &y
}

// artifacts are the entries that are no evidence about others.
func (x *layoutIndex) artifacts() []ocispec.Descriptor {
	return slices.DeleteFunc(slices.Clone(x.Manifests), func(d ocispec.Descriptor) bool {
		_, _, ok := EvidenceName(nameOf(d))
		return ok
	})
}

// set gives a name to a descriptor, taking it from another one.
func (x *layoutIndex) set(d ocispec.Descriptor, name string) {
	x.remove(name)
	annotations := maps.Clone(d.Annotations)
	if annotations == nil {
		annotations = map[string]string{}
	}
	annotations[ocispec.AnnotationRefName] = name
	d.Annotations = annotations
	x.Manifests = append(x.Manifests, d)
}

// remove takes a name away.
func (x *layoutIndex) remove(name string) {
	x.Manifests = slices.DeleteFunc(x.Manifests, func(d ocispec.Descriptor) bool { return nameOf(d) == name })
}

// has reports whether an artifact has exactly this name.
func (x *layoutIndex) has(name string) bool {
	_, ok := x.named(name)
	return ok
}
