package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"log"
	"net/http"
	"net/http/httptest"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"slices"
	"strconv"
	"strings"
	"sync"
	"testing"

	"github.com/google/go-containerregistry/pkg/registry"
	"github.com/opencontainers/go-digest"
	ocispec "github.com/opencontainers/image-spec/specs-go/v1"
	"github.com/rogpeppe/go-internal/testscript"

	"github.com/wpkdev/wpk/build"
	"github.com/wpkdev/wpk/internal/wpktest"
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
			e.Setenv("HOSTARCH", runtime.GOARCH)
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
			// What scripts/npm.sh has installed; a script puts it on its PATH.
			if jco, err := wpktest.NpmPlace("jco"); err == nil {
				e.Setenv("JCO", filepath.Join(jco, "node_modules", ".bin"))
			}
			for _, language := range runtimeLanguages() {
				if dir, err := wpktest.RuntimePlace(language); err == nil {
					e.Setenv(strings.ToUpper(language)+"_RUNTIME", dir)
				}
			}
			return nil
		},
		Cmds: map[string]func(*testscript.TestScript, bool, []string){
			"registry": startRegistry,
			"refusing": startRefusing,
			"gitlab":   startGitLab,
			"hostile":  startHostile,
			"outside":  outside,
			"same":     sameDigest,
			"digest":   digestOf,
			"foreign":  foreignPack,
			"damage":   damageBlobs,
			"exits":    exitsWith,
			"wheel":    makeWheel,

			"registry-api":      startAPIRegistry,
			"failing-referrers": startFailingReferrers,
			"attach":            attachPieces,
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
// [lacks-npm:NAME] for those that need what scripts/npm.sh installs,
// [lacks-runtime:LANGUAGE] for those that need a runtime pack of
// scripts/runtimes.sh, and [no-rust] and [no-cxx] for those that need a Rust
// or a C++ library for WASI. In CI
// nothing may be lacking.
func condition(cond string) (bool, error) {
	switch cond {
	case "no-rust":
		return lacksRust()
	case "no-cxx":
		return lacksCXX()
	}
	if language, ok := strings.CutPrefix(cond, "lacks-runtime:"); ok {
		_, err := wpktest.RuntimePlace(language)
		if err != nil && os.Getenv("CI") == "true" {
			return false, err
		}
		return err != nil, nil
	}
	if name, ok := strings.CutPrefix(cond, "lacks-npm:"); ok {
		_, err := wpktest.NpmPlace(name)
		if err != nil && os.Getenv("CI") == "true" {
			return false, err
		}
		return err != nil, nil
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

// startGitLab starts a registry that refuses what GitLab's does.
func startGitLab(ts *testscript.TestScript, _ bool, _ []string) {
	s := httptest.NewServer(wpktest.GitLabHandler())
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

// digestOf puts the digest at the end of a file's line into a variable, and its
// hexadecimal part into HEX.
func digestOf(ts *testscript.TestScript, _ bool, args []string) {
	_, sum, ok := strings.Cut(strings.TrimSpace(ts.ReadFile(args[1])), "@")
	if !ok {
		ts.Fatalf("%s holds no digest", args[1])
	}
	ts.Setenv(args[0], sum)
	ts.Setenv("HEX", strings.TrimPrefix(sum, "sha256:"))
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

// foreignPack turns the runtime pack in a layout, its only content, into one of
// another ABI: as a newer wpk would have made it.
func foreignPack(ts *testscript.TestScript, _ bool, args []string) {
	dir := ts.MkAbs(args[0])
	read := func(name string) string {
		raw, err := os.ReadFile(filepath.Join(dir, name))
		ts.Check(err)
		return string(raw)
	}
	// blob stores content and returns what refers to it.
	blob := func(content string) string {
		sum := digest.FromString(content)
		ts.Check(os.WriteFile(filepath.Join(dir, "blobs", "sha256", sum.Encoded()), []byte(content), 0o600))
		return fmt.Sprintf(`"size":%d,"digest":%q`, len(content), sum)
	}
	var index struct {
		Manifests []ocispec.Descriptor `json:"manifests"`
	}
	ts.Check(json.Unmarshal([]byte(read("index.json")), &index))
	raw := read("blobs/sha256/" + index.Manifests[0].Digest.Encoded())
	var manifest ocispec.Manifest
	ts.Check(json.Unmarshal([]byte(raw), &manifest))
	config := read("blobs/sha256/" + manifest.Config.Digest.Encoded())
	foreign := blob(strings.Replace(config, `"abi": 1`, `"abi": `+args[1], 1))
	was := fmt.Sprintf(`"size":%d,"digest":%q`, manifest.Config.Size, manifest.Config.Digest)
	raw = strings.Replace(raw, was, foreign, 1)
	blob(raw)
	index.Manifests[0].Digest, index.Manifests[0].Size = digest.FromString(raw), int64(len(raw))
	changed, err := json.Marshal(map[string]any{"schemaVersion": 2, "manifests": index.Manifests})
	ts.Check(err)
	ts.Check(os.WriteFile(filepath.Join(dir, "index.json"), changed, 0o600))
}
