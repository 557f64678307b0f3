package pypi

import (
	"fmt"
	"net/url"
	"path/filepath"
	"strings"
)

// Limits of requirements files: how deep they may name each other, and how long they may be.
const (
	maxIncludes    = 20
	maxRequireFile = 8 << 20
	maxRequireLine = 1 << 20
)

// Wishes are what requirements files ask for.
type Wishes struct {
	Requirements []Requirement
	Constraints  []Requirement // versions of what is wanted anyway
	Index        string        // instead of the default one; "" = the default
	ExtraIndexes []string
	NoIndex      bool
	Folders      []string // with wheels
	Pre          bool     // pre-releases are welcome
}

// RequirementsReader reads requirements files.
// https://pip.pypa.io/en/stable/reference/requirements-file-format/
type RequirementsReader struct {
	Project string              // the project's folder: "-e ." there means itself; messages name files below it
	Getenv  func(string) string // for ${NAME}; nil = leave it
	depth   int
}

// Read adds a file's wishes to w.
func (r RequirementsReader) Read(path string, w *Wishes) error { return r.read(path, w, false) }

func (r RequirementsReader) read(path string, w *Wishes, constraint bool) error {
	data, err := readFile(path, maxRequireFile)
	if err != nil {
		return err
	}
	if r.depth++; r.depth > maxIncludes {
		return &FileError{File: r.shown(path), Text: "too many files name each other"}
	}
	return r.parse(path, string(data), w, constraint)
}

func (r RequirementsReader) parse(path, text string, w *Wishes, constraint bool) error {
	for n, line := range logicalLines(text) {
		if r.Getenv != nil {
			line = expand(line, r.Getenv)
		}
		if len(line) > maxRequireLine {
			return &FileError{File: r.shown(path), Line: n, Text: "the line is too long"}
		}
		if err := r.line(path, n, line, w, constraint); err != nil {
			return err
		}
	}
	return nil
}

// logicalLines yields lines with their numbers, joined where they end in a backslash, without comments.
func logicalLines(text string) func(func(int, string) bool) {
	return func(yield func(int, string) bool) {
		joined, first, n := "", 0, 0
		for raw := range strings.Lines(strings.TrimPrefix(text, "\ufeff")) {
			n++
			line := strings.TrimRight(raw, "\r\n")
			if first == 0 {
				first = n
			}
			before, more := strings.CutSuffix(line, "\\")
			comment := strings.HasPrefix(strings.TrimSpace(line), "#")
			if more && !comment {
				joined += before
				continue
			}
			if !comment {
				joined += line
			}
			if line = stripComment(joined); line != "" && !yield(first, line) {
				return
			}
			joined, first = "", 0
		}
		if line := stripComment(joined); line != "" {
			yield(first, line)
		}
	}
}

func stripComment(line string) string {
	for i := range len(line) {
		if line[i] == '#' && (i == 0 || line[i-1] == ' ' || line[i-1] == '\t') {
			line = line[:i]
			break
		}
	}
	return strings.TrimSpace(line)
}

// expand replaces ${NAME}, as pip does, and nothing else that begins with a dollar.
func expand(line string, getenv func(string) string) string {
	var b strings.Builder
	for {
		before, rest, ok := strings.Cut(line, "${")
		b.WriteString(before)
		if !ok {
			return b.String()
		}
		name, after, closed := strings.Cut(rest, "}")
		if value := getenv(name); closed && name != "" && strings.Trim(name, "ABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_") == "" && value != "" {
			b.WriteString(value)
			line = after
			continue
		}
		b.WriteString("${")
		line = rest
	}
}

func (r RequirementsReader) line(path string, n int, line string, w *Wishes, constraint bool) error {
	fail := func(format string, args ...any) error {
		return &FileError{File: r.shown(path), Line: n, Text: fmt.Sprintf(format, args...)}
	}
	if strings.HasPrefix(line, "-") {
		return r.option(path, line, w, constraint, fail)
	}
	where := fmt.Sprintf("%s:%d", r.shown(path), n)
	words := strings.Fields(line)
	text, sums := line, []string(nil)
	for i, word := range words {
		if !strings.HasPrefix(word, "--") {
			continue
		}
		text = strings.Join(words[:i], " ")
		var err error
		if sums, err = hashes(words[i:]); err != nil {
			return fail("%v", err)
		}
		break
	}
	req, err := r.requirement(path, text)
	if err != nil {
		return fail("%v", err)
	}
	if req == nil {
		return nil // the project itself
	}
	req.Where = where
	req.SHA256 = append(req.SHA256, sums...)
	if constraint {
		w.Constraints = append(w.Constraints, *req)
	} else {
		w.Requirements = append(w.Requirements, *req)
	}
	return nil
}

// hashes reads the options after a requirement.
func hashes(words []string) ([]string, error) {
	var sums []string
	other := ""
	for i := 0; i < len(words); i++ {
		key, value, ok := strings.Cut(words[i], "=")
		if key != "--hash" {
			return nil, fmt.Errorf("option %s after a requirement is not supported", key)
		}
		if !ok && i+1 < len(words) {
			i++
			value = words[i]
		}
		sum, ok := strings.CutPrefix(value, "sha256:")
		if !ok {
			other, _, _ = strings.Cut(value, ":")
			continue
		}
		sums = append(sums, strings.ToLower(sum))
	}
	if len(sums) == 0 && other != "" {
		return nil, fmt.Errorf("hash algorithm %s: want sha256", other)
	}
	return sums, nil
}

