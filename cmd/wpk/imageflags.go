package main

import (
	"slices"
	"strings"

	"github.com/spf13/cobra"

	"github.com/wpkdev/wpk/build"
	"github.com/wpkdev/wpk/pack"
)

// imageFlags say how to pack; build and pack share them.
type imageFlags struct {
	layouts     []string
	layoutTag   string
	files       []string
	config      pack.Config
	labels      []string
	annotations []string
	noSource    bool
}

func (o *imageFlags) register(c *cobra.Command) {
	f := c.Flags()
	f.StringSliceVar(&o.layouts, "layout", []string{pack.LayoutUniversal}, "`LAYOUTS`: "+layoutHelp())
	f.StringVar(&o.layoutTag, "layout-tag", "{tag}-{layout}", "`TEMPLATE` of the tag of every layout after the first; {layout} is its name, or wasm for artifact")
	f.StringArrayVar(&o.files, "file", nil, "`SRC:DST`, a file or folder to add to the image; may be repeated")
	f.StringArrayVar(&o.config.Entrypoint, "entrypoint", nil, "one `WORD` of the entrypoint (default: the module); may be repeated")
	f.StringArrayVar(&o.config.Cmd, "cmd", nil, "one default `ARGUMENT`; may be repeated")
	f.StringArrayVarP(&o.config.Env, "env", "e", nil, "`KEY=VALUE` for the image; may be repeated")
	f.StringVar(&o.config.WorkingDir, "workdir", "", "working `FOLDER` of the image")
	f.StringArrayVar(&o.labels, "label", nil, "`KEY=VALUE` label of the image; may be repeated")
	f.StringArrayVar(&o.annotations, "annotation", nil, "`KEY=VALUE` annotation of the manifests; may be repeated")
	f.BoolVar(&o.noSource, "no-source-annotations", false, "leave out the revision and origin that git knows")
}

// options checks the flags before anything is compiled or read.
func (o *imageFlags) options(a *app) (pack.Options, error) {
	opts := pack.Options{Config: o.config, Cache: a.layerCache()}
	if err := o.checkLayouts(); err != nil {
		return opts, err
	}
	var err error
	if opts.Created, err = a.sourceDate(); err != nil {
		return opts, err
	}
	if opts.Config.Labels, err = keyValues("--label", o.labels); err != nil {
		return opts, err
	}
	if opts.Annotations, err = keyValues("--annotation", o.annotations); err != nil {
		return opts, err
	}
	for _, spec := range o.files {
		files, err := pack.LoadFiles(spec)
		if err != nil {
			return opts, err
		}
		opts.Files = append(opts.Files, files...)
	}
	return opts, nil
}

// Annotation keys of the image specification.
// https://github.com/opencontainers/image-spec/blob/v1.1.1/annotations.md
const (
	annotationTitle    = "org.opencontainers.image.title"
	annotationSource   = "org.opencontainers.image.source"
	annotationRevision = "org.opencontainers.image.revision"
)

// annotate adds what the build knows; a flag's value wins. Changed sources
// are marked, so that a revision is never claimed wrongly.
func annotate(given map[string]string, f build.Facts, noSource bool) map[string]string {
	all := map[string]string{}
	if f.Name != "" {
		all[annotationTitle] = f.Name
	}
	if !noSource && f.Source.Revision != "" {
		all[annotationRevision] = f.Source.Revision
		if f.Source.Dirty {
			all[annotationRevision] += "-dirty"
		}
		if f.Source.URL != "" {
			all[annotationSource] = f.Source.URL
		}
	}
	return merge(all, given)
}

func keyValues(flag string, list []string) (map[string]string, error) {
	if len(list) == 0 {
		return nil, nil
	}
	out := make(map[string]string, len(list))
	for _, kv := range slices.Sorted(slices.Values(list)) {
		k, v, ok := strings.Cut(kv, "=")
		if !ok || k == "" {
			return nil, &valueError{flag, kv, "want KEY=VALUE"}
		}
		if _, twice := out[k]; twice {
			return nil, &valueError{flag, kv, "the key is given twice"}
		}
		out[k] = v
	}
	return out, nil
}
