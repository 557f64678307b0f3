package server

import (
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"

	"github.com/google/go-containerregistry/pkg/v1/types"
	"github.com/wpkdev/wpk/internal/durable"
)

// record is a manifest under one of its names, as it is kept on disk.
type record struct {
	Repository string `json:"repository"`
	// Reference is a tag or a digest.
	Reference string `json:"reference"`
	MediaType string `json:"mediaType"`
	Manifest  []byte `json:"manifest"`
}

// maxRecord is room for a manifest in base64 with its names.
const maxRecord = 2*maxManifest + 64<<10

// records is a folder with one file per record. The file's name is a hash of the
// repository and the reference, so that no file system's rules on letters,
// colons or reserved names matter.
type records struct{ dir string }

func (rs records) path(repository, reference string) string {
	sum := sha256.Sum256([]byte(repository + "\n" + reference))
	return filepath.Join(rs.dir, hex.EncodeToString(sum[:])+".json")
}

// save keeps a record, in place of an older one with the same name.
func (rs records) save(r record) error {
	raw, err := json.Marshal(r)
	if err != nil {
		return err
	}
	err = durable.WriteFile(rs.path(r.Repository, r.Reference), func(w io.Writer) error {
		_, err := w.Write(raw)
		return err
	})
	if err != nil {
		return err
	}
	return durable.SyncDir(rs.dir)
}

// remove forgets a record, if there is one.
func (rs records) remove(repository, reference string) error {
	err := os.Remove(rs.path(repository, reference))
	if errors.Is(err, fs.ErrNotExist) {
		return nil
	}
	return err
}

// load returns all records: images first, since a registry takes an index only
// after what it refers to.
func (rs records) load() ([]record, error) {
	files, err := filepath.Glob(filepath.Join(rs.dir, "*.json"))
	if err != nil {
		return nil, err
	}
	var images, indexes []record
	for _, name := range files {
		r, err := readRecord(name)
		if err != nil {
			return nil, fmt.Errorf("registry's manifest %s: %w", name, err)
		}
		if types.MediaType(r.MediaType).IsIndex() {
			indexes = append(indexes, r)
		} else {
			images = append(images, r)
		}
	}
	return append(images, indexes...), nil
}

func readRecord(name string) (record, error) {
	f, err := os.Open(name) // #nosec G304 -- a file of the registry's own folder
	if err != nil {
		return record{}, err
	}
	defer f.Close()
	raw, err := io.ReadAll(io.LimitReader(f, maxRecord))
	if err != nil {
		return record{}, err
	}
	var r record
	return r, json.Unmarshal(raw, &r)
}
