package pypi

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"html"
	"mime"
	"net/http"
	"net/url"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"sync"
)

// File is one file of a distribution that an index, a folder or a lock offers.
type File struct {
	Name           string // "six-1.17.0-py2.py3-none-any.whl"
	URL            string // where to download it, or
	Path           string // where it lies
	SHA256         string // hexadecimal; "" when nobody says
	RequiresPython string
	Yanked         bool   // withdrawn, for those who want exactly this version
	Metadata       string // the digest of its METADATA at URL+".metadata"; "" when there is none, "true" without digest
}

// maxFiles bounds what an index may list for one name.
const maxFiles = 100_000

// Finder knows what files there are of a distribution.
type Finder struct {
	Fetcher *Fetcher
	Indexes []*url.URL // in the order in which they are asked: the first that has a name has all of it
	Wheels  []File     // local wheels; they count beside those of the indexes

	mu    sync.Mutex
	pages map[string]*page
}

// A page is what an index says about a name, asked for once.
type page struct {
	once  sync.Once
	files []File
	err   error
}

// Files returns what there is of a name; nothing when there is none.
func (f *Finder) Files(ctx context.Context, name string) ([]File, error) {
	f.mu.Lock()
	if f.pages == nil {
		f.pages = map[string]*page{}
	}
	p := f.pages[name]
	if p == nil {
		p = &page{}
		f.pages[name] = p
	}
	f.mu.Unlock()
	p.once.Do(func() { p.files, p.err = f.list(ctx, name) })
	return p.files, p.err
}

func (f *Finder) list(ctx context.Context, name string) ([]File, error) {
	var files []File
	for _, w := range f.Wheels {
		if wheel, err := ParseWheelName(w.Name); err == nil && wheel.Name == name {
			files = append(files, w)
		}
	}
	for _, index := range f.Indexes {
		listed, err := f.ask(ctx, index, name)
		var none *IndexError
		if errors.As(err, &none) && none.Status == http.StatusNotFound {
			continue
		}
		if err != nil {
			return nil, err
		}
		return append(files, listed...), nil
	}
	return files, nil
}

// accepted are the two forms of an index's answer, the better one first.
// https://packaging.python.org/en/latest/specifications/simple-repository-api/
const accepted = "application/vnd.pypi.simple.v1+json, application/vnd.pypi.simple.v1+html;q=0.2, text/html;q=0.01"

func (f *Finder) ask(ctx context.Context, index *url.URL, name string) ([]File, error) {
	at := index.JoinPath(name + "/")
	body, header, final, err := f.Fetcher.get(ctx, at, accepted, maxPage)
	if err != nil {
		return nil, err
	}
	var files []File
	kind, _, _ := mime.ParseMediaType(header.Get("Content-Type"))
	if strings.HasSuffix(kind, "json") {
		files, err = parseJSONPage(body)
	} else {
		files = parseHTMLPage(body)
	}
	if err == nil && len(files) > maxFiles {
		err = fmt.Errorf("more than %d files", maxFiles)
	}
	if err != nil {
		return nil, &IndexError{URL: at.Redacted(), Err: err}
	}
	for i := range files {
		if u, err := final.Parse(files[i].URL); err == nil {
			u.User = nil
			files[i].URL = u.String()
		}
	}
	return files, nil
}

// jsonPage is an index's answer as JSON. What varies in its type is kept raw.
type jsonPage struct {
	Meta struct {
		Version string `json:"api-version"`
	} `json:"meta"`
	Files []struct {
		Filename       string            `json:"filename"`
		URL            string            `json:"url"`
		Hashes         map[string]string `json:"hashes"`
		RequiresPython string            `json:"requires-python"`
		Yanked         json.RawMessage   `json:"yanked"`
		CoreMetadata   json.RawMessage   `json:"core-metadata"`
		DistInfo       json.RawMessage   `json:"dist-info-metadata"`
	} `json:"files"`
}

