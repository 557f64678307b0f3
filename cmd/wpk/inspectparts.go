package main

import (
	"context"
	"fmt"
	"io"
	"path/filepath"
	"strings"

	ocispec "github.com/opencontainers/image-spec/specs-go/v1"

	"github.com/wpkdev/wpk/inspect"
	"github.com/wpkdev/wpk/internal/durable"
	"github.com/wpkdev/wpk/internal/ui"
	"github.com/wpkdev/wpk/pack"
	"github.com/wpkdev/wpk/registry"
	"github.com/wpkdev/wpk/wasm"
)

// How much of long lists is shown without --all: in a text, and as JSON.
const (
	shortList = 12
	jsonList  = 100
	longName  = 80 // characters of a function's name
)

// inspectParts are what a module may do, and where its bytes are.
type inspectParts struct {
	Languages []string `json:"languages,omitempty"`
	// Tools are the producers of the module, and of those in a component.
	Tools        []wasm.Producer      `json:"tools,omitempty"`
	Capabilities []inspect.Capability `json:"capabilities,omitempty"`
	Sizes        *inspect.Sizes       `json:"sizes,omitempty"`
	// Functions and Packages count those that Sizes may have left out.
	Functions int `json:"functions,omitempty"`
	Packages  int `json:"packages,omitempty"`
}

func partsOf(s *subject, info *wasm.Module, measured *inspect.Sizes, all bool) (inspectParts, error) {
	producers, err := inspect.Producers(info, s.Content.Module)
	if err != nil {
		return inspectParts{}, err
	}
	sizes := new(*measured)
	p := inspectParts{
		Languages: inspect.Languages(producers), Tools: producers, Capabilities: inspect.Capabilities(info), Sizes: sizes,
		Functions: len(sizes.Functions), Packages: len(sizes.Packages),
	}
	if !all {
		sizes.Functions = sizes.Functions[:min(jsonList, len(sizes.Functions))]
		sizes.Packages = sizes.Packages[:min(jsonList, len(sizes.Packages))]
	}
	return p, nil
}

func partRows(r inspectResult, all bool, add func(name, format string, args ...any)) {
	for _, p := range r.Tools {
		add("Made by", "%s", strings.TrimSpace(p.Field+" "+p.Name+" "+p.Version))
	}
	title := "May"
	for _, c := range r.Capabilities {
		if c.Plumbing() && !all {
			continue
		}
		add(title, "%s: %s", c.Name, c.Allows)
		title = ""
	}
	if len(r.Capabilities) == 0 {
		add(title, "nothing outside of itself: it imports nothing")
	}
	packages, functions := 6, 6
	if all {
		packages, functions = r.Packages, r.Functions
	}
	title = "Packages"
	for _, p := range r.Sizes.Packages[:min(packages, len(r.Sizes.Packages))] {
		name := strings.TrimSpace(p.Language + " " + p.Package)
		if name == "" {
			name = "without a name"
		}
		add(title, "%s %s (%s)", ui.Bytes(p.Size), name, ui.Count(p.Functions, "function"))
		title = ""
	}
	moreRow(r.Packages-packages, "package", add)
	title = "Functions"
	for _, f := range r.Sizes.Functions[:min(functions, len(r.Sizes.Functions))] {
		name := f.Name
		if !all {
			name = clip(name, longName)
		}
		add(title, "%s %s", ui.Bytes(f.Size), name)
		title = ""
	}
	moreRow(r.Functions-functions, "function", add)
	title = "Referrer"
	for _, f := range r.Referrers {
		kind := f.Kind()
		if kind == "" {
			kind = "other"
		}
		add(title, "%s %s", strings.Join(strings.Fields(kind+" "+f.ArtifactType+" "+f.Tag), " "), f.Digest)
		title = ""
	}
}

func moreRow(n int, noun string, add func(name, format string, args ...any)) {
	if n > 0 {
		add("", "%s, see --all and --size", ui.Count(n, "more "+noun))
	}
}

// clip shortens a text to so many characters.
func clip(s string, most int) string {
	if runes := []rune(s); len(runes) > most {
		return string(runes[:most-1]) + "…"
	}
	return s
}

// words is a list in one line, cut unless all is true.
func words(list []string, all bool) string {
	if !all {
		list = cut(list, shortList)
	}
	return strings.Join(list, " ")
}

func consumerNote(c pack.Consumer) string {
	if c.Layout == "" {
		return c.Note
	}
	return strings.TrimPrefix(c.Note+"; use the "+c.Layout+" layout", "; ")
}

// referrers are those in the place that the artifact was read from, or in its
// registry when the options say so.
func (a *app) referrers(ctx context.Context, s *subject, o inspectOptions) ([]registry.Referrer, error) {
	if s.Content.Layout == layoutFile {
		return nil, nil
	}
	ref, err := registry.ParseRef(s.Name)
	if err != nil {
		return nil, err
	}
	asked := o.referrers || o.pull == "always"
	target, _, err := a.target(ctx, place{ref: ref, store: ref.Transport == registry.Remote && !asked}, o.transferFlags)
	if err != nil {
		return nil, err
	}
	defer target.Close()
	return registry.Referrers(ctx, target, ocispec.Descriptor{MediaType: s.Content.Root.MediaType, Digest: s.Digest, Size: s.Content.Root.Size})
}

// A drawing writes a picture in one format.
type drawing func(io.Writer, inspect.Picture) error

// pictureFormat is the format that a file's name asks for; nil without a name.
func pictureFormat(file string) (drawing, error) {
	switch strings.ToLower(filepath.Ext(file)) {
	case ".svg":
		return inspect.WriteSVG, nil
	case ".html", ".htm":
		return inspect.WriteHTML, nil
	}
	if file == "" {
		return nil, nil
	}
	return nil, &valueError{"--size", file, "want a name that ends in .svg or .html"}
}

// drawSizes writes a picture of the whole module, whatever lists are cut.
func (a *app) drawSizes(p inspect.Picture, file string, draw drawing) error {
	if err := durable.WriteFile(file, func(w io.Writer) error { return draw(w, p) }); err != nil {
		return fmt.Errorf("cannot write the picture: %w", err)
	}
	a.ui.Say("inspect: wrote %s", file)
	return nil
}
