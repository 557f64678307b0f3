package pypi

import (
	"archive/zip"
	"bytes"
	"encoding/json"
	"fmt"
	"net/http"
	"net/http/httptest"
	"net/url"
	"slices"
	"strings"
	"sync"
	"testing"
)

// wheelOf makes a wheel's bytes: METADATA with the fields, and the files.
func wheelOf(t testing.TB, name, version string, fields []string, files map[string]string) []byte {
	t.Helper()
	var b bytes.Buffer
	w := zip.NewWriter(&b)
	info := strings.ReplaceAll(name, "-", "_") + "-" + version + ".dist-info/"
	all := map[string]string{info + "METADATA": "Metadata-Version: 2.1\nName: " + name + "\nVersion: " + version + "\n" + strings.Join(fields, "\n") + "\n\nRequires-Dist: not-a-field\n"}
	for k, v := range files {
		all[k] = v
	}
	for _, k := range slices.Sorted(func(yield func(string) bool) {
		for k := range all {
			if !yield(k) {
				return
			}
		}
	}) {
		f, err := w.Create(k)
		if err != nil {
			t.Fatal(err)
		}
		if _, err := f.Write([]byte(all[k])); err != nil {
			t.Fatal(err)
		}
	}
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	return b.Bytes()
}

// A fakeIndex is a package index over HTTP.
type fakeIndex struct {
	*httptest.Server
	html     bool   // answer in the old form
	metadata bool   // offer METADATA beside the wheels
	password string // wanted of everybody
	failures int    // how many requests fail first

	mu       sync.Mutex
	files    map[string]map[string]fakeFile // by name and file name
	requests []string
}

type fakeFile struct {
	data           []byte
	metadata       string
	requiresPython string
	yanked         bool
	sum            string // instead of the right one
}

func newIndex(t testing.TB) *fakeIndex {
	t.Helper()
	i := &fakeIndex{files: map[string]map[string]fakeFile{}}
	i.Server = httptest.NewServer(i)
	t.Cleanup(i.Close)
	return i
}

// add offers a pure wheel that requires others.
func (i *fakeIndex) add(t testing.TB, name, version string, requires ...string) {
	t.Helper()
	fields := make([]string, len(requires))
	for k, r := range requires {
		fields[k] = "Requires-Dist: " + r
	}
	data := wheelOf(t, name, version, fields, map[string]string{name + ".py": "x = 1\n"})
	meta := "Metadata-Version: 2.1\nName: " + name + "\nVersion: " + version + "\n" + strings.Join(fields, "\n") + "\n"
	i.file(name, name+"-"+version+"-py3-none-any.whl", fakeFile{data: data, metadata: meta})
}

func (i *fakeIndex) file(name, file string, f fakeFile) {
	if i.files[name] == nil {
		i.files[name] = map[string]fakeFile{}
	}
	i.files[name][file] = f
}

func (i *fakeIndex) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	i.mu.Lock()
	defer i.mu.Unlock()
	i.requests = append(i.requests, r.URL.Path)
	if i.failures > 0 {
		i.failures--
		http.Error(w, "not now", http.StatusServiceUnavailable)
		return
	}
	if _, password, _ := r.BasicAuth(); password != i.password {
		http.Error(w, "who are you", http.StatusUnauthorized)
		return
	}
	parts := strings.Split(strings.Trim(r.URL.Path, "/"), "/")
	switch files, ok := i.files[parts[len(parts)-1]]; {
	case parts[0] == "simple" && ok && i.html:
		i.page(w, files)
	case parts[0] == "simple" && ok:
		i.json(w, files)
	case parts[0] == "files":
		file, meta := strings.CutSuffix(parts[2], ".metadata")
		if meta {
			fmt.Fprint(w, i.files[parts[1]][file].metadata)
		} else {
			_, _ = w.Write(i.files[parts[1]][file].data)
		}
	default:
		http.NotFound(w, r)
	}
}

func (i *fakeIndex) page(w http.ResponseWriter, files map[string]fakeFile) {
	w.Header().Set("Content-Type", "text/html")
	for file, f := range files {
		more := ""
		if f.yanked {
			more += ` data-yanked="broken"`
		}
		if f.requiresPython != "" {
			more += ` data-requires-python="` + strings.ReplaceAll(f.requiresPython, ">", "&gt;") + `"`
		}
		if i.metadata {
			more += ` data-core-metadata="sha256=` + hexSum([]byte(f.metadata)) + `"`
		}
		fmt.Fprintf(w, "<a href=\"../../files/%s/%s#sha256=%s\"%s>%s</a><br/>\n", strings.Split(file, "-")[0], file, f.digest(), more, file)
	}
}

func (i *fakeIndex) json(w http.ResponseWriter, files map[string]fakeFile) {
	w.Header().Set("Content-Type", "application/vnd.pypi.simple.v1+json")
	var list []map[string]any
	for file, f := range files {
		entry := map[string]any{
			"filename": file, "url": "/files/" + strings.Split(file, "-")[0] + "/" + file, "hashes": map[string]string{"sha256": f.digest()},
			"requires-python": f.requiresPython, "yanked": f.yanked,
		}
		if i.metadata {
			entry["core-metadata"] = map[string]string{"sha256": hexSum([]byte(f.metadata))}
		}
		list = append(list, entry)
	}
	_ = json.NewEncoder(w).Encode(map[string]any{"meta": map[string]string{"api-version": "1.1"}, "files": list})
}

func (f fakeFile) digest() string {
	if f.sum != "" {
		return f.sum
	}
	return hexSum(f.data)
}

// resolver asks an index.
func (i *fakeIndex) resolver(t testing.TB) *Resolver {
	t.Helper()
	u, err := url.Parse(i.URL + "/simple/")
	if err != nil {
		t.Fatal(err)
	}
	fetcher := &Fetcher{Client: i.Client(), Cache: t.TempDir()}
	return &Resolver{Finder: &Finder{Fetcher: fetcher, Indexes: []*url.URL{u}}, Env: Target("3.13.5")}
}

// wishes are requirements as a project's.
func wishes(t testing.TB, texts ...string) []Requirement {
	t.Helper()
	var all []Requirement
	for _, text := range texts {
		r, err := ParseRequirement(text)
		if err != nil {
			t.Fatal(err)
		}
		r.Where = "test"
		all = append(all, r)
	}
	return all
}

// versions are picks as "a 1, b 2".
func versions(picks []Pick) string {
	var all []string
	for _, p := range picks {
		all = append(all, p.Name+" "+p.Version)
	}
	return strings.Join(all, ", ")
}
