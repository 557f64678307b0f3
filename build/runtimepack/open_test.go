package runtimepack

import (
	"archive/zip"
	"bytes"
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"testing/fstest"
)

const goodConfig = `{"language":"tiny","version":"1.2","abi":1,"tools":null,"sources":[]}`

func TestDecodeConfig(t *testing.T) {
	if c, err := DecodeConfig([]byte(goodConfig)); err != nil || c.Language != "tiny" {
		t.Fatalf("%+v, %v", c, err)
	}
	var abi *ABIError
	_, err := DecodeConfig([]byte(`{"language":"tiny","version":"9","abi":2,"new":{}}`))
	if !errors.As(err, &abi) || abi.ABI != 2 || err.Error() != "tiny 9 runtime pack has ABI 2, and this wpk wants ABI 1" {
		t.Errorf("a newer pack: %v", err)
	}
	sum := strings.Repeat("a", 64)
	for name, raw := range map[string]string{
		"empty": ``, "null": `null`, "no ABI": `{"language":"tiny","version":"1"}`, "two": goodConfig + `{}`,
		"unknown field":  `{"language":"tiny","version":"1","abi":1,"more":1}`,
		"language":       `{"language":"../x","version":"1","abi":1}`,
		"version":        `{"language":"tiny","version":"1/2","abi":1}`,
		"negative ABI":   `{"language":"tiny","version":"1","abi":-1}`,
		"tool":           `{"language":"tiny","version":"1","abi":1,"tools":[{"name":"a\u001b[2J"}]}`,
		"source":         `{"language":"tiny","version":"1","abi":1,"sources":[{"name":"a","version":"1","digest":"sha256:zz"}]}`,
		"nameless":       `{"language":"tiny","version":"1","abi":1,"sources":[{"name":"","version":"1","digest":"sha256:` + sum + `"}]}`,
		"many tools":     `{"language":"tiny","version":"1","abi":1,"tools":[` + strings.Repeat(`{"name":"a","version":"1"},`, maxList) + `{"name":"a","version":"1"}]}`,
		"large":          strings.Repeat(" ", maxConfig) + goodConfig,
		"ABI is no name": `{"language":"tiny","version":"1","abi":"one"}`,
	} {
		var format *FormatError
		if _, err := DecodeConfig([]byte(raw)); !errors.As(err, &format) {
			t.Errorf("%s: %v", name, err)
		}
	}
}

func FuzzDecodeConfig(f *testing.F) {
	f.Add([]byte(goodConfig))
	f.Add([]byte(`{"language":"tiny","version":"1","abi":2}`))
	f.Fuzz(func(t *testing.T, raw []byte) {
		c, err := DecodeConfig(raw)
		if err != nil {
			return
		}
		again, err := c.Encode()
		if err != nil {
			t.Fatal(err)
		}
		back, err := DecodeConfig(again)
		if err != nil || back.Tag() != c.Tag() || len(back.Sources) != len(c.Sources) {
			t.Errorf("%+v becomes %+v (%v)", c, back, err)
		}
	})
}

func FuzzMetadata(f *testing.F) {
	f.Add("language\ttiny\nversion\t1\nabi\t1\ntool\tcc\t\n")
	f.Fuzz(func(t *testing.T, raw string) {
		m, err := readMetadata([]byte(raw))
		if err != nil {
			return
		}
		config, err := m.Encode()
		if err != nil {
			t.Fatal(err)
		}
		if _, err := DecodeConfig(config); err != nil || len(m.archives) != len(m.Sources) {
			t.Errorf("%q makes a config that cannot be read: %v", raw, err)
		}
	})
}

func FuzzSubjects(f *testing.F) {
	f.Add([]byte(`{"_type":"https://in-toto.io/Statement/v1","predicateType":"https://slsa.dev/provenance/v1","subject":[{"name":"a","digest":{"sha256":"00"}}]}`))
	f.Fuzz(func(t *testing.T, raw []byte) {
		sums, err := subjects(raw)
		for name, sum := range sums {
			if err == nil && !digestForm().MatchString(sum) {
				t.Errorf("%q has digest %q", name, sum)
			}
		}
	})
}

