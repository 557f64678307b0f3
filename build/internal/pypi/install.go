package pypi

import (
	"context"
	"net/url"
	"slices"

	"golang.org/x/sync/errgroup"
)

// Metadata reads a file's METADATA: from the index when it has that beside the wheel, else from the wheel.
// https://packaging.python.org/en/latest/specifications/simple-repository-api/#serving-distribution-metadata-in-the-simple-repository-api
func (f *Finder) Metadata(ctx context.Context, file File) (Metadata, error) {
	if file.Metadata != "" && file.URL != "" && len(f.Fetcher.Kept([]string{file.SHA256})) == 0 {
		u, err := url.Parse(file.URL + ".metadata")
		if err == nil {
			data, _, _, err := f.Fetcher.get(ctx, u, "", maxMetadata)
			if err == nil && (file.Metadata == "true" || hexSum(data) == file.Metadata) {
				return ParseMetadata(data)
			}
		}
		// The wheel itself has the last word.
	}
	d, err := f.open(ctx, file)
	if err != nil {
		return Metadata{}, err
	}
	return d.Metadata, nil
}

func (f *Finder) open(ctx context.Context, file File) (*Distribution, error) {
	data, err := f.Fetcher.fetch(ctx, file)
	if err != nil {
		return nil, err
	}
	d, err := OpenWheel(file.Name, data)
	if err != nil {
		return nil, err
	}
	d.URL = file.URL
	return d, nil
}

// Install downloads and unpacks the chosen files, in their order. The URL of a wheel that an index has given no digest
// for is as good as the index; from then on its digest is known.
func (f *Finder) Install(ctx context.Context, picks []Pick) ([]*Distribution, error) {
	all := make([]*Distribution, len(picks))
	g, ctx := errgroup.WithContext(ctx)
	g.SetLimit(parallel)
	for i, p := range picks {
		g.Go(func() error {
			d, err := f.open(ctx, p.File)
			all[i] = d
			return err
		})
	}
	if err := g.Wait(); err != nil {
		return nil, err
	}
	return all, nil
}

// Fits checks that a set of distributions is all that the requirements need, directly or not, and returns those of the
// set that are needed. what is what the error wraps when something is missing or of another version.
func Fits(env Environment, requirements []Requirement, all []*Distribution, what error) ([]*Distribution, error) {
	byName := map[string]*Distribution{}
	for _, d := range all {
		byName[d.Name] = d
	}
	type visit struct{ name, extra string }
	done, needed := map[visit]bool{}, map[string]bool{}
	var walk func(reqs []Requirement, extra string) error
	walk = func(reqs []Requirement, extra string) error {
		for _, q := range reqs {
			if !q.Marker.Holds(env, []string{extra}) || extra != "" && q.Marker.Holds(env, nil) {
				continue
			}
			d := byName[q.Name]
			switch {
			case d == nil:
				return &DistributionError{Name: q.Name, By: []string{q.Where}, Err: what, Detail: "it is missing"}
			case !q.Specifiers.Contains(d.Metadata.Version):
				return &DistributionError{Name: q.Name, Version: d.Version, By: []string{q.Where}, Err: what, Detail: "want " + q.Specifiers.String()}
			case len(q.SHA256) > 0 && d.SHA256 != "" && !slices.Contains(q.SHA256, d.SHA256):
				return &DistributionError{Name: q.Name, Version: d.Version, By: []string{q.Where}, Err: what, Detail: "its sha256 is " + d.SHA256 + ", which is not among those required"}
			}
			needed[d.Name] = true
			for _, e := range append([]string{""}, q.Extras...) {
				if v := (visit{d.Name, e}); !done[v] {
					done[v] = true
					if err := walk(d.requires(), e); err != nil {
						return err
					}
				}
			}
		}
		return nil
	}
	if err := walk(requirements, ""); err != nil {
		return nil, err
	}
	return slices.DeleteFunc(slices.Clone(all), func(d *Distribution) bool { return !needed[d.Name] }), nil
}

// requires are the distribution's requirements with its name as the one who wants them.
func (d *Distribution) requires() []Requirement {
	reqs := slices.Clone(d.Metadata.Requires)
	for i := range reqs {
		reqs[i].Where = d.Name + " " + d.Version
	}
	return reqs
}
