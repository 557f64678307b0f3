package wasm

import (
	"fmt"
	"unicode/utf8"
)

// cursor decodes values from the content of one section. It never looks
// beyond b; every failure carries the offset in the file.
type cursor struct {
	b       []byte
	pos     int
	base    int64 // file offset of b[0]
	section string
	end     error // the cause when b is too short: ErrTruncated when b ends with the file
}

func (c *cursor) left() uint64  { return uint64(len(c.b) - c.pos) } //nolint:gosec // pos never passes the end
func (c *cursor) offset() int64 { return c.base + int64(c.pos) }

func (c *cursor) fail(format string, args ...any) error {
	return &FormatError{Offset: c.offset(), Section: c.section, Reason: fmt.Sprintf(format, args...)}
}

func (c *cursor) short(what string) error {
	return &FormatError{Offset: c.offset(), Section: c.section, Reason: "unexpected end of " + what, err: c.end}
}

func (c *cursor) byte(what string) (byte, error) {
	if c.left() == 0 {
		return 0, c.short(what)
	}
	b := c.b[c.pos]
	c.pos++
	return b, nil
}

// take returns the next n bytes without a copy.
func (c *cursor) take(n uint64, what string) ([]byte, error) {
	if n > c.left() {
		return nil, c.short(what)
	}
	b := c.b[c.pos : c.pos+int(n)] //nolint:gosec // n is at most left()
	c.pos += len(b)
	return b, nil
}

// uint decodes an unsigned LEB128 of at most bits bits. The encoding has at
// most ceil(bits/7) bytes and the unused bits of the last one are zero:
// https://webassembly.github.io/spec/core/binary/values.html#integers
func (c *cursor) uint(bits uint, what string) (uint64, error) {
	var v uint64
	for shift := uint(0); shift < bits; shift += 7 {
		b, err := c.byte(what)
		if err != nil {
			return 0, err
		}
		if rest := bits - shift; rest < 7 && b>>rest != 0 {
			c.pos--
			return 0, c.fail("%s does not fit into %d bits", what, bits)
		}
		v |= uint64(b&0x7f) << shift
		if b&0x80 == 0 {
			return v, nil
		}
	}
	return 0, c.fail("%s has more bytes than %d bits need", what, bits)
}

func (c *cursor) u32(what string) (uint64, error) { return c.uint(32, what) }

// skipS33 passes over the signed 33-bit LEB128 of a heap type or a component's
// value type. Its value is of no interest here; its length is bounded.
func (c *cursor) skipS33(what string) error {
	for range 5 {
		b, err := c.byte(what)
		if err != nil {
			return err
		}
		if b&0x80 == 0 {
			return nil
		}
	}
	return c.fail("%s has more bytes than 33 bits need", what)
}

// count decodes the length of a vector whose elements have at least size
// bytes each. A length that the rest of the section cannot hold is an error,
// and so is one above limit: memory is bounded by both.
func (c *cursor) count(size, limit uint64, what string) (int, error) {
	n, err := c.u32("the number of " + what)
	if err != nil {
		return 0, err
	}
	if n > c.left()/size {
		return 0, c.fail("%d %s do not fit into the %d bytes that are left", n, what, c.left())
	}
	if n > limit {
		return 0, c.fail("%d %s are more than the limit of %d", n, what, limit)
	}
	return int(n), nil //nolint:gosec // at most limit
}

// name decodes a length-prefixed UTF-8 name:
// https://webassembly.github.io/spec/core/binary/values.html#names
func (c *cursor) name(what string) (string, error) {
	n, err := c.u32("the length of " + what)
	if err != nil {
		return "", err
	}
	b, err := c.take(n, what)
	if err != nil {
		return "", err
	}
	if !utf8.Valid(b) {
		return "", c.fail("%s is not UTF-8", what)
	}
	return string(b), nil
}

// done fails when the section is longer than its content.
func (c *cursor) done() error {
	if c.left() > 0 {
		return c.fail("%d bytes follow the last entry", c.left())
	}
	return nil
}
