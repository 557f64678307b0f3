package build

import (
	"context"
	"slices"
)

// The values of [OptimizeOptions.Level].
const (
	OptimizeSize  = "size"  // wasm-opt -Oz
	OptimizeSpeed = "speed" // wasm-opt -O3
)

// OptimizeOptions say what is done to a module once it is finished. The zero value leaves it as the toolchain made it.
type OptimizeOptions struct {
	Level        string   // OptimizeSize or OptimizeSpeed, by Binaryen's wasm-opt; "" = neither
	Strip        bool     // take out names, debug information and the other custom sections that no engine needs
	KeepSections []string // custom sections that Strip leaves: names, or patterns of [path.Match]
	MaxSize      int64    // most bytes that the module may have in the end; 0 = any number. More are a *[SizeError]
}

// Wanted reports whether there is anything to do.
func (o OptimizeOptions) Wanted() bool { return o.Level != "" || o.Strip || o.MaxSize > 0 }

// Shrink tells what optimizing has changed.
type Shrink struct {
	Before  int64    `json:"before"`            // the size of what the toolchain has made, in bytes
	Removed []string `json:"removed,omitempty"` // the custom sections that were taken out, each name once, sorted
}

// Optimize does to a module that another tool has compiled what o.Optimize says. Of the other options, Env, Cache,
// Output and Exec count. Its errors are those of [Build] that a finished module can have: *[MissingError], *[ToolError],
// *[ResultError] and *[SizeError].
func Optimize(ctx context.Context, module []byte, o Options) (*Module, error) {
	j, err := startJob(o)
	if err != nil {
		return nil, err
	}
	defer j.close()
	m, err := newModule("module.wasm", module)
	if err != nil {
		return nil, err
	}
	m, err = optimizeModule(ctx, j, m)
	return m, j.search.explain(err)
}

// optimizeModule is the last step of a build. In a component, it works on the modules inside.
func optimizeModule(ctx context.Context, j *job, m *Module) (*Module, error) {
	o := j.Optimize
	made, facts := m, m.Facts
	var removed []string
	if o.Level != "" {
		w, err := findWasmOpt(ctx, j)
		if err != nil {
			return nil, err
		}
		changed, err := editModule(made, sectionEdit{module: func(b []byte) ([]byte, error) { return w.run(ctx, b) }})
		if err != nil {
			return nil, err
		}
		if made, err = newModule("optimized.wasm", changed); err != nil {
			return nil, err
		}
		facts.Tools = append(slices.Clone(facts.Tools), Tool{Name: pieceWasmOpt, Version: w.version})
		facts.Flags = append(slices.Clone(facts.Flags), "--optimize="+o.Level)
	}
	if o.Strip {
		changed, names, err := strip(made, o.KeepSections)
		if err != nil {
			return nil, err
		}
		if made, err = newModule("stripped.wasm", changed); err != nil {
			return nil, err
		}
		removed = names
		facts.Flags = append(slices.Clone(facts.Flags), "--strip")
		for _, name := range o.KeepSections {
			facts.Flags = append(facts.Flags, "--keep-section="+name)
		}
	}
	if made != m {
		made.Facts, made.Warnings = facts, m.Warnings
		made.Shrink = &Shrink{Before: int64(len(m.Wasm)), Removed: removed}
	}
	if o.MaxSize > 0 && int64(len(made.Wasm)) > o.MaxSize {
		return nil, sizeError(made, o.MaxSize)
	}
	return made, nil
}
