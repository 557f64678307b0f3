package pypi

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"net/http"
	"net/url"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/wpkdev/wpk/internal/durable"
)

// Limits of what is downloaded: the largest real ones, and some room.
const (
	maxPage  = 64 << 20
	maxWheel = 256 << 20
)

// attempts is how often a request is made before it counts as failed, with pauses of half a second, a second, ….
const attempts = 3

// Fetcher downloads from package indexes, with credentials where they belong, and keeps wheels below a folder.
type Fetcher struct {
	Client *http.Client             // such as [NewClient]'s
	Cache  string                   // folder for wheels by digest; "" keeps none
	Event  func(text string)        // told of each download; nil = nobody
	Login  map[string]*url.Userinfo // credentials by host
}

// ParseIndex returns an index's URL as it may be shown, and the credentials in it.
func ParseIndex(index string) (*url.URL, *url.Userinfo, error) {
	u, err := url.Parse(index)
	if err != nil || u.Host == "" || u.Scheme != "https" && u.Scheme != "http" {
		// Not the error of [url.Parse]: it has the credentials.
		return nil, nil, &IndexError{URL: stripLogin(index), Err: errors.New("is no URL of an index: want https://host/path")}
	}
	login := u.User
	u.User = nil
	if !strings.HasSuffix(u.Path, "/") {
		u.Path += "/"
	}
	return u, login, nil
}

// stripLogin takes whatever stands before an "@" out of a text that may be a URL.
func stripLogin(s string) string {
	scheme, rest, ok := strings.Cut(s, "://")
	if !ok {
		scheme, rest = "", s
	} else {
		scheme += "://"
	}
	if i := strings.LastIndexByte(rest, '@'); i >= 0 {
		rest = rest[i+1:]
	}
	return scheme + rest
}

// get returns the body of a URL, at most limit bytes of it, and the URL after redirects. An answer such as "not found"
// is an *IndexError with its status.
func (f *Fetcher) get(ctx context.Context, u *url.URL, accept string, limit int64) (body []byte, header http.Header, final *url.URL, err error) {
	for try := range attempts {
		if try > 0 {
			select {
			case <-ctx.Done():
				return nil, nil, nil, context.Cause(ctx)
			case <-time.After(time.Duration(try) * 500 * time.Millisecond):
			}
		}
		var again bool
		body, header, final, again, err = f.once(ctx, u, accept, limit)
		if err == nil || !again {
			break
		}
	}
	if err != nil && ctx.Err() != nil {
		err = context.Cause(ctx)
	}
	return body, header, final, err
}

func (f *Fetcher) once(ctx context.Context, u *url.URL, accept string, limit int64) (body []byte, header http.Header, final *url.URL, again bool, err error) {
	failed := func(status int, err error) *IndexError {
		var inner *url.Error // its text repeats the URL
		if errors.As(err, &inner) {
			err = inner.Err
		}
		return &IndexError{URL: u.Redacted(), Status: status, Err: err}
	}
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, u.String(), http.NoBody)
	if err != nil {
		return nil, nil, nil, false, failed(0, err)
	}
	if login := f.Login[u.Host]; login != nil {
		password, _ := login.Password()
		req.SetBasicAuth(login.Username(), password)
	}
	if accept != "" {
		req.Header.Set("Accept", accept)
	}
	res, err := f.Client.Do(req)
	if err != nil {
		return nil, nil, nil, true, failed(0, err)
	}
	defer res.Body.Close()
	if res.StatusCode != http.StatusOK {
		again = res.StatusCode >= 500 || res.StatusCode == http.StatusTooManyRequests
		return nil, nil, nil, again, failed(res.StatusCode, nil)
	}
	body, err = io.ReadAll(io.LimitReader(res.Body, limit+1))
	if err != nil {
		return nil, nil, nil, true, failed(0, err)
	}
	if int64(len(body)) > limit {
		return nil, nil, nil, false, failed(0, fmt.Errorf("more than %d bytes", limit))
	}
	return body, res.Header, res.Request.URL, false, nil
}

// NewClient returns a client that goes through the system's proxies and never from https back to http.
func NewClient() *http.Client {
	transport := http.DefaultTransport.(*http.Transport).Clone()
	transport.ResponseHeaderTimeout = 60 * time.Second
	return &http.Client{Transport: transport, CheckRedirect: checkRedirect}
}

func checkRedirect(req *http.Request, via []*http.Request) error {
	if len(via) >= 10 {
		return errors.New("too many redirects")
	}
	if via[0].URL.Scheme == "https" && req.URL.Scheme != "https" {
		return errors.New("redirected from https to " + req.URL.Scheme)
	}
	return nil
}

