package main

import (
	"bytes"
	"cmp"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"slices"

	"github.com/opencontainers/go-digest"

	"github.com/wpkdev/wpk/build/runtimepack"
	"github.com/wpkdev/wpk/internal/durable"
	"github.com/wpkdev/wpk/internal/filelock"
)

// usedPack is the runtime pack that was chosen for a language.
type usedPack struct {
	Language  string        `json:"language"`
	ABI       int           `json:"abi"` // each ABI has its own choice, so that two versions of wpk get along
	Reference string        `json:"reference"`
	Digest    digest.Digest `json:"digest"`
}

// runtimeState is the file that remembers the choices: what wpk toolchain
// install and build leave beside the artifact in the store.
type runtimeState struct {
	Used []usedPack `json:"used"`
}

// maxState bounds the file.
const maxState = 1 << 20

// stateError is a file of choices that cannot be read.
type stateError struct {
	path string
	err  error
}

func (e *stateError) Error() string { return fmt.Sprintf("%s: %v", e.path, e.err) }
func (e *stateError) Unwrap() error { return e.err }

// used returns the choice for a language.
func (s *runtimeState) used(language string) (usedPack, bool) {
	i := slices.IndexFunc(s.Used, func(u usedPack) bool { return u.Language == language && u.ABI == runtimepack.ABI })
	if i < 0 {
		return usedPack{}, false
	}
	return s.Used[i], true
}

// forget drops the choices that drop is true for.
func (s *runtimeState) forget(drop func(usedPack) bool) {
	s.Used = slices.DeleteFunc(s.Used, drop)
}

// use makes a choice in the place of the one for the same language and ABI.
func (s *runtimeState) use(u usedPack) {
	s.forget(func(old usedPack) bool { return old.Language == u.Language && old.ABI == u.ABI })
	s.Used = append(s.Used, u)
}

func (a *app) runtimeStatePath() (string, error) {
	data, err := a.dataDir()
	return filepath.Join(data, "runtimes.json"), err
}

// readRuntimeState reads the choices; no file means none. It needs no lock: the
// file is only ever replaced as a whole.
func (a *app) readRuntimeState() (*runtimeState, error) {
	path, err := a.runtimeStatePath()
	if err != nil {
		return nil, err
	}
	f, err := os.Open(path)
	if errors.Is(err, os.ErrNotExist) {
		return &runtimeState{}, nil
	}
	if err != nil {
		return nil, err
	}
	defer f.Close()
	raw, err := io.ReadAll(io.LimitReader(f, maxState+1))
	if err != nil {
		return nil, err
	}
	s := &runtimeState{}
	d := json.NewDecoder(bytes.NewReader(raw))
	d.DisallowUnknownFields()
	if err := d.Decode(s); err != nil || len(raw) > maxState {
		return nil, &stateError{path, cmp.Or(err, errors.New("too large"))}
	}
	for _, u := range s.Used {
		if err := u.Digest.Validate(); err != nil {
			return nil, &stateError{path, err}
		}
	}
	return s, nil
}

// changeRuntimeState reads, changes and replaces the choices under a lock.
func (a *app) changeRuntimeState(ctx context.Context, change func(*runtimeState)) error {
	path, err := a.runtimeStatePath()
	if err != nil {
		return err
	}
	if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
		return err
	}
	release, err := filelock.Lock(ctx, filepath.Join(filepath.Dir(path), ".wpk-runtimes.lock"), filelock.Exclusive)
	if err != nil {
		return err
	}
	defer release()
	s, err := a.readRuntimeState()
	if err != nil {
		return err
	}
	change(s)
	slices.SortFunc(s.Used, func(x, y usedPack) int {
		return cmp.Or(cmp.Compare(x.Language, y.Language), cmp.Compare(x.ABI, y.ABI))
	})
	return durable.WriteFile(path, func(w io.Writer) error {
		e := json.NewEncoder(w)
		e.SetIndent("", "  ")
		return e.Encode(s)
	})
}
