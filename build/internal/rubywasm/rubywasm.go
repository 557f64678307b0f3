// Package rubywasm makes one self-contained WASI command of a Ruby program and the Ruby of npm's packages @ruby/…-wasm-wasi.
//
// Their ruby+stdlib.wasm is made for JavaScript: a library, with imports that only a JavaScript host has, that keeps
// Ruby's standard library in its memory as the files of a wasi-vfs. Here it becomes a command: what it wants of
// JavaScript traps, a small start function does what JavaScript would do, and the program's files join the library's.
// Nothing beside the package is needed, neither Node.js nor a Ruby.
package rubywasm

import (
	"archive/zip"
	"bytes"
	"context"
	"crypto/sha256"
	_ "embed" // for the boot script
	"encoding/binary"
	"io"
	"slices"
	"strings"

	"github.com/wpkdev/wpk/build/internal/bundle"
	"github.com/wpkdev/wpk/build/internal/relink"
)

// boot is the script that runs a program.
//
//go:embed boot.rb
var boot string

// Where things lie in the module's file system.
const (
	AppDir   = "/app"
	bootDir  = "/wpk"
	bootFile = bootDir + "/boot.rb"
)

// A File is one of the program's files.
type File struct {
	Name string // below AppDir, slash-separated
	Data []byte
}

// A Program is what to put into the module.
type Program struct {
	Ruby   []byte   // the package's ruby+stdlib.wasm
	Script string   // the file to begin with
	Path   []string // folders for the load path
	Files  []File
	Output io.Writer // what the module says while it is made; nil discards it
}

// Command returns the program as a module. Equal programs give equal bytes. Errors are those of [relink.Relink] and
// [bundle.Embed]: the package's module is not what it used to be.
func Command(ctx context.Context, p Program) ([]byte, error) {
	module, err := relink.Relink(p.Ruby, relink.Options{
		Host: "wasi_snapshot_preview1", Add: imports, Exports: []string{"memory", exportRealloc, exportPack}, Start: start,
	})
	if err != nil {
		return nil, err
	}
	app, err := folder(AppDir, p.Files)
	if err != nil {
		return nil, err
	}
	own, err := folder(bootDir, []File{
		{"boot.rb", []byte(p.constant() + boot)},
		{"lib/bundler/setup.rb", []byte("# The gems are on the load path.\n")},
	})
	if err != nil {
		return nil, err
	}
	return bundle.Embed(ctx, bundle.EmbedOptions{
		Module: module, Call: exportPack, Folders: []bundle.Folder{app, own}, Stderr: p.Output,
		// wasi-vfs's word to itself that no program runs yet.
		Env: []string{"__WASI_VFS_PACKING=1"},
	})
}

// constant is the line of Ruby that tells the boot script what to run. It has no line break, so that the script's own
// lines keep their numbers but for one.
func (p Program) constant() string {
	quoted := []string{quote(bootDir + "/lib")}
	for _, dir := range p.Path {
		quoted = append(quoted, quote(AppDir+"/"+dir))
	}
	return "WPK = {script: " + quote(AppDir+"/"+p.Script) + ", path: [" + strings.Join(quoted, ", ") + "]}.freeze\n"
}

// quote is a text as Ruby's literal.
func quote(s string) string {
	return "'" + strings.NewReplacer(`\`, `\\`, `'`, `\'`).Replace(s) + "'"
}

// folder makes a file system of files, in the order of their names: an archive in memory is one.
func folder(at string, files []File) (bundle.Folder, error) {
	sorted := slices.Clone(files)
	slices.SortFunc(sorted, func(a, b File) int { return strings.Compare(a.Name, b.Name) })
	var archive bytes.Buffer
	w := zip.NewWriter(&archive)
	for _, f := range sorted {
		to, err := w.CreateHeader(&zip.FileHeader{Name: f.Name, Method: zip.Store})
		if err == nil {
			_, err = to.Write(f.Data)
		}
		if err != nil {
			return bundle.Folder{}, err
		}
	}
	if err := w.Close(); err != nil {
		return bundle.Folder{}, err
	}
	r, err := zip.NewReader(bytes.NewReader(archive.Bytes()), int64(archive.Len()))
	return bundle.Folder{At: at, Files: r}, err
}

// generation changes whenever equal programs give other bytes than before.
const generation = "ruby 1"

// Sum is a checksum of all that the module is made of.
func (p Program) Sum() []byte {
	h := sha256.New()
	add := func(parts ...[]byte) {
		for _, part := range parts {
			h.Write(binary.LittleEndian.AppendUint64(nil, uint64(len(part))))
			h.Write(part)
		}
	}
	text, _ := texts()
	add([]byte(generation), text, []byte(p.constant()+boot), p.Ruby)
	for _, f := range p.Files {
		add([]byte(f.Name), f.Data)
	}
	return h.Sum(nil)
}
