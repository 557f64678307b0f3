package cpython

import (
	"bytes"
	"context"
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"strings"
	"time"

	"golang.org/x/sync/errgroup"

	"github.com/wpkdev/wpk/build/internal/bundle"
)

// Source is a Python file to compile.
type Source struct {
	Name    string // the module's dotted name; "" for a script
	Path    string // where the program sees it: "/app/pkg/mod.py"
	Package bool
	Data    []byte
}

// Compiled is what became of a source.
type Compiled struct {
	Bytecode []byte   // a .pyc file
	Imports  []string // absolute names, sorted
	Failed   string   // why it is no Python: "/app/pkg/mod.py:12:5: SyntaxError: …"; "" when it is
	Line     string   // the line of the failure
}

// Compiler runs the runtime's own compiler.
type Compiler struct {
	Runtime []byte
	Library *Library
	Cache   string // the engine's; see [bundle.RunOptions]
	Jobs    int    // how many run at once
	Stderr  io.Writer
}

// perRun is how many bytes of source are worth an instance of their own, and maxPerRun how many one gets: it compiles
// some hundred kilobytes a second. runTime is for machines that have much else to do.
const (
	perRun    = 512 << 10
	maxPerRun = 2 << 20
	runTime   = 15 * time.Minute
)

// Compile compiles sources to bytecode, in their order.
func (c *Compiler) Compile(ctx context.Context, sources []Source) ([]Compiled, error) {
	if len(sources) == 0 {
		return nil, nil
	}
	modules := c.Library.Service
	if len(modules) == 0 {
		modules = c.Library.All()
	}
	entries, err := c.Library.Entries(modules)
	if err != nil {
		return nil, err
	}
	blob, err := bundle.Blob(append(entries, bundle.Entry{Name: ".main", Data: []byte("service compile\n")}))
	if err != nil {
		return nil, err
	}
	out := make([]Compiled, len(sources))
	g, ctx := errgroup.WithContext(ctx)
	g.SetLimit(max(1, c.Jobs))
	for begin, part := range parts(sources, max(1, c.Jobs)) {
		g.Go(func() error {
			done, err := c.run(ctx, blob, part)
			copy(out[begin:], done)
			return err
		})
	}
	return out, g.Wait()
}

// parts cuts sources into n runs of about the same size, more when they are many, and yields each with its place.
func parts(sources []Source, n int) func(func(int, []Source) bool) {
	total := 0
	for _, s := range sources {
		total += len(s.Data)
	}
	size := min(max(total/n+1, perRun), maxPerRun)
	return func(yield func(int, []Source) bool) {
		begin, have := 0, 0
		for i, s := range sources {
			if have += len(s.Data); have >= size || i == len(sources)-1 {
				if !yield(begin, sources[begin:i+1]) {
					return
				}
				begin, have = i+1, 0
			}
		}
	}
}

func (c *Compiler) run(ctx context.Context, blob []byte, sources []Source) ([]Compiled, error) {
	var in, out bytes.Buffer
	for _, s := range sources {
		var flags uint32
		if s.Package {
			flags = 1
		}
		for _, n := range []int{len(s.Name), len(s.Path), len(s.Data), int(flags)} {
			_ = binary.Write(&in, binary.LittleEndian, uint32(n)) //nolint:gosec // sources are bounded
		}
		in.WriteString(s.Name)
		in.WriteString(s.Path)
		in.Write(s.Data)
	}
	err := bundle.Run(ctx, bundle.RunOptions{
		Runtime: c.Runtime, Blob: blob, Args: []string{"compile", "optimize=0"}, Stdin: &in, Stdout: &out, Stderr: c.Stderr, Cache: c.Cache,
		Limits: bundle.Limits{Time: runTime},
	})
	if err != nil {
		return nil, fmt.Errorf("compile to bytecode: %w", err)
	}
	return decode(out.Bytes(), len(sources))
}

// decode reads the service's answers.
func decode(b []byte, want int) ([]Compiled, error) {
	short := errors.New("the runtime's compile service gave a wrong answer")
	all := make([]Compiled, 0, want)
	for len(b) > 0 {
		if len(b) < 12 {
			return nil, short
		}
		status, n, m := binary.LittleEndian.Uint32(b), uint64(binary.LittleEndian.Uint32(b[4:])), uint64(binary.LittleEndian.Uint32(b[8:]))
		b = b[12:]
		if n+m > uint64(len(b)) || status > 1 {
			return nil, short
		}
		first, second := b[:n], string(b[n:n+m])
		b = b[n+m:]
		if status == 1 {
			all = append(all, Compiled{Failed: string(first), Line: second})
			continue
		}
		all = append(all, Compiled{Bytecode: first, Imports: strings.Fields(second)})
	}
	if len(all) != want {
		return nil, short
	}
	return all, nil
}
