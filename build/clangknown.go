package build

import (
	"context"
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"time"
)

// A knownCompiler is the record of a search for a compiler. Proving that one works takes longer than compiling most
// files, so it is done again only when something about it has changed.
type knownCompiler struct {
	file string // "" = nothing is kept
	key  string
}

// compilerRecord is what is written down about a compiler.
type compilerRecord struct {
	Key                  string
	Path                 string
	Target, Headers, CXX []string
	Tool                 Tool
	Pieces               map[string]fileStamp
	Args                 []string
}

// newKnownCompiler names the record for a job: one of a few files, so that they cannot grow many.
func newKnownCompiler(j *job) *knownCompiler {
	if j.Cache == "" {
		return &knownCompiler{}
	}
	key, err := json.Marshal([]string{
		keptFormat, j.C.CC, getenv(j.Env, "PATH"), getenv(j.Env, "CC"), getenv(j.Env, "WASI_SDK_PATH"), getenv(j.Env, "HOME"),
	})
	if err != nil {
		return &knownCompiler{}
	}
	sum := hashOf(key)
	return &knownCompiler{file: filepath.Join(j.keptDir(), "compiler-"+sum[:1]+".json"), key: sum}
}

// load returns the compiler that an earlier search has found, when a search today would find the same one: it is the
// first on PATH as before, and none of its pieces has changed.
func (k *knownCompiler) load(j *job) *compiler {
	b, err := os.ReadFile(k.file)
	var r compilerRecord
	if err != nil || json.Unmarshal(b, &r) != nil || r.Key != k.key || !sameStamps(r.Pieces) {
		return nil
	}
	c := &compiler{driver: driver{r.Path, r.Args}, target: r.Target, headers: r.Headers, cxxFlags: r.CXX, tool: r.Tool, pieces: r.Pieces}
	if first(j) != c.path {
		return nil
	}
	return c
}

// first returns the path of the compiler that a search would try first.
func first(j *job) string {
	f := &finder{job: j, env: j.cEnv()}
	commands := candidates(j.Env)
	if j.C.CC != "" {
		commands = [][]string{strings.Fields(j.C.CC)}
	} else if sdk := getenv(j.Env, "WASI_SDK_PATH"); sdk != "" {
		commands = [][]string{{filepath.Join(sdk, "bin", "clang")}}
	}
	for _, command := range commands {
		if d, ok := f.look(command); ok {
			return d.path
		}
	}
	return ""
}

// save writes the record down. Left out are compilers that consist of more than is known here: behind ccache or Python
// there may be any.
func (k *knownCompiler) save(c *compiler) {
	if k.file == "" || len(c.pieces) == 0 || (c.name() != "clang" && c.name() != "zig") {
		return
	}
	b, err := json.Marshal(compilerRecord{k.key, c.path, c.target, c.headers, c.cxxFlags, c.tool, c.pieces, c.args})
	if err == nil && os.MkdirAll(filepath.Dir(k.file), 0o700) == nil {
		_ = writeCache(k.file, b)
	}
}

// pieces are the files that a clang consists of for WebAssembly.
func (f *finder) pieces(ctx context.Context, c *compiler) map[string]fileStamp {
	paths := []string{c.path}
	for _, question := range []string{"-print-file-name=libc.a", "-print-file-name=libc++.a", "-print-libgcc-file-name"} {
		if p, err := f.ask(ctx, c.driver, slices.Concat(c.target, c.headers, []string{question})...); err == nil {
			paths = append(paths, p)
		}
	}
	if ld := f.llvmTool(ctx, c.driver, pieceLinker); ld != nil {
		paths = append(paths, ld[0])
	}
	for _, h := range c.headers {
		if filepath.IsAbs(h) {
			paths = append(paths, filepath.Join(h, "stdio.h"), filepath.Join(h, "c++", "v1", "__config"))
		}
	}
	return stampsOf(paths...)
}

// datesFrom is the first clang that takes __DATE__ and __TIME__ from SOURCE_DATE_EPOCH.
const datesFrom = 16

// fixDate makes an older clang do so by a file that it reads before each source.
func (c *compiler) fixDate(j *job) error {
	major, _, _ := strings.Cut(c.tool.Version, ".")
	n, noVersion := strconv.Atoi(major)
	epoch, noEpoch := strconv.ParseInt(getenv(cleanEnv(j.Env), "SOURCE_DATE_EPOCH"), 10, 64)
	known := noVersion == nil && noEpoch == nil // else there is nothing to fix, or to fix it to
	if !known || n >= datesFrom || c.name() != "clang" {
		return nil
	}
	t := time.Unix(epoch, 0).UTC()
	text := fmt.Sprintf("#pragma clang diagnostic push\n#pragma clang diagnostic ignored \"-Wbuiltin-macro-redefined\"\n"+
		"#define __DATE__ %q\n#define __TIME__ %q\n#pragma clang diagnostic pop\n", t.Format("Jan _2 2006"), t.Format(time.TimeOnly))
	dir := filepath.Join(j.keptDir(), "dates")
	if err := os.MkdirAll(dir, 0o700); err != nil {
		return err
	}
	file := filepath.Join(dir, strconv.FormatInt(epoch, 10)+".h")
	c.date = []string{"-imacros", file}
	if old, err := os.ReadFile(file); err == nil && string(old) == text {
		return nil
	}
	return writeCache(file, []byte(text))
}
