package runtimepack

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"regexp"
	"sync"
	"unicode"
)

// The limits of a pack's configuration, far above what a real one has.
const (
	maxConfig = 1 << 20
	maxList   = 1024
	maxText   = 2048
)

// The forms of what ends up in names of files and artifacts.
var (
	languageForm = sync.OnceValue(func() *regexp.Regexp { return regexp.MustCompile(`^[a-z][a-z0-9]{0,31}$`) })
	versionForm  = sync.OnceValue(func() *regexp.Regexp { return regexp.MustCompile(`^[A-Za-z0-9][A-Za-z0-9._-]{0,63}$`) })
	digestForm   = sync.OnceValue(func() *regexp.Regexp { return regexp.MustCompile(`^sha256:[0-9a-f]{64}$`) })
)

// DecodeConfig reads a pack's configuration, which may come from anywhere. A pack of another ABI is an *[ABIError],
// whatever else is new in it; anything else that is not a configuration is a *[FormatError].
func DecodeConfig(raw []byte) (Config, error) {
	c, err := decodeConfig(raw)
	var abi *ABIError
	if err != nil && !errors.As(err, &abi) {
		err = &FormatError{File: ConfigFile, Err: err}
	}
	return c, err
}

func decodeConfig(raw []byte) (Config, error) {
	if len(raw) > maxConfig {
		return Config{}, fmt.Errorf("%d bytes, at most %d are possible", len(raw), maxConfig)
	}
	var c Config
	// The ABI first: the configuration of another one may have fields that this wpk does not know.
	var head struct {
		Language, Version string
		ABI               int
	}
	if err := json.Unmarshal(raw, &head); err != nil {
		return c, err
	}
	if head.ABI > 0 && head.ABI != ABI {
		return c, &ABIError{Language: printable(head.Language), Version: printable(head.Version), ABI: head.ABI}
	}
	d := json.NewDecoder(bytes.NewReader(raw))
	d.DisallowUnknownFields()
	if err := d.Decode(&c); err != nil {
		return Config{}, err
	}
	if _, err := d.Token(); !errors.Is(err, io.EOF) {
		return Config{}, errors.New("something follows the object")
	}
	return c, c.check()
}

// check refuses what cannot name a file or an artifact, or would upset a terminal.
func (c *Config) check() error {
	switch {
	case !languageForm().MatchString(c.Language):
		return fmt.Errorf("language %q", c.Language)
	case !versionForm().MatchString(c.Version):
		return fmt.Errorf("version %q", c.Version)
	case c.ABI != ABI:
		return fmt.Errorf("abi %d", c.ABI)
	case len(c.Tools) > maxList || len(c.Sources) > maxList:
		return fmt.Errorf("more than %d tools or sources", maxList)
	}
	for _, t := range c.Tools {
		if !isText(t.Name) || t.Version != "" && !isText(t.Version) {
			return fmt.Errorf("tool %q", t.Name)
		}
	}
	for _, s := range c.Sources {
		if !isText(s.Name) || !isText(s.Version) || !digestForm().MatchString(s.Digest) {
			return fmt.Errorf("source %q", s.Name)
		}
	}
	return nil
}

// Encode returns the configuration as pack.json has it. Equal configurations have equal bytes.
func (c *Config) Encode() ([]byte, error) { return encode(c) }

func encode(v any) ([]byte, error) {
	var b bytes.Buffer
	e := json.NewEncoder(&b)
	e.SetEscapeHTML(false)
	e.SetIndent("", "  ")
	err := e.Encode(v)
	return b.Bytes(), err
}

// Tag is the tag of the pack as an artifact: what a person asks for, and the ABI, for two packs of one Python with
// different ABIs are two things to wpk.
func (c *Config) Tag() string { return fmt.Sprintf("%s-abi%d", c.Version, c.ABI) }

// isText reports whether s is a short line of printable characters.
func isText(s string) bool {
	if s == "" || len(s) > maxText {
		return false
	}
	for _, r := range s {
		if !unicode.IsPrint(r) || r == unicode.ReplacementChar {
			return false
		}
	}
	return true
}

// printable is foreign text for an error message: as it is when it is text, else nothing.
func printable(s string) string {
	if isText(s) {
		return s
	}
	return ""
}
