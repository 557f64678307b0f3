package pypi

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"
	"sync"

	"github.com/wpkdev/wpk/build/internal/pep440"
)

// maxTries bounds a resolution: more versions than that are not looked at.
const maxTries = 20_000

// parallel is how many requests are under way at once.
const parallel = 8

// Resolver chooses versions that fit together.
type Resolver struct {
	Finder      *Finder
	Env         Environment
	Constraints []Requirement
	Pure        []string // normal names of distributions that work without their native code, beside [WithoutNative]
	Pre         bool     // pre-releases are welcome

	hashed   bool // some requirement has a digest, so all must
	pins     map[string]*pin
	wants    map[string][]want
	order    []string // the wanted names as they came up
	metadata map[string]Metadata
	tries    int
	dead     *DistributionError // where the search first found nothing
	warming  sync.WaitGroup
	slots    chan struct{}
}

// A want is a requirement and the name of the distribution that has it; "" is the project.
type want struct {
	Requirement
	parent string
}

type pin struct {
	candidate
	extras map[string]bool
}

// Pick is a chosen version.
type Pick struct {
	Name     string
	Version  string
	File     File
	Requires []string // names of what it needs here
}

// Resolve chooses a version of each distribution that the requirements need, directly or not: the newest that fit. It
// goes back when a choice turns out not to fit, as far as the choice that is to blame. The result is sorted by name.
func (r *Resolver) Resolve(ctx context.Context, requirements []Requirement) ([]Pick, error) {
	ctx, cancel := context.WithCancel(ctx)
	defer func() { cancel(); r.warming.Wait() }()
	r.pins, r.wants, r.metadata = map[string]*pin{}, map[string][]want{}, map[string]Metadata{}
	r.order, r.tries, r.dead, r.slots = nil, 0, nil, make(chan struct{}, parallel)
	r.hashed = slices.ContainsFunc(requirements, func(q Requirement) bool { return len(q.SHA256) > 0 })
	for _, q := range requirements {
		if _, err := r.add(ctx, want{q, ""}, nil); err != nil {
			return nil, err
		}
	}
	blame, err := r.search(ctx)
	if err != nil {
		return nil, err
	}
	if blame != nil {
		return nil, r.dead
	}
	var picks []Pick
	for _, name := range slices.Sorted(maps.Keys(r.pins)) {
		p := r.pins[name]
		picks = append(picks, Pick{Name: name, Version: p.version.String(), File: p.file, Requires: r.needs(name)})
	}
	return picks, nil
}

// needs returns which of the chosen distributions a name asked for.
func (r *Resolver) needs(name string) []string {
	var names []string
	for other, wants := range r.wants {
		if slices.ContainsFunc(wants, func(w want) bool { return w.parent == name }) && r.pins[other] != nil && other != name {
			names = append(names, other)
		}
	}
	slices.Sort(names)
	return names
}

// A blame is the set of names whose choice led to a dead end; nil means that there is none.
type blame map[string]bool

// search pins the next open name, and all that follow. A blame without the name means that none of its other versions
// would help.
func (r *Resolver) search(ctx context.Context) (blame, error) {
	name := r.next()
	if name == "" {
		return nil, nil //nolint:nilnil // nobody is to blame and nothing failed
	}
	wants := slices.Clone(r.wants[name])
	found, err := r.candidates(ctx, name, wants)
	if err != nil {
		return nil, err
	}
	all := blame{}
	for _, w := range wants {
		all[w.parent] = true
	}
	tried := false
	for _, c := range found {
		if r.tries++; r.tries > maxTries {
			return nil, &DistributionError{Name: name, By: r.chain(wants), Err: ErrNoVersion, Detail: "too many combinations of versions; pin some"}
		}
		why, err := r.try(ctx, name, c, wants)
		if err != nil || why == nil {
			return why, err
		}
		if tried = true; !why[name] {
			return why, nil
		}
		delete(why, name)
		maps.Copy(all, why)
	}
	if r.dead == nil || !tried {
		r.dead = r.deadEnd(name, wants, found)
	}
	return all, nil
}

// try pins one version and goes on; whatever it did is undone when that leads nowhere.
func (r *Resolver) try(ctx context.Context, name string, c candidate, wants []want) (blame, error) {
	if c.refused != nil {
		return nil, r.refusal(name, c, wants)
	}
	undo := r.save()
	p := &pin{c, map[string]bool{}}
	m, err := r.metadataOf(ctx, c.file)
	if err != nil {
		return nil, err
	}
	if !m.RequiresPython.Contains(r.python()) {
		return blame{name: true}, nil
	}
	r.pins[name] = p
	why, err := r.expand(ctx, name, m, "")
	for _, w := range wants {
		for _, extra := range w.Extras {
			if why == nil && err == nil {
				why, err = r.expand(ctx, name, m, extra)
			}
		}
	}
	if why == nil && err == nil {
		why, err = r.search(ctx)
	}
	if why != nil {
		undo()
	}
	return why, err
}

