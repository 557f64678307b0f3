package build

import (
	"context"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"github.com/wpkdev/wpk/wasm"
)

// ComponentOptions are the settings for [TargetWASIP2] of every language whose own toolchain makes modules only.
type ComponentOptions struct {
	Adapter string // the file that offers WASI preview 1 on top of 0.2, or the folder with those for commands and for libraries; "" = WPK_WASI_ADAPTER in the environment, else find one
	WIT     string // the file or folder, below Dir, that describes in WIT what a module imports and exports; "" = "wit", for a module that needs it
	World   string // the world of it to build; "" = the only one there is
}

// adaptedModule is the name of WASI preview 1 in a module's imports, and so the name by which the tools know an adapter.
const adaptedModule = "wasi_snapshot_preview1"

// worldSection begins the name of the custom section in which a module carries its world. Bindings that wit-bindgen has
// generated put one into each module that they are linked into.
const worldSection = "component-type"

// A component is one conversion under way.
type component struct {
	*job
	info  *wasm.Module   // the module
	tool  *componentTool // makes the component
	facts *Facts         // gets what shapes the component
}

// componentize turns a module into a component, and leaves alone what already is one. The adapter becomes a part of the
// component: it is the whole difference between WASI preview 1 and 0.2 for a program.
// https://github.com/bytecodealliance/wasmtime/tree/main/crates/wasi-preview1-component-adapter
func componentize(ctx context.Context, j *job, m *Module, path string) (*Module, error) {
	if m.Info.Kind == wasm.Component {
		return m, nil
	}
	facts := m.Facts
	c := &component{job: j, info: m.Info, facts: &facts}
	wit, err := c.world(filepath.Base(path))
	if err != nil {
		return nil, err
	}
	if c.tool, err = findComponentTool(ctx, j, c.kind()); err != nil {
		return nil, err
	}
	if path, err = c.adaptable(m.Wasm, path); err != nil {
		return nil, err
	}
	facts.Tools = append(slices.Clone(facts.Tools), c.tool.tools()...)
	facts.Flags = append(slices.Clone(facts.Flags), "--wasi-"+c.kind())
	if wit != "" {
		if path, err = c.embed(ctx, path, wit); err != nil {
			return nil, err
		}
	}
	out := j.path("component.wasm")
	if err := c.tool.run(ctx, c.tool.newArguments(path, out, c.kind())...); err != nil {
		return nil, err
	}
	made, err := load(out)
	if err != nil {
		return nil, err
	}
	if made.Info.Kind != wasm.Component {
		return nil, &ResultError{Name: filepath.Base(out), Err: ErrNoProgram}
	}
	made.Facts, made.Warnings = facts, m.Warnings
	return made, nil
}

// adaptable writes a copy of the module that has room for the adapter.
func (c *component) adaptable(module []byte, path string) (string, error) {
	b, err := withRealloc(module, c.info)
	if err != nil {
		return "", &ResultError{Name: filepath.Base(path), Err: err}
	}
	path = c.path("module-for-adapter.wasm")
	return path, os.WriteFile(path, b, 0o600)
}

// kind says which adapter fits: the one for commands makes wasi:cli/run of _start.
func (c *component) kind() string {
	if c.info.IsCommand() {
		return "command"
	}
	return "reactor"
}

// world returns the WIT that must be put into the module first, or "" when there is nothing to add. A program without
// imports of its own needs none: the adapter knows WASI. Anything else must be described by somebody, in the module or
// beside it, since the types of a component are richer than a module's.
func (c *component) world(name string) (string, error) {
	if c.Component.WIT != "" {
		wit := filepath.Join(c.Dir, filepath.FromSlash(c.Component.WIT))
		_, err := os.Stat(wit)
		return wit, err
	}
	described := slices.ContainsFunc(c.info.Sections, func(s wasm.Section) bool { return strings.HasPrefix(s.Custom, worldSection) })
	foreign := importsBeyond(c.info, adaptedModule) // that no adapter offers
	if described || (c.info.IsCommand() && len(foreign) == 0) {
		return "", nil
	}
	if wit := filepath.Join(c.Dir, "wit"); isDir(wit) {
		return wit, nil
	}
	what := "a library's exports"
	if len(foreign) > 0 {
		what = "the import of " + foreign[0].Module + "." + foreign[0].Name
	}
	return "", &ResultError{Name: name, Err: fmt.Errorf("%w: it should describe %s", ErrNoWorld, what)}
}

// embed puts the world into a copy of the module. jco takes a world's name and does nothing with it.
func (c *component) embed(ctx context.Context, path, wit string) (string, error) {
	out := c.path("embedded.wasm")
	if c.Component.World != "" {
		if c.tool.name == pieceJco {
			return "", &MissingError{Kind: KindTool, Name: pieceWasmTools, Purpose: "builds one of several worlds, which jco cannot"}
		}
		c.facts.Flags = append(c.facts.Flags, "--world="+c.Component.World)
	}
	return out, c.tool.run(ctx, c.tool.embedArguments(path, out, wit, c.Component.World)...)
}

func isDir(name string) bool {
	info, err := os.Stat(name)
	return err == nil && info.IsDir()
}
