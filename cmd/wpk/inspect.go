package main

import (
	"context"
	"fmt"
	"maps"
	"slices"
	"strings"

	"github.com/opencontainers/go-digest"
	"github.com/spf13/cobra"

	"github.com/wpkdev/wpk/build/runtimepack"
	"github.com/wpkdev/wpk/inspect"
	"github.com/wpkdev/wpk/internal/ui"
	"github.com/wpkdev/wpk/pack"
	"github.com/wpkdev/wpk/registry"
	"github.com/wpkdev/wpk/wasm"
)

// layoutFile marks a module that is a plain file and no image.
const layoutFile = "file"

// inspectResult is what inspect prints.
type inspectResult struct {
	Reference   string              `json:"reference"`
	Digest      digest.Digest       `json:"digest"`
	Layout      string              `json:"layout"`
	MediaType   string              `json:"mediaType,omitempty"`
	Platforms   []pack.Platform     `json:"platforms,omitempty"`
	Annotations map[string]string   `json:"annotations,omitempty"`
	Config      pack.Config         `json:"config"`
	Files       []fileInfo          `json:"files,omitempty"`
	Blobs       []pack.Blob         `json:"blobs,omitempty"`
	Runtime     *runtimepack.Config `json:"runtime,omitempty"`
	Modules     []string            `json:"modules,omitempty"` // the names of all, where there are several
	Module      inspectModule       `json:"module"`
	inspectParts
	Referrers []registry.Referrer `json:"referrers,omitempty"`
	Consumers []pack.Consumer     `json:"consumers,omitempty"`
}

type inspectModule struct {
	Path   string        `json:"path"`
	Digest digest.Digest `json:"digest"`
	WASI   string        `json:"wasi,omitempty"`
	// WASIVersion is that of a component's interfaces, such as 0.2.3.
	WASIVersion string `json:"wasiVersion,omitempty"`
	*wasm.Module
}

type fileInfo struct {
	Path string `json:"path"`
	Size int    `json:"size"`
}

func newInspect(a *app) *cobra.Command {
	var o inspectOptions
	c := &cobra.Command{
		Use:   "inspect REF|FILE",
		Short: "Show what an artifact is, what it imports and who can run it",
		Long: `Shows an artifact or a module: its platforms and files, what the module may do
outside of itself, what it exports, where its bytes are, and which programs
start it.`,
		Example: `  wpk inspect ghcr.io/acme/hello:1.0
  wpk inspect ./hello.wasm --all
  wpk inspect ./hello.wasm --size hello.html
  wpk inspect --referrers ghcr.io/acme/hello:1.0
  wpk inspect --json oci:./layout:1.0 | jq '.module.imports'`,
		Args: operands("REF"),
		RunE: func(c *cobra.Command, argv []string) error {
			return runInspect(c.Context(), a, o, argv[0])
		},
	}
	o.register(c)
	c.Flags().BoolVar(&o.all, "all", false, "shorten no list")
	c.Flags().BoolVar(&o.referrers, "referrers", false, "ask the registry for signatures, SBOMs and provenance of the artifact")
	c.Flags().StringVar(&o.size, "size", "", "draw where the bytes are, into `FILE`.svg or FILE.html")
	jsonFlag(c, &o.json)
	return c
}

type inspectOptions struct {
	loadFlags
	all, referrers, json bool
	size                 string
}

func runInspect(ctx context.Context, a *app, o inspectOptions, arg string) error {
	draw, err := pictureFormat(o.size)
	if err != nil {
		return err
	}
	s, err := a.load(ctx, arg, o.loadFlags)
	if err != nil {
		return err
	}
	info, err := wasm.Decode(s.Content.Module)
	if err != nil {
		return fmt.Errorf("cannot read the module of %s: %w", s.Name, err)
	}
	sizes, err := inspect.Measure(info, s.Content.Module)
	if err != nil {
		return fmt.Errorf("cannot read the module of %s: %w", s.Name, err)
	}
	r := inspected(s, info)
	if r.inspectParts, err = partsOf(s, info, sizes, o.all); err != nil {
		return fmt.Errorf("cannot read the module of %s: %w", s.Name, err)
	}
	if r.Referrers, err = a.referrers(ctx, s, o); err != nil {
		return err
	}
	if draw != nil {
		p := inspect.Picture{Title: s.Name, Total: info.Size, Sizes: sizes, Bytes: ui.Bytes}
		if err := a.drawSizes(p, o.size, draw); err != nil {
			return err
		}
	}
	if o.json {
		return a.printJSON(r)
	}
	return a.printInspect(r, o.all)
}