// expand adds what a pinned distribution requires, without an extra or for one.
func (r *Resolver) expand(ctx context.Context, name string, m Metadata, extra string) (blame, error) {
	p := r.pins[name]
	if p.extras[extra] {
		return nil, nil //nolint:nilnil // it is done already
	}
	p.extras[extra] = true
	for _, q := range m.Requires {
		if !q.Marker.Holds(r.Env, []string{extra}) || extra != "" && q.Marker.Holds(r.Env, nil) {
			continue
		}
		q.Where = name + " " + p.version.String()
		if why, err := r.add(ctx, want{q, name}, p); why != nil || err != nil {
			return why, err
		}
	}
	return nil, nil //nolint:nilnil // nobody is to blame and nothing failed
}

// add notes a wish, and checks it against what is pinned.
func (r *Resolver) add(ctx context.Context, w want, _ *pin) (blame, error) {
	if w.parent == "" && !w.Marker.Holds(r.Env, nil) {
		return nil, nil //nolint:nilnil // it is not for this target
	}
	if len(r.wants[w.Name]) == 0 {
		r.order = append(r.order, w.Name)
		if w.URL == "" && len(w.SHA256) == 0 {
			r.warm(ctx, w.Name)
		}
	}
	r.wants[w.Name] = append(r.wants[w.Name], w)
	p := r.pins[w.Name]
	if p == nil {
		return nil, nil //nolint:nilnil // its time comes
	}
	if !w.Specifiers.Contains(p.version) {
		if r.dead == nil {
			r.dead = r.deadEnd(w.Name, r.wants[w.Name], nil)
		}
		return blame{w.parent: true, w.Name: true}, nil
	}
	for _, extra := range w.Extras {
		m, err := r.metadataOf(ctx, p.file)
		if err != nil {
			return nil, err
		}
		if why, err := r.expand(ctx, w.Name, m, extra); why != nil || err != nil {
			if why != nil {
				why[w.parent] = true
			}
			return why, err
		}
	}
	return nil, nil //nolint:nilnil // nobody is to blame and nothing failed
}

// next is the name to pin next: those that are wanted in one version only come first, for they decide most.
func (r *Resolver) next() string {
	open := ""
	for _, name := range r.order {
		if r.pins[name] != nil || len(r.wants[name]) == 0 {
			continue
		}
		if slices.ContainsFunc(r.wants[name], func(w want) bool { return w.Specifiers.Exact() || w.URL != "" }) {
			return name
		}
		if open == "" {
			open = name
		}
	}
	return open
}

// save returns a function that brings back the state of now.
func (r *Resolver) save() func() {
	pins, wants, order := maps.Clone(r.pins), maps.Clone(r.wants), slices.Clone(r.order)
	extras := map[string]map[string]bool{}
	for name, p := range pins {
		extras[name] = maps.Clone(p.extras)
	}
	return func() {
		r.pins, r.wants, r.order = pins, wants, order
		for name, p := range pins {
			p.extras = extras[name]
		}
	}
}

// warm asks the index for a name that will be needed soon.
func (r *Resolver) warm(ctx context.Context, name string) {
	r.warming.Go(func() {
		select {
		case r.slots <- struct{}{}:
			_, _ = r.Finder.Files(ctx, name)
			<-r.slots
		case <-ctx.Done():
		}
	})
}

// metadataOf reads a file's METADATA: from the index when it has that beside the wheel, else from the wheel.
func (r *Resolver) metadataOf(ctx context.Context, f File) (Metadata, error) {
	key := f.SHA256 + f.URL + f.Path
	if m, ok := r.metadata[key]; ok {
		return m, nil
	}
	m, err := r.Finder.Metadata(ctx, f)
	if err == nil {
		r.metadata[key] = m
	}
	return m, err
}

// deadEnd describes a name of which no version fits.
func (r *Resolver) deadEnd(name string, wants []want, found []candidate) *DistributionError {
	e := &DistributionError{Name: name, Err: ErrNoVersion}
	var conditions []string
	for _, w := range wants {
		spec := w.Specifiers.String()
		if spec == "" {
			spec = "any version"
		}
		conditions = append(conditions, w.Where+" wants "+spec)
	}
	e.Detail = strings.Join(conditions, ", ")
	if len(found) > 0 {
		e.Detail += fmt.Sprintf("; none of the %d that fit by their number goes together with the rest", len(found))
	}
	return e
}

// refusal describes a version that has no file for this target.
func (r *Resolver) refusal(name string, c candidate, wants []want) error {
	e := &DistributionError{Name: name, Version: c.version.String(), By: r.chain(wants), Err: c.refused}
	switch {
	case errors.Is(c.refused, ErrNative):
		e.Detail = "there are wheels for certain machines only, and none in pure Python (py3-none-any)"
	case errors.Is(c.refused, ErrSourceOnly):
		e.Detail = "there is no wheel, and building one would run its own programs"
	}
	files, err := r.Finder.Files(context.Background(), name)
	if err != nil {
		return e
	}
	for _, other := range r.choose(name, files, pep440.Specifiers{}, nil) {
		if other.refused == nil {
			e.Pure = other.version.String()
			break
		}
	}
	return e
}

// chain says who wants something, and who wants that, up to the project.
func (r *Resolver) chain(wants []want) []string {
	var by []string
	seen := map[string]bool{}
	for len(wants) > 0 {
		w := wants[0]
		by = append(by, w.Where)
		if w.parent == "" || seen[w.parent] {
			break
		}
		seen[w.parent] = true
		wants = r.wants[w.parent]
	}
	return by
}
