package wasm

import "errors"

// custom reads a custom section's name, which belongs to the format, and
// those contents that are known:
// https://webassembly.github.io/spec/core/binary/modules.html#custom-section
func (f *file) custom(m *Module, s *Section) error {
	c, err := f.window(s.Offset, min(s.Size, 5+maxCustomName), s.Name)
	if err != nil {
		return err
	}
	c.end = nil
	if s.Custom, err = c.customName(); err != nil {
		return err
	}
	body := Section{Name: s.Custom, Offset: c.offset(), Size: s.Size - int64(c.pos)}
	switch s.Custom {
	case "producers":
		return ignoreFormat(f.producers(m, body))
	case "name", "component-name":
		return ignoreFormat(f.names(m, body))
	}
	return nil
}

func (c *cursor) customName() (string, error) {
	probe := *c
	if n, err := probe.u32("a custom section's name"); err == nil && n > maxCustomName {
		return "", c.fail("a custom section's name of %d bytes is longer than the limit of %d", n, maxCustomName)
	}
	return c.name("a custom section's name")
}

// ignoreFormat drops the errors of malformed content and keeps those of
// reading the file.
func ignoreFormat(err error) error {
	var malformed *FormatError
	if errors.As(err, &malformed) {
		return nil
	}
	return err
}
