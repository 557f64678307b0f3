package runner

import (
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"strings"

	"github.com/wpkdev/wpk"
)

// builder builds a runner from wpk.RunnerSources with the local Go toolchain.
type builder struct {
	arch    string
	program string // go
	version string // of go
	options Options
}

func newBuilder(ctx context.Context, arch string, o Options) (*builder, error) {
	program, err := lookPath("go", o.Env)
	if err != nil {
		return nil, &MissingRunnerError{Arch: arch, Err: err, Reason: "this wpk carries none and Go is not on PATH to build it; " +
			"install Go, or use a release of wpk, which carries runners"}
	}
	b := &builder{arch: arch, program: program, options: o}
	dir, err := os.MkdirTemp("", "wpk-runner-") // go env reads the go.mod of its folder
	if err != nil {
		return nil, err
	}
	defer func() { _ = os.RemoveAll(dir) }()
	version, err := b.command(ctx, dir, "env", "GOVERSION").Output()
	if err != nil {
		return nil, b.failed(ctx, "go env", err, nil)
	}
	b.version = strings.TrimSpace(string(version))
	return b, nil
}

// key covers everything that the result depends on.
func (b *builder) key() string {
	h := sha256.New()
	_, _ = fmt.Fprintln(h, b.version, b.arch, b.args())
	_ = eachSource(func(path string, data []byte) error {
		_, _ = fmt.Fprintf(h, "%s %d\n%s", path, len(data), data)
		return nil
	})
	return hex.EncodeToString(h.Sum(nil)[:8])
}

func (b *builder) write(ctx context.Context, path string) error {
	if b.options.Building != nil {
		b.options.Building(b.arch)
	}
	dir, err := os.MkdirTemp(filepath.Dir(path), "source-")
	if err != nil {
		return err
	}
	defer func() { _ = os.RemoveAll(dir) }()
	if err := extract(dir); err != nil {
		return err
	}
	output, err := b.command(ctx, dir, append(b.args(), "-o", path, "./cmd/wpk-runner")...).CombinedOutput()
	if err != nil {
		return b.failed(ctx, "go build", err, output)
	}
	return nil
}

func (b *builder) args() []string {
	return []string{"build", "-trimpath", "-buildvcs=false", "-ldflags=-s -w -buildid="}
}

// command runs go away from the user's workspace and settings.
func (b *builder) command(ctx context.Context, dir string, args ...string) *exec.Cmd {
	cmd := exec.CommandContext(ctx, b.program, args...)
	cmd.Dir = dir
	cmd.Env = b.options.Env
	cmd.Env = append(cmd.Environ(), "CGO_ENABLED=0", "GOOS=linux", "GOARCH="+b.arch, "GOFLAGS=", "GOWORK=off",
		"GO111MODULE=on", "GOARM=7", "GO386=sse2", "GOAMD64=v1", "GOEXPERIMENT=")
	return cmd
}

func (b *builder) failed(ctx context.Context, what string, err error, output []byte) error {
	if ctx.Err() != nil {
		return ctx.Err()
	}
	reason := fmt.Sprintf("%s failed: %v", what, err)
	var exit *exec.ExitError
	if output == nil && errors.As(err, &exit) {
		output = exit.Stderr
	}
	if line, _, _ := bytes.Cut(bytes.TrimSpace(output), []byte("\n")); len(line) > 0 {
		reason += ": " + string(line)
	}
	return &MissingRunnerError{Arch: b.arch, Reason: reason, Err: err}
}

// extract writes the sources below dir.
func extract(dir string) error {
	return eachSource(func(path string, data []byte) error {
		to := filepath.Join(dir, filepath.FromSlash(path))
		if err := os.MkdirAll(filepath.Dir(to), 0o700); err != nil {
			return err
		}
		return os.WriteFile(to, data, 0o600)
	})
}

// eachSource calls do with each file that the runner is built from.
func eachSource(do func(path string, data []byte) error) error {
	return fs.WalkDir(wpk.RunnerSources, ".", func(path string, d fs.DirEntry, err error) error {
		if err != nil || d.IsDir() || strings.HasSuffix(path, "_test.go") {
			return err
		}
		data, err := wpk.RunnerSources.ReadFile(path)
		if err != nil {
			return err
		}
		return do(path, data)
	})
}
