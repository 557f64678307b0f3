package main

import (
	"context"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"github.com/wpkdev/wpk/build"
	"github.com/wpkdev/wpk/internal/durable"
	"github.com/wpkdev/wpk/internal/ui"
	"github.com/wpkdev/wpk/registry"
)

type buildOptions struct {
	tags    []string
	compile compileFlags
	image   imageFlags
	seal    sealFlags
	command *cobra.Command
	output  string
	json    bool
}

// buildResult is what build prints.
type buildResult struct {
	written
	Facts    build.Facts     `json:"build"`
	Shrink   *build.Shrink   `json:"shrink,omitempty"`
	Warnings []build.Warning `json:"warnings,omitempty"`
}

func newBuild(a *app) *cobra.Command {
	var o buildOptions
	c := &cobra.Command{
		Use:   "build [DIR]",
		Short: "Compile a project to WebAssembly and pack it as one artifact",
		Long: `Compiles the project in DIR (default: the current folder) with your own
toolchain, and packs the module as one OCI artifact into the local store, or
wherever -t says. DIR is a project, or the folder of one of its packages.

Go is known by go.mod, Rust by Cargo.toml, C and C++ by CMakeLists.txt,
meson.build, configure or configure.ac, a Makefile, or *.c and *.cpp files.
The same sources and tools give the same digest in any folder, at any time.`,
		Example: `  wpk build
  wpk build ./cmd/server -t ghcr.io/acme/server:1.0
  wpk build . -t oci:./layout:1.0 --file ./config.json:/etc/config.json
  wpk build ./zlib --bin minigzip -t localhost:5000/demo/minigzip:1
  wpk build -t ghcr.io/acme/hello:1.0 --layout universal,artifact   # and hello:1.0-wasm for wkg
  wpk build --strip --optimize size --max-size 2MiB
  wpk build -t ghcr.io/acme/hello:1.0 --sign --key wpk.key && wpk push ghcr.io/acme/hello:1.0`,
		Args: operands("[DIR]"),
		RunE: func(c *cobra.Command, argv []string) error {
			dir := "."
			if len(argv) == 1 {
				dir = argv[0]
			}
			seal, err := o.seal.open(c.Context(), a, c)
			if err != nil {
				return err
			}
			return runBuild(c.Context(), a, o, dir, seal)
		},
	}
	f := c.Flags()
	tagFlag(c, &o.tags)
	f.StringVarP(&o.output, "output", "o", "", "write the bare module to this `FILE` as well")
	o.compile.register(c)
	o.image.register(c)
	o.seal.register(c)
	o.command = c
	jsonFlag(c, &o.json)
	return c
}

func runBuild(ctx context.Context, a *app, o buildOptions, dir string, seal *seal) error {
	places, err := buildPlaces(o.tags)
	if err != nil {
		return err
	}
	opts, err := o.image.options(a)
	if err != nil {
		return err
	}
	compiled, err := o.compile.options(dir)
	if err != nil {
		return err
	}
	compiled.Inventory = o.seal.looks()
	if o.output != "" {
		compiled.C.Ignore = []string{o.output}
	}
	if compiled.Runtimes, err = a.newRuntimes(o.compile.runtime); err != nil {
		return err
	}
	module, name, err := a.compile(ctx, compiled)
	if err != nil {
		return err
	}
	opts.Name = module.Facts.Name
	opts.Annotations = annotate(opts.Annotations, module.Facts, o.image.noSource)
	all, err := o.image.pack(a, module.Wasm, opts)
	if err != nil {
		return fmt.Errorf("cannot pack %q: %w", dir, err)
	}
	if len(places) == 0 {
		if places, err = defaultPlace(name); err != nil {
			return err
		}
	}
	if o.output != "" {
		err := durable.WriteFile(o.output, func(w io.Writer) error {
			_, err := w.Write(module.Wasm)
			return err
		})
		if err != nil {
			return err
		}
	}
	res, err := a.write(ctx, &o.image, places, all, o.json)
	if err != nil {
		return err
	}
	record, err := a.keep(&o.seal, recorded{o.command, dir}, module, res.digests()...)
	if err == nil {
		err = seal.apply(ctx, a, &res, record)
	}
	if err != nil || !o.json {
		return err
	}
	res.Module = factsOf(module)
	return a.printJSON(buildResult{res, module.Facts, module.Shrink, module.Warnings})
}