// fetch returns a file on offer, checked against its digests. A wheel with a known digest comes from the cache when it
// is there, and goes there.
func (f *Fetcher) fetch(ctx context.Context, file File) ([]byte, error) {
	if file.Path != "" {
		data, err := readFile(file.Path, maxWheel)
		if err != nil {
			return nil, err
		}
		return data, checkDigest(file, data)
	}
	kept := f.kept(file)
	if kept != "" {
		if data, err := readFile(kept, maxWheel); err == nil && checkDigest(file, data) == nil {
			return data, nil
		}
	}
	u, err := url.Parse(file.URL)
	if err != nil || u.Scheme != "https" && u.Scheme != "http" {
		return nil, &IndexError{URL: stripLogin(file.URL), Err: errors.New("is no URL")}
	}
	u.User = nil
	if f.Event != nil {
		f.Event("downloading " + file.Name)
	}
	data, _, _, err := f.get(ctx, u, "", maxWheel)
	if err != nil {
		return nil, err
	}
	if err := checkDigest(file, data); err != nil {
		return nil, err
	}
	if kept != "" {
		if err = writeKept(kept, data); err == nil {
			f.prune()
		}
	}
	return data, err
}

// maxKept bounds the cache of wheels.
const maxKept = 2 << 30

// prune removes the wheels that came first when there are too many. What goes wrong with that is for the next time.
func (f *Fetcher) prune() {
	type wheel struct {
		dir string
		fs.FileInfo
	}
	var all []wheel
	var total int64
	_ = filepath.WalkDir(f.Cache, func(path string, d fs.DirEntry, err error) error {
		if err != nil || !d.Type().IsRegular() {
			return nil //nolint:nilerr // another process may prune as well
		}
		if info, err := d.Info(); err == nil {
			all = append(all, wheel{filepath.Dir(path), info})
			total += info.Size()
		}
		return nil
	})
	if total <= maxKept {
		return
	}
	slices.SortFunc(all, func(a, b wheel) int { return a.ModTime().Compare(b.ModTime()) })
	for _, w := range all {
		if total <= maxKept/2 {
			return
		}
		total -= w.Size()
		_ = os.RemoveAll(w.dir)
	}
}

// kept is where a file is kept; "" when it cannot be, for want of a digest.
func (f *Fetcher) kept(file File) string {
	if dir := f.keptDir(file.SHA256); dir != "" && filepath.Base(file.Name) == file.Name {
		return filepath.Join(dir, file.Name)
	}
	return ""
}

func (f *Fetcher) keptDir(sum string) string {
	if f.Cache == "" || len(sum) != 2*sha256.Size || strings.Trim(sum, "0123456789abcdef") != "" {
		return ""
	}
	return filepath.Join(f.Cache, sum[:2], sum)
}

// Kept returns what the cache has of the files with these digests.
func (f *Fetcher) Kept(sums []string) []File {
	var files []File
	for _, sum := range sums {
		dir := f.keptDir(sum)
		if dir == "" {
			continue
		}
		entries, _ := os.ReadDir(dir)
		for _, e := range entries {
			if !durable.IsTemp(e.Name()) {
				files = append(files, File{Name: e.Name(), Path: filepath.Join(dir, e.Name()), SHA256: sum})
			}
		}
	}
	return files
}

func writeKept(path string, data []byte) error {
	if err := os.MkdirAll(filepath.Dir(path), 0o700); err != nil {
		return err
	}
	return durable.WriteFile(path, func(w io.Writer) error {
		_, err := w.Write(data)
		return err
	})
}

// checkDigest compares a file with the digest that the index or the lock has, and with those that a requirement allows.
func checkDigest(file File, data []byte) error {
	if file.SHA256 == "" {
		return nil
	}
	if got := hexSum(data); got != file.SHA256 {
		return &DistributionError{Name: file.Name, Err: ErrDigest, Detail: "sha256 " + got + ", want " + file.SHA256 + " (" + strconv.Itoa(len(data)) + " bytes)"}
	}
	return nil
}

func hexSum(data []byte) string {
	sum := sha256.Sum256(data)
	return hex.EncodeToString(sum[:])
}

// readFile reads a local file of at most limit bytes.
func readFile(path string, limit int64) ([]byte, error) {
	f, err := os.Open(path)
	if err != nil {
		return nil, err
	}
	defer f.Close()
	data, err := io.ReadAll(io.LimitReader(f, limit+1))
	if err == nil && int64(len(data)) > limit {
		err = fmt.Errorf("%s: more than %d bytes", path, limit)
	}
	return data, err
}
