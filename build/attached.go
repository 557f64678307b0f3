package build

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"os"
	"path/filepath"

	"github.com/wpkdev/wpk/build/internal/bundle"
)

// attachment is a program for a language runtime, on its way to a module.
type attachment struct {
	language string // whose folder of the cache is used
	tool     string // what the runtime is called when its start-up fails
	runtime  []byte
	blob     []byte
	snapshot bool
}

// attach makes a module of a runtime and a program, in the work folder, unless it was made before.
func (j *job) attach(ctx context.Context, a attachment) (string, error) {
	h := sha256.New()
	hashText(h, "module 1", fmt.Sprint(a.snapshot), string(a.runtime), string(a.blob))
	out, kept := j.path("module.wasm"), ""
	if j.Cache != "" {
		kept = filepath.Join(j.Cache, a.language, "module", hex.EncodeToString(h.Sum(nil)))
		if data, err := os.ReadFile(kept); err == nil {
			return out, os.WriteFile(out, data, 0o600)
		}
	}
	module, err := j.attached(ctx, a)
	var exit *bundle.ExitError
	if errors.As(err, &exit) {
		return "", &ToolError{Tool: a.tool, Dir: j.Dir, ExitCode: int(exit.Code)}
	}
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
	cache := ""
	if j.Cache != "" {
		cache = filepath.Join(j.Cache, "engine")
	}
	return bundle.Snapshot(ctx, bundle.SnapshotOptions{Runtime: a.runtime, Blob: a.blob, Stdout: j.Output, Stderr: j.Output, Cache: cache})
}
