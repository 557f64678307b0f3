package main

import (
	"context"
	"errors"
	"fmt"

	"github.com/wpkdev/wpk/build"
	"github.com/wpkdev/wpk/registry"
)

// written is what build and pack print of what they wrote. The first layout is
// the one that the given names stand for.
type written struct {
	References []string        `json:"references"`
	Digest     string          `json:"digest"`
	Layout     string          `json:"layout"`
	Others     []writtenLayout `json:"others,omitempty"` // the layouts after the first
	Module     moduleFacts     `json:"module"`
	Signed     []signedResult  `json:"signed,omitempty"`
	Attested   []attested      `json:"attested,omitempty"`

	first writtenLayout
}

type writtenLayout struct {
	Layout     string   `json:"layout"`
	Digest     string   `json:"digest"`
	References []string `json:"references"`

	places []place
}

type moduleFacts struct {
	Digest string `json:"digest"`
	Size   int64  `json:"size"`
	Kind   string `json:"kind"`
	WASI   string `json:"wasi,omitempty"`
}

func factsOf(m *build.Module) moduleFacts {
	return moduleFacts{m.Digest, int64(len(m.Wasm)), m.Info.Kind.String(), m.Info.WASI()}
}

// save writes one artifact to one place.
func (a *app) save(ctx context.Context, p place, artifact registry.Artifact) (digest string, err error) {
	done := make([]writtenLayout, 1)
	err = a.writeTo(ctx, []place{p}, []packed{{artifact: artifact}}, done)
	return done[0].Digest, err
}

// digests are those of all layouts.
func (w *written) digests() []string {
	all := []string{w.Digest}
	for _, o := range w.Others {
		all = append(all, o.Digest)
	}
	return all
}

// layoutPlaces are the places of one layout, the tags made by the template.
func (o *imageFlags) layoutPlaces(places []place, all []packed) ([][]place, error) {
	names := make([][]place, len(all))
	seen := map[string]bool{}
	for i, p := range all {
		for _, at := range places {
			if i > 0 {
				at.ref.Tag = o.tagOf(at.ref.Tag, p.layout)
				if _, err := registry.ParseRef(at.ref.String()); err != nil {
					return nil, &valueError{"--layout-tag", o.layoutTag, "makes the tag " + at.ref.Tag}
				}
			}
			name := at.ref.String()
			if seen[name] && i > 0 {
				return nil, &valueError{"--layout-tag", o.layoutTag, "gives two layouts the name " + name}
			}
			seen[name] = true
			names[i] = append(names[i], at)
		}
	}
	return names, nil
}

// write brings every layout to every place, one place after the other: an
// archive is written once. Each line of stdout is a name with its digest.
func (a *app) write(ctx context.Context, o *imageFlags, places []place, all []packed, quiet bool) (written, error) {
	var res written
	names, err := o.layoutPlaces(places, all)
	if err != nil {
		return res, err
	}
	others := make([]writtenLayout, len(all))
	for i := range places {
		own := make([]place, len(all))
		for k := range all {
			own[k] = names[k][i]
		}
		if err := a.writeTo(ctx, own, all, others); err != nil {
			return res, err
		}
		for k := range all {
			if !quiet {
				fmt.Fprintf(a.ui.Out, "%s@%s\n", own[k].ref, others[k].Digest)
			}
		}
	}
	res.first, res.Others = others[0], others[1:]
	res.Layout, res.Digest, res.References = res.first.Layout, res.first.Digest, res.first.References
	return res, nil
}

// writeTo writes all layouts into one place; names differ by the tag only.
func (a *app) writeTo(ctx context.Context, names []place, all []packed, done []writtenLayout) (err error) {
	target, _, err := a.target(ctx, names[0], transferFlags{})
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, target.Close()) }()
	for i, p := range all {
		desc, err := registry.Save(ctx, target, p.artifact, names[i].nameThere())
		if err != nil {
			return err
		}
		done[i].Layout, done[i].Digest = p.layout, string(desc.Digest)
		done[i].References = append(done[i].References, names[i].ref.String())
		done[i].places = append(done[i].places, names[i])
	}
	return nil
}
