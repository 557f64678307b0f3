package interop

import (
	"bytes"
	"compress/gzip"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/wpkdev/wpk/internal/ui"
	"github.com/wpkdev/wpk/internal/wpktest"
)

// sample is a project of one language, with an edit that changes its module.
type sample struct {
	language, project string
	src               string   // a folder below testdata
	build             []string // more arguments of wpk build
	file, from, to    string   // the edit: in this file, this text becomes that
	args              []string
	stdin             string
	want              string                         // what stdout must have
	prepare           func(t *testing.T, dir string) // makes a compiler known that is not on PATH
	runtime           string                         // the language whose runtime pack it needs
}

var samples = []sample{
	{
		language: "Go", project: "words", src: "go-hello", file: "main.go", from: "%d lines", to: "%d rows",
		stdin: "one two", want: "2 words",
	},
	{
		language: "Rust", project: "words", src: "rust-hello", file: "src/main.rs", from: "{} lines", to: "{} rows",
		stdin: "one two", want: "2 words",
	},
	{
		language: "C", project: "words", src: "c-hello", file: "main.c", from: "%ld lines", to: "%ld rows",
		stdin: "one two", want: "2 words",
	},
	{
		language: "Python", project: "words", src: "python-hello", file: "src/hello/cli.py", from: "{lines} lines", to: "{lines} rows",
		stdin: "one two", want: "2 words", runtime: "python",
	},
	{
		language: "TypeScript", project: "words", src: "js-hello", file: "src/report.ts", from: "} words in", to: "} pieces in",
		stdin: "one two", want: "2 words", runtime: "javascript",
	},
	{
		language: "C++", project: "words", src: "cxx-hello", file: "main.cpp", from: " letters", to: " characters",
		stdin: "one two", want: "6 letters",
	},
	{
		language: "Zig", project: "lines", src: "zig-hello", file: "src/main.zig", from: "} lines", to: "} rows",
		stdin: "one\ntwo\n", want: "2 lines", prepare: useZig,
	},
	{
		language: "AssemblyScript", project: "lines", src: "assemblyscript-hello", file: "assembly/index.ts", from: " lines\"", to: " rows\"",
		stdin: "one\ntwo\n", want: "2 lines", prepare: useAsc,
	},
}

// row is what was measured of a sample.
type row struct {
	size, gzip              int
	cold, edit, noop, start time.Duration
}

// TestLanguages builds a sample of each language from nothing, after an edit,
// and after no edit at all: an edit must change the artifact, and taking it back
// must bring the first digest back, whatever is remembered from build to build.
// The figures are printed as a Markdown table, into the file that WPK_TABLE
// names as well.
func TestLanguages(t *testing.T) {
	table := strings.Builder{}
	table.WriteString("| language | sample | module | gzip | cold | edit | no-op | start |\n|---|---|---|---|---|---|---|---|\n")
	for _, s := range samples {
		t.Run(s.language, func(t *testing.T) {
			r := s.measure(t)
			fmt.Fprintf(&table, "| %s | %s | %s | %s | %s | %s | %s | %s |\n", s.language, s.project, ui.Bytes(int64(r.size)), ui.Bytes(int64(r.gzip)),
				ui.Duration(r.cold), ui.Duration(r.edit), ui.Duration(r.noop), ui.Duration(r.start))
		})
	}
	t.Logf("\n%s", table.String())
	if file := os.Getenv("WPK_TABLE"); file != "" {
		if err := os.WriteFile(file, []byte(table.String()), 0o600); err != nil {
			t.Fatal(err)
		}
	}
}

func (s sample) measure(t *testing.T) row {
	t.Helper()
	dir := wpktest.CopyDir(t, filepath.Join("..", "..", "..", "testdata", s.src))
	module := filepath.Join(t.TempDir(), "module.wasm")
	// Nothing that an earlier build left, and nothing that a compiler keeps by itself.
	w := newWpk(t)
	w.env = []string{"WPK_CACHE_DIR=" + t.TempDir(), "GOCACHE=" + t.TempDir(), "GOFLAGS=-modcacherw"}
	if s.prepare != nil {
		s.prepare(t, dir)
	}
	w.useRuntime(t, s.runtime)
	build := func() (string, time.Duration) {
		var res buildResult
		start := time.Now()
		w.json(t, &res, append([]string{"build", dir, "-t", "localhost/table:1", "-o", module}, s.build...)...)
		return res.Digest, time.Since(start)
	}
	var r row
	first, cold := build()
	r.cold = cold
	s.starts(t, w, module, &r)
	replace(t, filepath.Join(dir, s.file), s.from, s.to)
	second, edit := build()
	r.edit = edit
	if first == second {
		t.Errorf("the edit of %s changed nothing: %s", s.file, first)
	}
	replace(t, filepath.Join(dir, s.file), s.to, s.from)
	if third, _ := build(); third != first {
		t.Errorf("built again, the same sources are %s, not %s", third, first)
	}
	again, noop := build()
	r.noop = noop
	if again != first {
		t.Errorf("built once more, the same sources are %s, not %s", again, first)
	}
	return r
}

// starts runs the module until its machine code is cached, and then takes the
// fastest of some runs, which other work on the machine disturbs least.
func (s sample) starts(t *testing.T, w wpk, module string, r *row) {
	t.Helper()
	data, err := os.ReadFile(module)
	if err != nil {
		t.Fatal(err)
	}
	r.size, r.gzip = len(data), gzipped(t, data)
	for i := range 6 {
		start := time.Now()
		out := w.run(t, []byte(s.stdin), append([]string{"run", module, "--"}, s.args...)...)
		took := time.Since(start)
		if !bytes.Contains(out, []byte(s.want)) {
			t.Fatalf("%s prints %q, want %q in it", s.src, out, s.want)
		}
		if i == 1 || i > 1 && took < r.start {
			r.start = took
		}
	}
}

func gzipped(t *testing.T, data []byte) int {
	t.Helper()
	var out bytes.Buffer
	z, err := gzip.NewWriterLevel(&out, gzip.BestCompression)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := z.Write(data); err != nil {
		t.Fatal(err)
	}
	if err := z.Close(); err != nil {
		t.Fatal(err)
	}
	return out.Len()
}

func replace(t *testing.T, file, from, to string) {
	t.Helper()
	data, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	if !bytes.Contains(data, []byte(from)) {
		t.Fatalf("%s has no %q", file, from)
	}
	if err := os.WriteFile(file, bytes.ReplaceAll(data, []byte(from), []byte(to)), 0o600); err != nil {
		t.Fatal(err)
	}
}
