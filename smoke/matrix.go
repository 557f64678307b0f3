package smoke

import (
	"cmp"
	"context"
	"runtime"
	"sync"
	"time"

	"golang.org/x/sync/errgroup"
)

// defaultTime is each cell's limit when Options has none.
const defaultTime = time.Minute

// Matrix runs the module in every cell and compares the results with the first
// cell's. It returns an error, and no report, when a cell could not be set up
// or the module cannot run at all: *MissingEmulatorError, *MissingRunnerError,
// *HostError, an error of engine.Run such as *engine.ImportError, or ctx's
// own. It leaves no process and no file behind, also when ctx ends.
func Matrix(ctx context.Context, o Options) (*Report, error) {
	return thisMachine().matrix(ctx, o)
}

func (m machine) matrix(ctx context.Context, o Options) (*Report, error) {
	o.Limits.Time = cmp.Or(o.Limits.Time, defaultTime)
	o.Host.Jobs = cmp.Or(o.Host.Jobs, runtime.GOMAXPROCS(0))
	places, err := m.places(o.Arches, o.Host.Env)
	if err != nil {
		return nil, err
	}
	work, err := newWorkspace(o.Module)
	if err != nil {
		return nil, err
	}
	defer work.remove()
	o.Host.Cache = cmp.Or(o.Host.Cache, work.dir)

	results := &results{cells: make([]Cell, len(places)), done: make([]bool, len(places)), options: &o}
	group, ctx := errgroup.WithContext(ctx)
	group.SetLimit(o.Host.Jobs)
	for i, p := range places {
		group.Go(func() error {
			cell, err := (&run{Options: &o, place: p, work: work}).cell(ctx)
			if err != nil {
				return err
			}
			results.add(i, cell)
			return nil
		})
	}
	if err := group.Wait(); err != nil {
		return nil, err
	}
	return results.report(work.digest), nil
}

// results collects cells, which finish in any order, and judges each against
// the first.
type results struct {
	mu      sync.Mutex
	options *Options
	cells   []Cell
	done    []bool
}

// add judges the cell at once, or, while the first one is missing, later.
func (r *results) add(i int, c Cell) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.cells[i], r.done[i] = c, true
	switch {
	case i == 0:
		for j := range r.cells {
			r.judge(j)
		}
	case r.done[0]:
		r.judge(i)
	}
}

func (r *results) judge(i int) {
	if !r.done[i] {
		return
	}
	c := &r.cells[i]
	if c.Skipped == "" {
		c.judge(&r.cells[0], r.options.ExitCode)
	}
	if r.options.Event != nil {
		r.options.Event(*c)
	}
}

func (r *results) report(digest string) *Report {
	report := &Report{Digest: digest, Cells: r.cells, OK: true}
	for _, c := range r.cells {
		report.OK = report.OK && (c.OK || c.Skipped != "")
	}
	return report
}
