// Package runtimepack describes runtime packs. A pack is what turns the programs of an interpreted language into
// WebAssembly modules without a compiler: the interpreter, linked once, with the language's library beside it. It is a
// folder here, and an OCI artifact on its way between machines.
package runtimepack

import "path/filepath"

// The files of a pack's folder.
const (
	ConfigFile     = "pack.json"       // a [Config]
	RuntimeFile    = "runtime.wasm"    // the interpreter
	LibraryFile    = "library.zip"     // the language's library; stored, not compressed; absent when the interpreter has all of it
	LicencesFile   = "licences.zip"    // the licences of all that is in the two
	ProvenanceFile = "provenance.json" // an in-toto statement: which sources and tools made the two
)

// Config says what a pack is.
type Config struct {
	Language string   `json:"language"` // "python", "javascript"
	Version  string   `json:"version"`  // the language implementation's version, such as "3.13.5"
	ABI      int      `json:"abi"`      // how a program is attached to the runtime, see [ABI]
	Tools    []Tool   `json:"tools"`    // what compiled it
	Sources  []Source `json:"sources"`  // what it was compiled from
}

// ABI is the version of the agreement between wpk and a runtime that this wpk knows: the blob's format and the exports.
const ABI = 1

// Tool is a program that took part in making a pack.
type Tool struct {
	Name    string `json:"name"`
	Version string `json:"version"`
}

// Source is an archive of sources that went into a pack.
type Source struct {
	Name    string `json:"name"`
	Version string `json:"version"`
	Digest  string `json:"digest"` // "sha256:…" of the archive
}

// Pack is a runtime pack on this machine.
type Pack struct {
	Config
	Digest string // of the artifact's manifest; "" for a folder that never was one
	Dir    string // the folder with its files
}

// Path returns the path of one of the pack's files.
func (p *Pack) Path(name string) string { return filepath.Join(p.Dir, name) }
