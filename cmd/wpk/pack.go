package main

import (
	"context"
	"fmt"
	"maps"
	"path"
	"path/filepath"
	"strings"

	"github.com/spf13/cobra"

	"github.com/wpkdev/wpk/build"
	"github.com/wpkdev/wpk/internal/project"
	"github.com/wpkdev/wpk/pack"
	"github.com/wpkdev/wpk/wasm"
)

type packOptions struct {
	tags    []string
	name    string
	load    loadFlags
	image   imageFlags
	seal    sealFlags
	command *cobra.Command
	json    bool

	optimize optimizeFlags
}

// packedResult is what pack prints.
type packedResult struct {
	written
	Shrink *build.Shrink `json:"shrink,omitempty"`
}

func newPack(a *app) *cobra.Command {
	var o packOptions
	c := &cobra.Command{
		Use:   "pack FILE|REF|-",
		Short: "Pack a module that is there already",
		Long: `Packs what another tool compiled, a core module or a component: a file, standard
input (-), or what a reference holds in any layout. A reference keeps its start,
files and annotations where the new layout has a place for them, and flags win.`,
		Example: `  wpk pack ./hello.wasm -t ghcr.io/acme/hello:1.0
  cat tool.wasm | wpk pack - -t localhost:5000/demo/tool:1 --layout artifact --strip
  wpk pack ghcr.io/acme/filter:1.0 -t ghcr.io/acme/filter:1.0-istio --layout proxy-wasm
  wpk pack ghcr.io/other/tool:2 -t localhost:5000/tool:2 --layout universal,artifact`,
		Args: operands("FILE"),
		RunE: func(c *cobra.Command, argv []string) error {
			seal, err := o.seal.open(c.Context(), a, c)
			if err != nil {
				return err
			}
			return runPack(c.Context(), a, o, argv[0], seal)
		},
	}
	tagFlag(c, &o.tags)
	c.Flags().StringVar(&o.name, "name", "", "`NAME` of the module's file in the image (default: as it is)")
	o.image.register(c)
	o.optimize.register(c)
	o.load.register(c)
	o.seal.register(c)
	o.command = c
	jsonFlag(c, &o.json)
	return c
}

func runPack(ctx context.Context, a *app, o packOptions, arg string, seal *seal) error {
	places, err := buildPlaces(o.tags)
	if err != nil {
		return err
	}
	opts, err := o.image.options(a)
	if err != nil {
		return err
	}
	s, err := a.loadPacked(ctx, arg, o.load)
	if err != nil {
		return err
	}
	m, err := a.optimized(ctx, s, o.optimize)
	if err != nil {
		return err
	}
	m.Facts = a.packFacts(ctx, o, s, arg)
	m.Facts.Unknown = []string{"what is inside, and what has compiled it: wpk packed a module that was there already"}
	m.Facts.Varies = []string{"wpk packed a module that was there already"}
	opts.Name = m.Facts.Name
	opts = fromContent(opts, s.Content)
	opts.Annotations = annotate(opts.Annotations, m.Facts, o.image.noSource)
	all, err := o.image.pack(a, m.Wasm, opts)
	if err != nil {
		return fmt.Errorf("cannot pack %s: %w", s.Name, err)
	}
	if len(places) == 0 {
		if places, err = defaultPlace(m.Facts.Name); err != nil {
			return err
		}
	}
	res, err := a.write(ctx, &o.image, places, all, o.json)
	if err != nil {
		return err
	}
	record, err := a.keep(&o.seal, recorded{o.command, arg}, m, res.digests()...)
	if err == nil {
		err = seal.apply(ctx, a, &res, record)
	}
	if err != nil || !o.json {
		return err
	}
	res.Module = factsOf(m)
	return a.printJSON(packedResult{res, m.Shrink})
}

// loadPacked is load with - for standard input.
func (a *app) loadPacked(ctx context.Context, arg string, l loadFlags) (*subject, error) {
	if arg == "-" {
		return loadModule(a.ui.In, stdinName, 0)
	}
	return a.load(ctx, arg, l)
}

// stdinName stands for the file where there is none.
const stdinName = "standard input"

