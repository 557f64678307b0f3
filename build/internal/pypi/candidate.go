package pypi

import (
	"context"
	"errors"
	"net/url"
	"path/filepath"
	"slices"
	"strings"

	"github.com/wpkdev/wpk/build/internal/pep440"
)

// A candidate is one version of a distribution, with the file to take of it.
type candidate struct {
	version pep440.Version
	file    File
	refused error // why no file of it can be taken
}

// WithoutNative are distributions whose wheels have native code that only makes them faster: each imports its compiled
// half in a try statement. Their wheels are taken without it. More can be named in [Resolver.Pure].
var WithoutNative = []string{"markupsafe", "msgpack", "pyyaml"}

// candidates returns the versions of a name that fulfil what is wanted of it, the best first. A version that cannot be
// taken is among them, with the reason: silently taking an older one instead would surprise.
func (r *Resolver) candidates(ctx context.Context, name string, wants []want) ([]candidate, error) {
	var set pep440.Specifiers
	var sums []string
	direct := ""
	for _, w := range wants {
		set = set.And(w.Specifiers)
		if w.URL != "" {
			direct = w.URL
		}
		if len(w.SHA256) > 0 && sums == nil {
			sums = w.SHA256
		} else if len(w.SHA256) > 0 {
			sums = slices.DeleteFunc(slices.Clone(sums), func(s string) bool { return !slices.Contains(w.SHA256, s) })
		}
	}
	for _, c := range r.Constraints {
		if c.Name == name && c.Marker.Holds(r.Env, nil) {
			set = set.And(c.Specifiers)
			if sums == nil {
				sums = c.SHA256
			}
		}
	}
	if r.hashed && len(sums) == 0 {
		return nil, &DistributionError{Name: name, By: r.chain(wants), Err: ErrDigest, Detail: "others are required with --hash, and this one is not"}
	}
	files, err := r.files(ctx, name, direct, sums)
	if err != nil {
		return nil, err
	}
	if len(files) == 0 {
		return nil, &DistributionError{Name: name, By: r.chain(wants), Err: ErrUnknown}
	}
	return r.choose(name, files, set, sums), nil
}

// files finds what there is: one file by its URL, files with known digests from the cache, or what the index has.
func (r *Resolver) files(ctx context.Context, name, direct string, sums []string) ([]File, error) {
	if direct != "" {
		file := File{URL: direct}
		if u, err := url.Parse(direct); err == nil && u.Host != "" {
			file.Name = u.Path[strings.LastIndexByte(u.Path, '/')+1:]
			if sum := digestIn(u.Fragment); sum != "" {
				file.SHA256 = sum
			}
		} else {
			file.Name, file.Path, file.URL = filepath.Base(direct), direct, ""
		}
		if len(sums) == 1 {
			file.SHA256 = sums[0]
		}
		return []File{file}, nil
	}
	if kept := r.Finder.Fetcher.Kept(sums); len(kept) > 0 {
		return kept, nil
	}
	return r.Finder.Files(ctx, name)
}

// choose groups files by version.
func (r *Resolver) choose(name string, files []File, set pep440.Specifiers, sums []string) []candidate {
	byVersion := map[string][]File{}
	versions := map[string]pep440.Version{}
	for _, f := range files {
		if f.Yanked && !set.Exact() {
			continue
		}
		v, err := versionOf(f.Name, name)
		if err != nil || !set.Contains(v) || !r.runs(f) || len(sums) > 0 && f.SHA256 != "" && !slices.Contains(sums, f.SHA256) {
			continue
		}
		key := v.String()
		versions[key] = v
		byVersion[key] = append(byVersion[key], f)
	}
	var all []candidate
	for key, v := range versions {
		file, err := r.best(byVersion[key])
		all = append(all, candidate{v, file, err})
	}
	slices.SortFunc(all, func(a, b candidate) int { return b.version.Compare(a.version) })
	return r.finals(all, set)
}

// finals leaves pre-releases out, unless they are asked for or there is nothing else.
func (r *Resolver) finals(all []candidate, set pep440.Specifiers) []candidate {
	if r.Pre || set.Prereleases() {
		return all
	}
	final := slices.DeleteFunc(slices.Clone(all), func(c candidate) bool { return c.version.IsPrerelease() })
	if len(final) == 0 {
		return all
	}
	return final
}

// runs tells whether a file is for this Python. What cannot be read does not count, as in pip.
func (r *Resolver) runs(f File) bool {
	set, err := pep440.ParseSpecifiers(f.RequiresPython)
	if err != nil {
		return true
	}
	return set.Contains(r.python())
}

func (r *Resolver) python() pep440.Version {
	v, err := pep440.Parse(r.Env["python_full_version"])
	if err != nil {
		return pep440.Version{}
	}
	return v
}

// errEgg marks files of past formats.
var errEgg = errors.New("is neither a wheel nor a source archive")

// versionOf reads the version in a file's name.
func versionOf(file, name string) (pep440.Version, error) {
	if strings.HasSuffix(file, ".whl") {
		w, err := ParseWheelName(file)
		return w.Version, err
	}
	for _, suffix := range []string{".tar.gz", ".zip", ".tar.bz2"} {
		base, ok := strings.CutSuffix(file, suffix)
		if !ok {
			continue
		}
		// The name may have dashes of its own.
		for i := range len(base) {
			if base[i] == '-' && Normalize(base[:i]) == name {
				return pep440.Parse(base[i+1:])
			}
		}
	}
	return pep440.Version{}, errEgg
}

// best chooses among the files of one version: the pure wheel, or one whose native code may be dropped. The error says
// what there is instead. more are names of which the native code may be dropped, beside the resolver's.
func (r *Resolver) best(files []File, more ...string) (File, error) {
	minor := r.Env["python_version"]
	var pure, drop []File
	native := []string{}
	for _, f := range files {
		w, err := ParseWheelName(f.Name)
		if err != nil {
			continue
		}
		switch {
		case w.Pure(minor):
			pure = append(pure, f)
		case (r.drops(w.Name) || slices.Contains(more, w.Name)) && w.Drops(minor):
			drop = append(drop, f)
		default:
			native = append(native, strings.Join(w.Platforms, "."))
		}
	}
	order := func(a, b File) int {
		v, _ := ParseWheelName(a.Name)
		w, _ := ParseWheelName(b.Name)
		if v.dropOrder() != w.dropOrder() {
			return v.dropOrder() - w.dropOrder()
		}
		if v.Build != w.Build {
			return w.Build - v.Build
		}
		return strings.Compare(a.Name, b.Name)
	}
	slices.SortFunc(pure, order)
	slices.SortFunc(drop, order)
	switch {
	case len(pure) > 0:
		return pure[0], nil
	case len(drop) > 0:
		return drop[0], nil
	case len(native) > 0:
		return File{}, ErrNative
	}
	return File{}, ErrSourceOnly
}

// drops tells whether a distribution's native code may be left out.
func (r *Resolver) drops(name string) bool {
	return slices.Contains(WithoutNative, name) || slices.Contains(r.Pure, name)
}