// requirement reads a requirement, a wheel's URL or a wheel's path. The project itself is nil.
func (r RequirementsReader) requirement(path, text string) (*Requirement, error) {
	bare, marker, _ := strings.Cut(text, ";")
	bare = strings.TrimSpace(bare)
	switch {
	case isVCS(bare):
		return nil, fmt.Errorf("%s: a repository has to be built; wpk takes wheels", stripLogin(bare))
	case strings.Contains(bare, " @ "):
		req, err := ParseRequirement(text)
		if err == nil && isVCS(req.URL) {
			err = fmt.Errorf("%s: a repository has to be built; wpk takes wheels", req.Name)
		}
		if file, ok := strings.CutPrefix(req.URL, "file://"); ok {
			req.URL = file
		}
		return &req, err
	case strings.HasPrefix(bare, "https://"), strings.HasPrefix(bare, "http://"), strings.HasSuffix(bare, ".whl"), strings.HasPrefix(bare, "file://"):
		return r.direct(path, strings.TrimPrefix(bare, "file://"), marker)
	case bare == "." || strings.HasPrefix(bare, ".[") || strings.ContainsAny(bare, "/\\"):
		folder, _, _ := strings.Cut(bare, "[")
		if filepath.Join(filepath.Dir(path), folder) == filepath.Clean(r.Project) {
			return nil, nil //nolint:nilnil // the project itself is no requirement
		}
		return nil, fmt.Errorf("%s: a project's folder has to be built; wpk takes wheels", bare)
	}
	req, err := ParseRequirement(text)
	return &req, err
}

func isVCS(s string) bool {
	scheme, _, ok := strings.Cut(s, "+")
	return ok && (scheme == "git" || scheme == "hg" || scheme == "svn" || scheme == "bzr")
}

// direct is a requirement for one wheel, by its URL or its path.
func (r RequirementsReader) direct(path, place, marker string) (*Requirement, error) {
	place, fragment, _ := strings.Cut(place, "#")
	name := place
	if u, err := url.Parse(place); err == nil && u.Host != "" {
		name = u.Path[strings.LastIndexByte(u.Path, '/')+1:]
	} else if !filepath.IsAbs(place) {
		place = filepath.Join(filepath.Dir(path), filepath.FromSlash(place))
		name = filepath.Base(place)
	}
	wheel, err := ParseWheelName(filepath.Base(name))
	if err != nil {
		return nil, fmt.Errorf("%w; wpk takes wheels", err)
	}
	req := &Requirement{Name: wheel.Name, URL: place}
	if sum := digestIn(fragment); sum != "" {
		req.SHA256 = []string{sum}
	}
	if marker != "" {
		req.Marker, err = ParseMarker(marker)
	}
	return req, err
}

// option reads a line that is an option of pip's.
func (r RequirementsReader) option(path, line string, w *Wishes, constraint bool, fail func(string, ...any) error) error {
	key, value, ok := strings.Cut(line, " ")
	if k, v, long := strings.Cut(key, "="); long && strings.HasPrefix(key, "--") {
		key, value, ok = k, v, true
	}
	if !ok && len(key) > 2 && key[1] != '-' { // -rother.txt
		key, value = key[:2], key[2:]
	}
	value = strings.Trim(strings.TrimSpace(value), `"'`)
	beside := func() string {
		if filepath.IsAbs(value) {
			return value
		}
		return filepath.Join(filepath.Dir(path), filepath.FromSlash(value))
	}
	switch key {
	case "-r", "--requirement":
		return r.read(beside(), w, constraint)
	case "-c", "--constraint":
		return r.read(beside(), w, true)
	case "-i", "--index-url", "--pypi-url":
		w.Index = value
	case "--extra-index-url":
		w.ExtraIndexes = append(w.ExtraIndexes, value)
	case "--no-index":
		w.NoIndex = true
	case "-f", "--find-links":
		if strings.Contains(value, "://") {
			return fail("--find-links wants a folder")
		}
		w.Folders = append(w.Folders, beside())
	case "--pre":
		w.Pre = true
	case "--require-hashes", "--prefer-binary", "--only-binary", "--trusted-host", "--use-feature":
	case "-e", "--editable":
		folder, _, _ := strings.Cut(value, "[")
		if folder != "" && filepath.Join(filepath.Dir(path), folder) == filepath.Clean(r.Project) {
			return nil // the project itself
		}
		return fail("an editable project has to be built; wpk takes wheels")
	default:
		return fail("option %s is not supported", key)
	}
	return nil
}

// shown is a path as messages have it: relative to the project when it lies below.
func (r RequirementsReader) shown(path string) string {
	if rel, err := filepath.Rel(r.Project, path); err == nil && filepath.IsLocal(rel) {
		return filepath.ToSlash(rel)
	}
	return path
}
