package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"log"
	"net/http"
	"net/http/httptest"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"sync"
	"testing"

	"github.com/google/go-containerregistry/pkg/registry"
	"github.com/rogpeppe/go-internal/testscript"

	"github.com/wpkdev/wpk/build"
)

func TestMain(m *testing.M) {
	testscript.Main(m, map[string]func(){"wpk": main})
}

// TestScripts runs every script in testdata/script: one per behaviour that a
// user can see, against a live registry.
func TestScripts(t *testing.T) {
	// One folder of runners and compiled code for all scripts: it is what
	// the cache is for, and each runner is built once.
	cache := t.TempDir()
	modules := goEnv(t, "GOMODCACHE")
	goCache := goEnv(t, "GOCACHE")
	testscript.Run(t, testscript.Params{
		Dir:                 filepath.Join("testdata", "script"),
		RequireExplicitExec: true,
		Condition:           condition,
		Setup: func(e *testscript.Env) error {
			root, err := filepath.Abs(filepath.Join("..", ".."))
			if err != nil {
				return err
			}
			// The folder of wpk itself, for scripts that empty the PATH.
			e.Setenv("BIN", filepath.SplitList(e.Getenv("PATH"))[0])
			e.Setenv("TESTDATA", filepath.Join(root, "testdata"))
			e.Setenv("WPK_DATA_DIR", filepath.Join(e.WorkDir, "data"))
			e.Setenv("WPK_CACHE_DIR", cache)
			e.Setenv("DOCKER_CONFIG", filepath.Join(e.WorkDir, "docker"))
			e.Setenv("GOMODCACHE", modules)
			e.Setenv("GOCACHE", goCache)
			e.Setenv("GOTOOLCHAIN", "local")
			// Scripts have no home, and rustup finds its toolchains there.
			if home, err := os.UserHomeDir(); err == nil && os.Getenv("RUSTUP_HOME") == "" {
				e.Setenv("RUSTUP_HOME", filepath.Join(home, ".rustup"))
			}
			e.Setenv("GOFLAGS", "-buildvcs=false")
			return nil
		},
		Cmds: map[string]func(*testscript.TestScript, bool, []string){
			"registry": startRegistry,
			"refusing": startRefusing,
			"same":     sameDigest,
			"damage":   damageBlobs,
			"exits":    exitsWith,
		},
	})
}

// quiet keeps a test registry from writing to the test's log.
var quiet = registry.Logger(log.New(io.Discard, "", 0))

func goEnv(t *testing.T, name string) string {
	out, err := exec.Command("go", "env", name).Output()
	if err != nil {
		t.Fatal(err)
	}
	return strings.TrimSpace(string(out))
}

// condition adds [lacks:A|B] for scripts that skip without one of the programs,
// and [no-rust] and [no-cxx] for those that need a Rust or a C++ library for WASI. In CI
// nothing may be lacking.
func condition(cond string) (bool, error) {
	switch cond {
	case "no-rust":
		return lacksRust()
	case "no-cxx":
		return lacksCXX()
	}
	names, ok := strings.CutPrefix(cond, "lacks:")
	if !ok {
		return false, fmt.Errorf("unknown condition %q", cond)
	}
	all := strings.Split(names, "|")
	if slices.Contains(all, "clang") { // distributions also have it under a version's name
		for version := 14; version <= 23; version++ {
			all = append(all, fmt.Sprintf("clang-%d", version))
		}
	}
	for _, name := range all {
		if _, err := exec.LookPath(name); err == nil {
			return false, nil
		}
	}
	if os.Getenv("CI") == "true" {
		return false, fmt.Errorf("%s is missing, and CI must have it", names)
	}
	return true, nil
}

// lacksRust reports whether a piece of Rust is missing for a small project, and
// lacksCXX of C++.
var (
	lacksRust = sync.OnceValues(func() (bool, error) { return lacksPiece("rust-hello") })
	lacksCXX  = sync.OnceValues(func() (bool, error) { return lacksPiece("cxx-hello") })
)

func lacksPiece(sample string) (bool, error) {
	cache, err := os.MkdirTemp("", "wpk-test-")
	if err != nil {
		return false, err
	}
	defer os.RemoveAll(cache)
	dir := filepath.Join("..", "..", "testdata", sample)
	_, err = build.Build(context.Background(), build.Options{Dir: dir, Env: os.Environ(), Cache: cache})
	var missing *build.MissingError
	if errors.As(err, &missing) && os.Getenv("CI") != "true" {
		return true, nil
	}
	return false, err
}

// startRegistry starts an empty registry and puts its host into REGISTRY, or
// into the variable that is named.
func startRegistry(ts *testscript.TestScript, _ bool, args []string) {
	name := "REGISTRY"
	if len(args) == 1 {
		name = args[0]
	}
	s := httptest.NewServer(registry.New(quiet))
	ts.Defer(s.Close)
	ts.Setenv(name, strings.TrimPrefix(s.URL, "http://"))
}

// startRefusing starts a registry that takes part in the protocol and answers
// each write with one HTTP status.
func startRefusing(ts *testscript.TestScript, _ bool, args []string) {
	status, err := strconv.Atoi(args[0])
	ts.Check(err)
	willing := registry.New(quiet)
	s := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.Method == http.MethodGet || r.Method == http.MethodHead {
			willing.ServeHTTP(w, r)
			return
		}
		w.Header().Set("Content-Type", "application/json")
		w.Header().Set("Retry-After", "0")
		w.WriteHeader(status)
		fmt.Fprintf(w, `{"errors":[{"code":"TEST","message":"refused with %d on purpose"}]}`, status)
	}))
	ts.Defer(s.Close)
	ts.Setenv("REGISTRY", strings.TrimPrefix(s.URL, "http://"))
}

// sameDigest compares the digests at the end of the lines in files.
func sameDigest(ts *testscript.TestScript, neg bool, args []string) {
	var first string
	same := true
	for i, name := range args {
		_, digest, ok := strings.Cut(strings.TrimSpace(ts.ReadFile(name)), "@")
		if !ok || !strings.HasPrefix(digest, "sha256:") {
			ts.Fatalf("%s holds no reference with a digest", name)
		}
		if i == 0 {
			first = digest
		}
		same = same && digest == first
	}
	if same == neg {
		ts.Fatalf("same digest: %v", same)
	}
}

// damageBlobs flips one byte in the middle of every blob of a layout that is
// larger than 10 kB: the layers.
func damageBlobs(ts *testscript.TestScript, _ bool, args []string) {
	files, err := filepath.Glob(filepath.Join(ts.MkAbs(args[0]), "blobs", "sha256", "*"))
	ts.Check(err)
	damaged := 0
	for _, name := range files {
		data, err := os.ReadFile(name)
		ts.Check(err)
		if len(data) < 10_000 {
			continue
		}
		data[len(data)/2] ^= 1
		ts.Check(os.Chmod(name, 0o600))
		ts.Check(os.WriteFile(name, data, 0o600))
		damaged++
	}
	if damaged == 0 {
		ts.Fatalf("nothing to damage in %s", args[0])
	}
}

// exitsWith runs a command that must end with one exit code.
func exitsWith(ts *testscript.TestScript, _ bool, args []string) {
	err := ts.Exec(args[1], args[2:]...)
	code := 0
	var exit *exec.ExitError
	if errors.As(err, &exit) {
		code = exit.ExitCode()
	} else if err != nil {
		ts.Fatalf("%v", err)
	}
	if strconv.Itoa(code) != args[0] {
		ts.Fatalf("exit code %d, want %s", code, args[0])
	}
}