// optimized is the module as the flags want it.
func (a *app) optimized(ctx context.Context, s *subject, flags optimizeFlags) (*build.Module, error) {
	m, err := moduleOf(s)
	if err != nil {
		return nil, err
	}
	o, err := flags.options(projectOverlay{}, project.Build{})
	if err != nil || !o.Wanted() {
		return m, err
	}
	cache, err := a.cacheDir()
	if err != nil {
		return nil, err
	}
	m, err = build.Optimize(ctx, m.Wasm, build.Options{Env: a.env, Cache: filepath.Join(cache, "build"), Output: a.ui, Settings: build.Settings{Optimize: o}})
	if err != nil {
		return nil, fmt.Errorf("cannot pack %s: %w", s.Name, err)
	}
	a.sayShrink("pack", m)
	return m, nil
}

func moduleOf(s *subject) (*build.Module, error) {
	info, err := wasm.Decode(s.Content.Module)
	if err != nil {
		return nil, fmt.Errorf("cannot read the module of %s: %w", s.Name, err)
	}
	return &build.Module{Wasm: s.Content.Module, Digest: string(s.moduleDigest()), Info: info}, nil
}

// packFacts are what is known without a build: the name, and for a file what
// git says of its folder.
func (a *app) packFacts(ctx context.Context, o packOptions, s *subject, arg string) build.Facts {
	f := build.Facts{Name: o.name}
	if file := s.Content.ModulePath; f.Name == "" && file != "" && arg != "-" {
		f.Name = fileName(strings.TrimSuffix(path.Base(file), ".wasm"))
	}
	if s.Content.Layout == layoutFile && arg != "-" && !o.image.noSource {
		f.Source = build.SourceOf(ctx, filepath.Dir(arg), a.env)
	}
	return f
}

// fileName makes any file's name one that every runtime opens.
func fileName(name string) string {
	safe := strings.Map(func(r rune) rune {
		if r < 0x80 && (r >= 'a' && r <= 'z' || r >= 'A' && r <= 'Z' || r >= '0' && r <= '9' || strings.ContainsRune("._-+~", r)) {
			return r
		}
		return '-'
	}, name)
	return strings.TrimLeft(safe, ".")
}

// fromContent keeps what an image said beside its module, where no flag says
// otherwise. What belongs to its layout is made anew.
func fromContent(o pack.Options, c *pack.Content) pack.Options {
	if c.Layout == layoutFile {
		return o
	}
	own := &o.Config
	cmd := c.Config.Cmd
	if len(c.Config.Entrypoint) == 0 && len(cmd) > 0 && path.Base(cmd[0]) == path.Base(c.ModulePath) {
		cmd = cmd[1:] // it began with the program
	}
	if old := c.Config.Entrypoint; len(own.Entrypoint) == 0 && len(old) > 1 {
		own.Entrypoint = append([]string{o.ModulePath()}, old[1:]...)
	}
	if len(own.Cmd) == 0 {
		own.Cmd = cmd
	}
	if own.WorkingDir == "" {
		own.WorkingDir = c.Config.WorkingDir
	}
	own.Env = mergeEnv(c.Config.Env, own.Env)
	labels := merge(c.Config.Labels, nil)
	delete(labels, pack.LabelTarget)
	own.Labels = merge(labels, own.Labels)
	o.Annotations = merge(pack.PlainAnnotations(c.Annotations), o.Annotations)
	if len(own.Labels) == 0 {
		own.Labels = nil
	}
	given := map[string]bool{}
	for _, f := range o.Files {
		given[f.Path] = true
	}
	for _, f := range c.Files {
		if !given[f.Path] {
			o.Files = append(o.Files, f)
		}
	}
	return o
}

// merge puts the second map over the first.
func merge(under, over map[string]string) map[string]string {
	all := map[string]string{}
	maps.Copy(all, under)
	maps.Copy(all, over)
	return all
}

// mergeEnv is merge for KEY=VALUE; the order is that of the first, then what
// is new.
func mergeEnv(under, over []string) []string {
	var all []string
	at := map[string]int{}
	for _, kv := range append(append([]string{}, under...), over...) {
		key, _, _ := strings.Cut(kv, "=")
		if i, ok := at[key]; ok {
			all[i] = kv
			continue
		}
		at[key] = len(all)
		all = append(all, kv)
	}
	return all
}
