package policy

import (
	"archive/tar"
	"bytes"
	"compress/gzip"
	"errors"
	"fmt"
	"io"
	"net/http"
	"path"
	"strings"
	"time"

	"github.com/sigstore/sigstore-go/pkg/root"
	"github.com/sigstore/sigstore-go/pkg/tuf"
	tufmetadata "github.com/theupdateframework/go-tuf/v2/metadata"
)

// maxMirror bounds what is unpacked of a TUF repository in a policy file.
const maxMirror = 16 << 20

// tufFiles is a whole TUF repository in memory: https://theupdateframework.github.io/specification/latest/
type tufFiles struct {
	root   []byte
	files  map[string][]byte
	target string
}

// readMirror unpacks a gzipped tar archive. policy-controller's own have all files in the folder "repository".
func readMirror(data []byte) (map[string][]byte, error) {
	z, err := gzip.NewReader(bytes.NewReader(data))
	if err != nil {
		return nil, err
	}
	files, left := map[string][]byte{}, int64(maxMirror)
	for archive := tar.NewReader(io.LimitReader(z, 2*maxMirror)); ; {
		h, err := archive.Next()
		switch {
		case errors.Is(err, io.EOF):
			return files, nil
		case err != nil:
			return nil, err
		case h.Typeflag != tar.TypeReg:
			continue
		case h.Size > left:
			return nil, fmt.Errorf("more than %d bytes unpacked", maxMirror)
		}
		content, err := io.ReadAll(archive)
		if err != nil {
			return nil, err
		}
		left -= h.Size
		files[strings.TrimPrefix(path.Clean("/"+h.Name), "/repository")] = content
	}
}

// DownloadFile is TUF's way to ask for a file: see fetcher.Fetcher.
func (t *tufFiles) DownloadFile(url string, most int64, _ time.Duration) ([]byte, error) {
	content, ok := t.files[path.Clean("/"+strings.TrimPrefix(url, mirrorURL))]
	switch {
	case !ok:
		return nil, &tufmetadata.ErrDownloadHTTP{StatusCode: http.StatusNotFound, URL: url}
	case int64(len(content)) > most:
		return nil, &tufmetadata.ErrDownloadLengthMismatch{Msg: url + " is longer than it may be"}
	}
	return content, nil
}

// mirrorURL stands before the names of files, and reaches no network.
const mirrorURL = "memory://repository"

// load verifies the repository, and reads the trusted root from it.
func (t *tufFiles) load() (root.TrustedMaterial, error) {
	client, err := tuf.New(&tuf.Options{Root: t.root, RepositoryBaseURL: mirrorURL, DisableLocalCache: true, Fetcher: t})
	if err != nil {
		return nil, err
	}
	data, err := client.GetTarget(t.target)
	if err != nil {
		return nil, err
	}
	return root.NewTrustedRootFromJSON(data)
}
