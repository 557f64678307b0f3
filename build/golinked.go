package build

import (
	"bytes"
	"context"
	"maps"
	"runtime/debug"
	"slices"
	"strings"
)

// A goProgram is what a finished module tells about itself. The go command could be asked for the same, and takes as
// long as a small edit's compilation for it.
type goProgram struct {
	pattern string // what was built
	module  []byte
	info    *debug.BuildInfo // nil when the module has none
	main    *goPackage
}

// modinfoStart begins the text with the versions of all modules that Go puts into a program, see cmd/go's ModInfoProg.
const modinfoStart = "\x30\x77\xaf\x0c\x92\x74\x08\x02\x41\xe1\xc1\x07\xe6\xd6\x18\xe6"

// maxModinfo bounds that text: a line of some hundred bytes for each module.
const maxModinfo = 1 << 20

// program reads what the build left.
func (g *goCommand) program(ctx context.Context, pattern, out string) (*goProgram, error) {
	p := &goProgram{pattern: pattern, module: readModule(out)}
	if p.info = moduleInfo(p.module); p.info != nil {
		p.main = &goPackage{Name: "main", ImportPath: p.info.Path, Module: &goModule{Path: p.info.Main.Path}}
		if v := p.info.Main.Version; v != "(devel)" {
			p.main.Module.Version = v
		}
		return p, nil
	}
	// No program, such as a library's archive.
	graph, err := g.list(ctx, pattern)
	if err != nil {
		return nil, err
	}
	p.main = graph.main
	return p, nil
}

// moduleInfo returns the versions in a module.
func moduleInfo(module []byte) *debug.BuildInfo {
	_, text, ok := bytes.Cut(module, []byte(modinfoStart))
	if !ok {
		return nil
	}
	text = text[:min(len(text), maxModinfo)]
	if end := bytes.LastIndexByte(text[:max(0, bytes.IndexByte(text, 0))], '\n'); end >= 0 {
		text = text[:end+1]
	}
	info, err := debug.ParseBuildInfo(string(text))
	if err != nil || info.Path == "" {
		return nil
	}
	return info
}

// mainName begins the table of names of functions at a place that every program has.
const mainName = "\x00main.main\x00"

// linkedNames returns the functions that Go's linker kept in a module, as it writes them. Go needs their names for stack
// traces, so they are there even without symbols: a table of texts that end in NUL. What the linker kept is what can
// be reached from main, which makes this the best answer to what a program does with what it imports.
// See https://pkg.go.dev/debug/gosym and generateFuncnametab in cmd/link/internal/ld/pcln.go.
func linkedNames(module []byte) [][]byte {
	anchor := bytes.Index(module, []byte(mainName))
	if anchor < 0 {
		return nil
	}
	isName := func(i int) bool {
		return module[i] >= ' ' || (module[i] == 0 && i > 0 && module[i-1] != 0)
	}
	first, last := anchor, anchor
	for first > 1 && isName(first-1) {
		first--
	}
	for last < len(module) && isName(last) {
		last++
	}
	return bytes.Split(module[first:last], []byte{0})
}

// linkedName turns a linker's name into that of the declaration: without type arguments, and with the dots that the
// linker escapes in the last element of an import path. The functions inside a function have names of their own, and
// the outer one's is there whenever theirs is.
func linkedName(name []byte) string {
	if bytes.IndexByte(name, '[') < 0 && bytes.IndexByte(name, '%') < 0 {
		return string(name)
	}
	var b strings.Builder
	depth := 0
	for _, c := range name {
		if c == '[' {
			depth++
		}
		if depth == 0 {
			b.WriteByte(c)
		}
		if c == ']' && depth > 0 {
			depth--
		}
	}
	return strings.ReplaceAll(b.String(), "%2e", ".")
}

// usesNet reports whether one of the functions is among those through which every connection, every listener and every
// look-up of a name goes.
func usesNet(names [][]byte) bool {
	return slices.ContainsFunc(names, func(name []byte) bool {
		return bytes.HasPrefix(name, []byte("net.(*sysDialer).")) || bytes.HasPrefix(name, []byte("net.(*sysListener).")) ||
			bytes.HasPrefix(name, []byte("net.(*Resolver)."))
	})
}

// fingerprint changes when a program is made from other packages, or from other versions of them.
func (p *goProgram) fingerprint(names [][]byte) string {
	packages := map[string]bool{}
	for _, name := range names {
		slash := bytes.LastIndexByte(name, '/') + 1
		if dot := bytes.IndexByte(name[slash:], '.'); dot >= 0 && !bytes.HasPrefix(name, []byte("type:")) {
			packages[string(name[:slash+dot])] = true
		}
	}
	text := strings.Join(slices.Sorted(maps.Keys(packages)), "\n")
	if p.info != nil {
		text += "\n\n" + p.info.String()
	}
	return hashOf([]byte(text))
}
