package runtimepack

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"os"
	"slices"

	"github.com/wpkdev/wpk/wasm"
)

// maxRuntime bounds the runtime's module.
const maxRuntime = 256 << 20

// described are the files that a provenance is about: all others.
var described = []string{ConfigFile, RuntimeFile, LibraryFile, LicencesFile}

// abiExports are what a runtime of this ABI exports, see [ABI].
var abiExports = []string{"_start", "memory", "wpk_blob", "wpk_init"}

// Verify reads the whole pack: every file must have the digest that the provenance names, the runtime must be a module
// with the exports of the ABI, and the archives must be readable in place. Its errors are *[FormatError], *[fs.PathError]
// and the context's.
func (p *Pack) Verify(ctx context.Context) error {
	raw, err := readBounded(p.Path(ProvenanceFile), maxProvenance)
	if err != nil {
		return err
	}
	sums, err := subjects(raw)
	if err != nil {
		return &FormatError{File: ProvenanceFile, Err: err}
	}
	for _, name := range described {
		if err := context.Cause(ctx); err != nil {
			return err
		}
		if err := p.verifyDigest(name, sums[name]); err != nil {
			return err
		}
	}
	if err := p.verifyRuntime(); err != nil {
		return err
	}
	if err := p.verifyZip(LicencesFile, false); err != nil {
		return err
	}
	if sums[LibraryFile] == "" {
		return nil
	}
	return p.verifyZip(LibraryFile, true)
}

// verifyDigest compares a file with what the provenance says of it; "" = that there is none.
func (p *Pack) verifyDigest(name, want string) error {
	has, err := p.Has(name)
	switch {
	case err != nil:
		return err
	case has && want == "":
		return &FormatError{File: name, Err: errors.New("the provenance does not name it")}
	case !has && (want != "" || name != LibraryFile):
		return &FormatError{File: name, Err: errAbsent}
	case !has:
		return nil
	}
	got, err := digestFile(p.Path(name))
	if err == nil && got != want {
		err = &FormatError{File: name, Err: errDigest}
	}
	return err
}

func digestFile(path string) (string, error) {
	f, err := os.Open(path)
	if err != nil {
		return "", err
	}
	defer func() { _ = f.Close() }()
	h := sha256.New()
	_, err = io.Copy(h, f)
	return "sha256:" + hex.EncodeToString(h.Sum(nil)), err
}

func (p *Pack) verifyRuntime() error {
	raw, err := readBounded(p.Path(RuntimeFile), maxRuntime)
	if err != nil {
		return err
	}
	m, err := wasm.Decode(raw)
	if err != nil {
		return &FormatError{File: RuntimeFile, Err: err}
	}
	for _, name := range abiExports {
		if !slices.ContainsFunc(m.Exports, func(e wasm.Export) bool { return e.Name == name }) {
			return &FormatError{File: RuntimeFile, Err: fmt.Errorf("it does not export %q", name)}
		}
	}
	return nil
}