func inspected(s *subject, info *wasm.Module) inspectResult {
	c := s.Content
	r := inspectResult{
		Reference: s.Name, Digest: s.digest(), Layout: c.Layout, MediaType: c.Root.MediaType,
		Platforms: c.Platforms, Annotations: c.Annotations, Config: c.Config, Blobs: c.Blobs, Runtime: c.Runtime, Modules: c.Modules,
		Module: inspectModule{c.ModulePath, s.moduleDigest(), info.WASI(), info.WASIVersion(), info},
	}
	for _, f := range c.Files {
		r.Files = append(r.Files, fileInfo{f.Path, len(f.Data)})
	}
	if c.Layout != layoutFile {
		r.Consumers = pack.Consumers(c.Layout, info)
	}
	return r
}

func (a *app) printInspect(r inspectResult, all bool) error {
	var rows [][]ui.Cell
	add := func(name, format string, args ...any) {
		row := ui.Cells(name, ui.Printable(fmt.Sprintf(format, args...)))
		row[0].Style = ui.Faint
		rows = append(rows, row)
	}
	add("Reference", "%s", r.Reference)
	add("Digest", "%s", r.Digest)
	add("Layout", "%s", layoutWords(r))
	if len(r.Platforms) > 0 {
		add("Platforms", "%s", strings.Join(platformNames(r.Platforms), " "))
	}
	if len(r.Blobs) > 0 {
		add("Blobs", "%s", blobWords(r.Blobs))
	}
	if r.Runtime != nil {
		runtimeRows(r.Runtime, add)
		add("Start", "%s", "nothing: wpk build attaches programs to it")
	} else {
		add("Start", "%s", strings.Join(append(slices.Clone(r.Config.Entrypoint), r.Config.Cmd...), " "))
	}
	for _, kv := range r.Config.Env {
		add("Env", "%s", kv)
	}
	for i, f := range r.Files {
		if i == shortList && !all {
			add("", "%s, see --all", ui.Count(len(r.Files)-i, "more file"))
			break
		}
		add("File", "%s (%s)", f.Path, ui.Bytes(int64(f.Size)))
	}
	for _, k := range sortedKeys(r.Config.Labels) {
		add("Label", "%s=%s", k, r.Config.Labels[k])
	}
	for _, k := range sortedKeys(r.Annotations) {
		add("Annotation", "%s=%s", k, r.Annotations[k])
	}
	if len(r.Modules) > 0 {
		add("Modules", "%s", strings.Join(r.Modules, " "))
	}
	moduleRows(r.Module, all, add)
	partRows(r, all, add)
	if err := ui.Table(a.ui.Out, a.ui.OutColor, rows); err != nil || len(r.Consumers) == 0 {
		return err
	}
	fmt.Fprintln(a.ui.Out)
	return ui.Table(a.ui.Out, a.ui.OutColor, consumerRows(r.Consumers))
}

// runtimeRows tell what a runtime pack is and what it was made of.
func runtimeRows(c *runtimepack.Config, add func(name, format string, args ...any)) {
	add("Runtime", "%s %s (ABI %d)", c.Language, c.Version, c.ABI)
	for _, t := range c.Tools {
		add("Tool", "%s", strings.TrimSpace(t.Name+" "+t.Version))
	}
	for _, s := range c.Sources {
		add("Source", "%s %s %s", s.Name, s.Version, s.Digest)
	}
}

func moduleRows(m inspectModule, all bool, add func(name, format string, args ...any)) {
	add("Module", "%s", strings.TrimSpace(fmt.Sprintf("%s (%s, %s)", m.Path, moduleKind(m), ui.Bytes(m.Size))))
	add("", "%s", m.Digest)
	if m.WASIVersion != "" {
		add("WASI", "%s", m.WASIVersion)
	}
	for _, mem := range m.Memories {
		most := "no maximum"
		if mem.HasMax {
			most = "at most " + pages(mem.Max, mem.PageSize)
		}
		add("Memory", "%s at start, %s", pages(mem.Min, mem.PageSize), most)
	}
	modules, byModule := groupImports(m.Imports)
	for _, name := range modules {
		add("Imports", "%s: %s", name, words(byModule[name], all))
	}
	var exports []string
	for _, e := range m.Exports {
		exports = append(exports, e.Name)
	}
	add("Exports", "%s", words(exports, all))
	add("Sections", "%s", strings.Join(sectionWords(m.Sections), ", "))
}