// compile builds the module and says so. name is what a person calls it.
func (a *app) compile(ctx context.Context, o build.Options) (module *build.Module, name string, err error) {
	cache, err := a.cacheDir()
	if err != nil {
		return nil, "", err
	}
	o.Env, o.Cache, o.Output = a.env, filepath.Join(cache, "build"), a.ui
	if self, err := os.Executable(); err == nil {
		o.C.Emulator = []string{self, "run"} // for CMake and Meson projects that start what they have compiled
	}
	a.ui.Status("build: compiling %s", o.Dir)
	start := time.Now()
	module, err = build.Build(ctx, o)
	a.ui.Status("")
	if err != nil {
		return nil, "", fmt.Errorf("cannot build %q: %w", o.Dir, err)
	}
	if name, err = programName(module.Facts, o.Dir); err != nil {
		return nil, "", err
	}
	a.ui.Say("build: %s %s with %s in %s", name, describe(module), tools(module.Facts), ui.Duration(time.Since(start)))
	a.sayShrink("build", module)
	a.warn(module.Warnings)
	return module, name, nil
}

// warn tells what compiles and will not work. The places come from the sources.
func (a *app) warn(warnings []build.Warning) {
	for _, w := range warnings {
		text := w.Text
		if w.Where != "" {
			text = w.Where + ": " + text
		}
		a.ui.Say("%s %s", ui.Paint(a.ui.Color, ui.Warn, "warning:"), ui.Printable(text))
	}
}

// tagFlag is -t, the same on build and pack.
func tagFlag(c *cobra.Command, tags *[]string) {
	c.Flags().StringArrayVarP(tags, "tag", "t", nil, "`REF` to write: host/repository[:tag] in the local store, oci:FOLDER[:tag] or oci-archive:FILE[:tag]; may be repeated")
}

// buildPlaces reads -t: a host/repository name is a name in the local store.
func buildPlaces(tags []string) ([]place, error) {
	var places []place
	for _, tag := range tags {
		ref, err := registry.ParseRef(tag)
		if err != nil {
			return nil, err
		}
		if ref.Digest != "" {
			return nil, &valueError{"--tag", tag, "a build finds its digest by itself; want a tag only"}
		}
		places = append(places, place{ref, ref.Transport == registry.Remote})
	}
	return places, nil
}

// defaultPlace names a build without -t as buildah does, after the program.
func defaultPlace(name string) ([]place, error) {
	ref, err := registry.ParseRef("localhost/" + repositoryName(name) + ":latest")
	return []place{{ref, true}}, err
}

// programName is what a person calls the program: by its own name, or by its
// folder's when the sources name none.
func programName(f build.Facts, dir string) (string, error) {
	if f.Name != "" {
		return f.Name, nil
	}
	dir, err := filepath.Abs(dir)
	return filepath.Base(dir), err
}

// repositoryName makes a program's name fit the grammar of repositories:
// lower-case letters and digits, single separators between them.
func repositoryName(name string) string {
	fields := strings.FieldsFunc(strings.ToLower(name), func(r rune) bool {
		return (r < 'a' || r > 'z') && (r < '0' || r > '9')
	})
	if len(fields) == 0 {
		return "app"
	}
	return strings.Join(fields, "-")
}

func describe(m *build.Module) string {
	what := m.Info.Kind.String()
	if w := m.Info.WASI(); w != "" {
		what = w + " " + what
	}
	return "(" + what + ", " + ui.Bytes(int64(len(m.Wasm))) + ")"
}

func tools(f build.Facts) string {
	var names []string
	for i, t := range f.Tools {
		if i == 0 || t.Version != "" { // the pieces of a compiler have its own
			names = append(names, strings.TrimSpace(t.Name+" "+t.Version))
		}
	}
	return strings.Join(names, ", ")
}

// sourceDate is SOURCE_DATE_EPOCH as a time, the Unix epoch when it is unset.
// https://reproducible-builds.org/specs/source-date-epoch/
func (a *app) sourceDate() (time.Time, error) {
	v := a.getenv("SOURCE_DATE_EPOCH")
	if v == "" {
		return time.Unix(0, 0).UTC(), nil
	}
	seconds, err := strconv.ParseInt(v, 10, 64)
	if err != nil || seconds < 0 {
		return time.Time{}, &valueError{"SOURCE_DATE_EPOCH", v, "want seconds since 1970"}
	}
	return time.Unix(seconds, 0).UTC(), nil
}