func parseJSONPage(body []byte) ([]File, error) {
	var p jsonPage
	if err := json.Unmarshal(body, &p); err != nil {
		return nil, err
	}
	if p.Meta.Version != "" && !strings.HasPrefix(p.Meta.Version, "1.") {
		return nil, fmt.Errorf("its API has version %q, want 1", p.Meta.Version)
	}
	files := make([]File, 0, len(p.Files))
	for _, f := range p.Files {
		file := File{Name: f.Filename, URL: f.URL, SHA256: strings.ToLower(f.Hashes["sha256"]), RequiresPython: f.RequiresPython}
		file.Yanked = len(f.Yanked) > 0 && string(f.Yanked) != "false" && string(f.Yanked) != "null"
		for _, raw := range []json.RawMessage{f.CoreMetadata, f.DistInfo} {
			var sums map[string]string
			if string(raw) == "true" {
				file.Metadata = "true"
			} else if json.Unmarshal(raw, &sums) == nil && sums["sha256"] != "" {
				file.Metadata = strings.ToLower(sums["sha256"])
			}
			if file.Metadata != "" {
				break
			}
		}
		files = append(files, file)
	}
	return files, nil
}

// An anchor and its attributes: all that an HTML page of an index has.
var (
	anchor    = sync.OnceValue(func() *regexp.Regexp { return regexp.MustCompile(`(?is)<a\b([^>]*)>(.*?)</a\s*>`) })
	attribute = sync.OnceValue(func() *regexp.Regexp {
		return regexp.MustCompile(`(?s)([a-zA-Z][-a-zA-Z0-9]*)(?:\s*=\s*(?:"([^"]*)"|'([^']*)'|([^\s"'>]+)))?`)
	})
)

func parseHTMLPage(body []byte) []File {
	var files []File
	for _, m := range anchor().FindAllSubmatch(body, maxFiles+1) {
		at := map[string]string{}
		for _, a := range attribute().FindAllSubmatch(m[1], 50) {
			at[strings.ToLower(string(a[1]))] = html.UnescapeString(string(slices.Concat(a[2], a[3], a[4])))
		}
		href, fragment, _ := strings.Cut(at["href"], "#")
		file := File{URL: href, Name: strings.TrimSpace(html.UnescapeString(string(m[2]))), RequiresPython: at["data-requires-python"]}
		if u, err := url.Parse(href); err == nil {
			file.Name = u.Path[strings.LastIndexByte(u.Path, '/')+1:]
		}
		_, file.Yanked = at["data-yanked"]
		file.SHA256 = digestIn(fragment)
		for _, key := range []string{"data-core-metadata", "data-dist-info-metadata"} {
			if v, ok := at[key]; ok && file.Metadata == "" {
				if file.Metadata = digestIn(v); file.Metadata == "" {
					file.Metadata = "true"
				}
			}
		}
		files = append(files, file)
	}
	return files
}

// digestIn returns the digest in a text such as "sha256=…", "" when it is another algorithm's.
func digestIn(s string) string {
	for part := range strings.SplitSeq(s, "&") {
		if sum, ok := strings.CutPrefix(part, "sha256="); ok {
			return strings.ToLower(sum)
		}
	}
	return ""
}

// Folder lists the wheels in a folder, with their digests. Sources in it are no wheels and do not count.
func Folder(dir string) ([]File, error) {
	entries, err := os.ReadDir(dir)
	if err != nil {
		return nil, err
	}
	var files []File
	for _, e := range entries {
		if !strings.HasSuffix(e.Name(), ".whl") {
			continue
		}
		file, err := LocalWheel(filepath.Join(dir, e.Name()))
		if err != nil {
			return nil, err
		}
		files = append(files, file)
	}
	return files, nil
}

// LocalWheel is a wheel on this machine as a file on offer.
func LocalWheel(path string) (File, error) {
	name := filepath.Base(path)
	if _, err := ParseWheelName(name); err != nil {
		return File{}, err
	}
	data, err := readFile(path, maxWheel)
	if err != nil {
		return File{}, err
	}
	return File{Name: name, Path: path, SHA256: hexSum(data)}, nil
}