// sectionWords are the sections with their sizes. A component has hundreds of
// a few kinds: those of one name are counted together.
func sectionWords(sections []wasm.Section) []string {
	type total struct{ count, size int64 }
	totals := map[string]total{}
	var names []string
	for _, s := range sections {
		name := s.Name
		if s.Custom != "" {
			name = s.Custom
		}
		t, seen := totals[name]
		if !seen {
			names = append(names, name)
		}
		totals[name] = total{t.count + 1, t.size + s.Size}
	}
	words := make([]string, len(names))
	for i, name := range names {
		t := totals[name]
		words[i] = name + " " + ui.Bytes(t.size)
		if t.count > 1 {
			words[i] = fmt.Sprintf("%d × %s %s", t.count, name, ui.Bytes(t.size))
		}
	}
	return words
}

// groupImports collects names by the module that they come from, modules in
// order. A component's imports have one name, in which the group is the package
// with its version.
func groupImports(imports []wasm.Import) ([]string, map[string][]string) {
	byModule := map[string][]string{}
	for _, i := range imports {
		group, name := i.Module, i.Name
		if group == "" {
			group, name = splitInterface(i.Name)
		}
		byModule[group] = append(byModule[group], name)
	}
	for _, names := range byModule {
		slices.Sort(names)
	}
	return sortedKeys(byModule), byModule
}

// splitInterface splits "wasi:cli/exit@0.2.3" into "wasi:cli@0.2.3" and "exit".
func splitInterface(full string) (group, name string) {
	group, name, _ = strings.Cut(full, "/")
	if short, version, ok := strings.Cut(name, "@"); ok {
		return group + "@" + version, short
	}
	return group, name
}

func moduleKind(m inspectModule) string {
	words := []string{m.Kind.String()}
	if m.WASI != "" {
		words = append([]string{m.WASI}, words...)
	}
	switch {
	case m.IsCommand():
		words = append(words, "command")
	case m.IsReactor():
		words = append(words, "reactor")
	}
	return strings.Join(words, " ")
}

// pages is a memory size in words. A count that overflows is a module's lie.
func pages(n, pageSize uint64) string {
	if pageSize != 0 && n > (1<<62)/pageSize {
		return fmt.Sprintf("%d pages", n)
	}
	return ui.Bytes(int64(n * pageSize)) //nolint:gosec // checked above
}

func layoutWords(r inspectResult) string {
	switch n := len(r.Platforms); {
	case r.Layout == layoutFile:
		return "a plain file"
	case r.Layout == pack.LayoutRuntime:
		return "runtime (a runtime pack, to which wpk build attaches programs)"
	case n > 1:
		return fmt.Sprintf("%s (index of %s)", r.Layout, ui.Count(n, "manifest"))
	default:
		return r.Layout + " (one manifest)"
	}
}

// platformNames lists each platform once, in the order of the index.
func platformNames(all []pack.Platform) []string {
	var names []string
	for _, p := range all {
		if p.Platform != "" && !slices.Contains(names, p.Platform) {
			names = append(names, p.Platform)
		}
	}
	return names
}

func blobWords(blobs []pack.Blob) string {
	var sum int64
	shared := 0
	for _, b := range blobs {
		sum += b.Size
		if b.SharedBy > 1 {
			shared++
		}
	}
	words := fmt.Sprintf("%d, %s together", len(blobs), ui.Bytes(sum))
	if shared > 0 {
		words += fmt.Sprintf("; %d of them serve several manifests", shared)
	}
	return words
}

func consumerRows(all []pack.Consumer) [][]ui.Cell {
	rows := [][]ui.Cell{heading("CONSUMER", "STARTS", "NOTE")}
	styles := map[pack.Starts]ui.Style{pack.StartsPlain: ui.Good, pack.StartsFlag: ui.Warn, pack.StartsNot: ui.Bad}
	for _, c := range all {
		rows = append(rows, []ui.Cell{{Text: c.Name}, {Text: string(c.Starts), Style: styles[c.Starts]}, {Text: ui.Printable(consumerNote(c)), Style: ui.Faint}})
	}
	return rows
}

func sortedKeys[V any](m map[string]V) []string {
	return slices.Sorted(maps.Keys(m))
}
