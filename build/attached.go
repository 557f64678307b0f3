package build

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"time"

	"github.com/wpkdev/wpk/build/internal/bundle"
	"github.com/wpkdev/wpk/internal/durable"
)

// attachment is a program for a language runtime, on its way to a module.
type attachment struct {
	language string // whose folder of the cache is used
	tool     string // what the runtime is called when its start-up fails
	runtime  []byte
	sum      string // the runtime's digest
	blob     []byte
	snapshot bool
}

// attach makes a module of a runtime and a program, in the work folder, unless it was made before.
func (j *job) attach(ctx context.Context, a attachment) (string, error) {
	h := sha256.New()
	hashText(h, "module 1", a.sum, fmt.Sprint(a.snapshot), string(a.blob))
	return j.once(a.language, h.Sum(nil), func() ([]byte, error) {
		module, err := j.attached(ctx, a)
		var exit *bundle.ExitError
		if errors.As(err, &exit) {
			return nil, &ToolError{Tool: a.tool, Dir: j.Dir, ExitCode: int(exit.Code)}
		}
		return module, err
	})
}

// once writes a module into the work folder: the one that was made before of the same, by the sum of all that it is made
// of, or else a new one.
func (j *job) once(language string, sum []byte, makeModule func() ([]byte, error)) (string, error) {
	out, kept := j.path("module.wasm"), ""
	if j.Cache != "" {
		kept = filepath.Join(j.Cache, language, "module", hex.EncodeToString(sum))
		if data, err := os.ReadFile(kept); err == nil {
			return out, os.WriteFile(out, data, 0o600)
		}
	}
	module, err := makeModule()
	if err != nil {
		return "", err
	}
	if kept != "" {
		if err := keep(kept, module, maxKeptModules); err != nil {
			return "", err
		}
	}
	return out, os.WriteFile(out, module, 0o600)
}

func (j *job) attached(ctx context.Context, a attachment) ([]byte, error) {
	if !a.snapshot {
		return bundle.Attach(a.runtime, a.blob)
	}
	return bundle.Snapshot(ctx, bundle.SnapshotOptions{
		Runtime: a.runtime, Blob: a.blob, Stdout: j.Output, Stderr: j.Output, Cache: j.engineCache(), Limits: bundle.Limits{Time: snapshotTime},
	})
}

// snapshotTime bounds the start-up: it takes a second, more with modules to preload, much more on a busy machine.
const snapshotTime = 15 * time.Minute

// engineCache is where the engine keeps the runtimes that it has compiled; "" = nowhere.
func (j *job) engineCache() string {
	if j.Cache == "" {
		return ""
	}
	return filepath.Join(j.Cache, "engine")
}

// keep writes a file of a cache folder, and removes the oldest ones there when they are too many.
func keep(path string, data []byte, limit int64) error {
	dir := filepath.Dir(path)
	if err := os.MkdirAll(dir, 0o700); err != nil {
		return err
	}
	if err := writeCache(path, data); err != nil {
		return err
	}
	durable.KeepNewest(dir, 0, limit)
	return nil
}
