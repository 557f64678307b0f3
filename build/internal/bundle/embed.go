package bundle

import (
	"context"
	"encoding/binary"
	"io"
	"io/fs"

	"github.com/tetratelabs/wazero"

	"github.com/wpkdev/wpk/build/internal/wasmbin"
)

// A Folder is a folder of files that a module sees.
type Folder struct {
	At    string // its absolute path there
	Files fs.FS  // regular files, in an order that is always the same
}

// EmbedOptions say which files to put into a module. Module, Call and Folders are needed.
type EmbedOptions struct {
	Module  []byte    // with a file system of its own, of files that it keeps in its memory
	Call    string    // the export that takes in whatever files there are; the result does not have it any more
	Folders []Folder  // the files
	Env     []string  // the environment meanwhile, as "KEY=value"
	Stderr  io.Writer // what the module says meanwhile; nil discards it
	Limits  Limits
}

// Embed returns a module that has the files in its memory: it calls the module's own function that reads them, and makes
// data segments of all the memory that is not zero then. wasi-vfs has such a function:
// https://github.com/kateinoigakukun/wasi-vfs. Nothing else of the module runs, so this takes the engine's interpreter,
// which starts at once where machine code for a language's runtime takes seconds. Equal options give equal bytes.
// Errors are a [*RuntimeError], which may wrap an [*ExitError] or ErrTime, or the context's own.
func Embed(ctx context.Context, o EmbedOptions) ([]byte, error) {
	m, err := readStopped(o.Module)
	if err != nil {
		return nil, err
	}
	indices, _, err := m.mutable()
	if err != nil {
		return nil, &RuntimeError{"compile", err}
	}
	code, err := m.withGlobals(indices)
	if err != nil {
		return nil, &RuntimeError{"compile", err}
	}
	e, err := newEngine(ctx, wazero.NewRuntimeConfigInterpreter(), "", o.Limits)
	if err != nil {
		return nil, err
	}
	defer e.close()
	i, err := e.instantiate(code, world{env: o.Env, stderr: o.Stderr, folders: o.Folders})
	if err != nil {
		return nil, err
	}
	if err := i.call(o.Call); err != nil {
		return nil, e.failed("snapshot", err)
	}
	image, err := i.image()
	if err != nil {
		return nil, e.failed("snapshot", err)
	}
	return m.without(o.Call).holding(image)
}

// without returns a copy of m that does not export a name.
func (m *module) without(name string) *module {
	exports, _ := m.section(idExport)
	r := &wasmbin.Reader{B: exports}
	count, kept := uint64(0), []byte(nil)
	for n := r.U32(); n > 0 && !r.Bad; n-- {
		from := r.B
		found := r.Name()
		r.Byte()
		r.U32()
		if found != name {
			kept = append(kept, from[:len(from)-len(r.B)]...)
			count++
		}
	}
	return m.with(idExport, append(binary.AppendUvarint(nil, count), kept...))
}