func FuzzZip(f *testing.F) {
	var good bytes.Buffer
	if err := writeZip(&good, fstest.MapFS{"a/b": {Data: []byte("x")}, "a-b": {Data: []byte("y")}}, true); err != nil {
		f.Fatal(err)
	}
	f.Add(good.Bytes())
	f.Fuzz(func(t *testing.T, raw []byte) {
		z, err := zip.NewReader(bytes.NewReader(raw), int64(len(raw)))
		if err != nil || checkZip(z, true) != nil {
			return
		}
		for _, e := range z.File {
			if strings.HasPrefix(e.Name, "/") || strings.Contains(e.Name, "..") && slices.Contains(strings.Split(e.Name, "/"), "..") {
				t.Errorf("accepted %q", e.Name)
			}
		}
	})
}

func TestWriteZip(t *testing.T) {
	files := fstest.MapFS{
		"a/b.py": {Data: []byte(strings.Repeat("x", 1000)), Mode: 0o755}, "a-b.py": {Data: []byte("y")}, "ä": {Data: nil}, "empty": {Mode: fs.ModeDir},
	}
	for _, stored := range []bool{true, false} {
		var one, two bytes.Buffer
		if err := errors.Join(writeZip(&one, files, stored), writeZip(&two, files, stored)); err != nil {
			t.Fatal(err)
		}
		if !bytes.Equal(one.Bytes(), two.Bytes()) {
			t.Error("two archives of the same files differ")
		}
		z, err := zip.NewReader(bytes.NewReader(one.Bytes()), int64(one.Len()))
		if err != nil {
			t.Fatal(err)
		}
		if err := checkZip(z, stored); err != nil {
			t.Error(err)
		}
		var names []string
		for _, f := range z.File {
			names = append(names, f.Name)
			data, err := fs.ReadFile(z, f.Name)
			if err != nil || !bytes.Equal(data, files[f.Name].Data) || f.Mode() != 0o644 {
				t.Errorf("%s: mode %v, %d bytes, %v", f.Name, f.Mode(), len(data), err)
			}
			at, err := f.DataOffset()
			if inPlace := one.Bytes()[at:]; stored && (err != nil || !bytes.HasPrefix(inPlace, data)) {
				t.Errorf("%s cannot be read in place (%v)", f.Name, err)
			}
		}
		if !slices.IsSorted(names) || len(names) != 3 {
			t.Errorf("names %q", names)
		}
	}
}

func TestVerify(t *testing.T) {
	good, err := buildTiny(t, filepath.Join(t.TempDir(), "pack"), "")
	if err != nil {
		t.Fatal(err)
	}
	for name, spoil := range map[string]func(dir string) error{
		"another runtime": func(dir string) error { return appendTo(dir, RuntimeFile) },
		"another library": func(dir string) error { return appendTo(dir, LibraryFile) },
		"another config":  func(dir string) error { return appendTo(dir, ConfigFile) },
		"no library":      func(dir string) error { return os.Remove(filepath.Join(dir, LibraryFile)) },
		"no statement":    func(dir string) error { return os.WriteFile(filepath.Join(dir, ProvenanceFile), []byte("{}"), 0o600) },
		"cut statement":   func(dir string) error { return os.Truncate(filepath.Join(dir, ProvenanceFile), 100) },
	} {
		t.Run(name, func(t *testing.T) {
			dir := filepath.Join(t.TempDir(), "copy")
			if err := os.CopyFS(dir, os.DirFS(good.Dir)); err != nil {
				t.Fatal(err)
			}
			if err := spoil(dir); err != nil {
				t.Fatal(err)
			}
			p, err := Open(dir)
			if err != nil {
				t.Fatal(err)
			}
			var format *FormatError
			if err := p.Verify(t.Context()); !errors.As(err, &format) {
				t.Errorf("verified: %v", err)
			}
		})
	}
	if _, err := Open(filepath.Join(t.TempDir(), "none")); !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("no folder: %v", err)
	}
}

func appendTo(dir, name string) error {
	f, err := os.OpenFile(filepath.Join(dir, name), os.O_WRONLY|os.O_APPEND, 0)
	if err != nil {
		return err
	}
	_, err = f.WriteString("\n")
	return errors.Join(err, f.Close())
}
