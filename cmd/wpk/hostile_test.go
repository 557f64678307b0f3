package main

import (
	"archive/tar"
	"bytes"
	"fmt"
	"io/fs"
	"net/http"
	"net/http/httptest"
	"path/filepath"
	"strings"

	"github.com/opencontainers/go-digest"
	"github.com/rogpeppe/go-internal/testscript"
)

// nothing is a program that does nothing: its function _start returns.
const nothing = "\x00asm\x01\x00\x00\x00" + "\x01\x04\x01\x60\x00\x00" + "\x03\x02\x01\x00" +
	"\x07\x0a\x01\x06_start\x00\x00" + "\x0a\x04\x01\x02\x00\x0b"

const (
	imageType  = "application/vnd.oci.image.manifest.v1+json"
	indexType  = "application/vnd.oci.image.index.v1+json"
	configType = "application/vnd.oci.image.config.v1+json"
	tarType    = "application/vnd.oci.image.layer.v1.tar"
)

// liar is a registry that serves any bytes under any digest.
type liar struct{ served map[string]lie }

type lie struct{ mediaType, digest, content string }

func (l *liar) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	v, ok := l.served[strings.TrimPrefix(r.URL.Path, "/v2/")]
	if !ok {
		w.WriteHeader(http.StatusNotFound)
		return
	}
	w.Header().Set("Content-Type", v.mediaType)
	w.Header().Set("Docker-Content-Digest", v.digest)
	w.Header().Set("Content-Length", fmt.Sprint(len(v.content)))
	if r.Method != http.MethodHead {
		fmt.Fprint(w, v.content)
	}
}

// blob serves content and returns what refers to it.
func (l *liar) blob(repo, mediaType, content string) string {
	sum := digest.FromString(content).String()
	l.served[repo+"/blobs/"+sum] = lie{mediaType, sum, content}
	return described(mediaType, sum, len(content))
}

func described(mediaType, sum string, size int) string {
	return fmt.Sprintf(`{"mediaType":%q,"digest":%q,"size":%d}`, mediaType, sum, size)
}

// manifest serves a manifest by its digest and by the tag 1.
func (l *liar) manifest(repo, mediaType, content string) string {
	sum := digest.FromString(content).String()
	for _, name := range []string{sum, "1"} {
		l.served[repo+"/manifests/"+name] = lie{mediaType, sum, content}
	}
	return described(mediaType, sum, len(content))
}

func (l *liar) image(repo, config string, layers ...string) string {
	return l.manifest(repo, imageType, fmt.Sprintf(`{"schemaVersion":2,"mediaType":%q,"config":%s,"layers":[%s]}`,
		imageType, config, strings.Join(layers, ",")))
}

func (l *liar) index(repo, child string) {
	l.manifest(repo, indexType, fmt.Sprintf(`{"schemaVersion":2,"mediaType":%q,"manifests":[%s]}`, indexType, child))
}

// startHostile starts a registry of attacks, each in a repository of its own.
func startHostile(ts *testscript.TestScript, _ bool, _ []string) {
	l := &liar{map[string]lie{}}
	plain := func(repo string) string { return l.blob(repo, configType, `{"config":{"Entrypoint":["/a.wasm"]}}`) }
	module := tarFile(tar.TypeReg, "a.wasm", nothing)

	self := digest.FromString("itself").String()
	loop := fmt.Sprintf(`{"schemaVersion":2,"mediaType":%q,"manifests":[%s]}`, indexType, described(indexType, self, 200))
	for _, name := range []string{self, "1"} {
		l.served["self/manifests/"+name] = lie{indexType, self, loop}
	}
	child := l.image("child-digest", plain("child-digest"), l.blob("child-digest", tarType, tars(module)))
	other := digest.FromString("other").String()
	l.served["child-digest/manifests/"+other] = lie{imageType, other, l.served["child-digest/manifests/1"].content}
	l.index("child-digest", strings.Replace(child, string(digest.FromString(l.served["child-digest/manifests/1"].content)), other, 1))
	child = l.image("child-size", plain("child-size"), l.blob("child-size", tarType, tars(module)))
	l.index("child-size", strings.Replace(child, `"size":`, `"size":1`, 1))

	for repo, layer := range map[string]string{
		"no-tar":    strings.Repeat("no tar ", 200),
		"dot-dot":   tars(module, tarFile(tar.TypeReg, "../../evil", "x")),
		"hard-link": tars(module, tarFile(tar.TypeLink, "evil", "../../../etc/passwd")),
		"through-links": tars(module, tarFile(tar.TypeSymlink, "out", "../../../../../.."), tarFile(tar.TypeReg, "out/evil", "x"),
			tarFile(tar.TypeSymlink, "abs", "/"), tarFile(tar.TypeReg, "abs/evil", "x"), tarFile(tar.TypeReg, "/evil", "x")),
	} {
		l.image(repo, plain(repo), l.blob(repo, tarType, layer))
	}
	l.image("ten-gigabytes", plain("ten-gigabytes"), described(tarType, self, 10<<30))
	l.image("config", l.blob("config", configType, "<html>"), l.blob("config", tarType, tars(module)))
	l.image("two", l.blob("two", "application/vnd.wasm.config.v0+json", "{}"),
		l.blob("two", "application/wasm", nothing), l.blob("two", "application/wasm", nothing+"\x00\x01\x00"))
	l.image("choice", l.blob("choice", "application/vnd.oci.empty.v1+json", "{}"),
		l.blob("choice", "application/wasm", nothing), l.blob("choice", "application/wasm", nothing+"\x00\x01\x00"))
	s := httptest.NewServer(l)
	ts.Defer(s.Close)
	ts.Setenv("REGISTRY", strings.TrimPrefix(s.URL, "http://"))
	ts.Setenv("SECOND_MODULE", digest.FromString(nothing+"\x00\x01\x00").String())
}

type tarEntry struct {
	header  tar.Header
	content string
}

// tarFile is a file with its content, or a link with its target.
func tarFile(kind byte, name, content string) tarEntry {
	h := tar.Header{Typeflag: kind, Name: name, Mode: 0o755}
	if kind != tar.TypeReg {
		h.Linkname, content = content, ""
	}
	h.Size = int64(len(content))
	return tarEntry{h, content}
}

func tars(entries ...tarEntry) string {
	var b bytes.Buffer
	w := tar.NewWriter(&b)
	for _, e := range entries {
		if err := w.WriteHeader(&e.header); err != nil {
			panic(err)
		}
		if _, err := w.Write([]byte(e.content)); err != nil {
			panic(err)
		}
	}
	if err := w.Close(); err != nil {
		panic(err)
	}
	return b.String()
}

// outside fails when a file called evil lies anywhere, or anything beside the
// store's folder that the script did not put there.
func outside(ts *testscript.TestScript, _ bool, args []string) {
	root := ts.MkAbs(".")
	known := map[string]bool{".": true, ".tmp": true}
	for _, name := range args {
		known[name] = true
	}
	err := filepath.WalkDir(root, func(path string, e fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		rel, err := filepath.Rel(root, path)
		if err != nil {
			return err
		}
		if top, _, _ := strings.Cut(filepath.ToSlash(rel), "/"); !known[top] || strings.HasPrefix(e.Name(), "evil") {
			ts.Fatalf("%s is outside of the store", rel)
		}
		return nil
	})
	ts.Check(err)
}
