package jsbundle

import (
	"encoding/binary"
	"encoding/json"
	"errors"
	"fmt"
	"path"
	"strings"
)

// errMap is about a source map that is malformed.
var errMap = errors.New("malformed source map")

// maxPlaces bounds the places of a map, some bytes each.
const maxPlaces = 16 << 20

// A place says where a piece of the bundle comes from. Lines and columns count from one; source 0 is none.
type place struct{ line, column, source, toLine, toColumn int }

// EncodeMap turns a source map into what the runtime reads (src/stack.c of its recipe): little-endian 32-bit words, the
// number of places, five words a place (line, column, offset of the source's name in the map, line and column there),
// then the names, each followed by a NUL. A place holds up to the next one: on following lines and columns the source
// goes on as the bundle does, so that most of what a source map says needs no place of its own.
// https://tc39.es/ecma426/#sec-source-map-format
func EncodeMap(sourceMap []byte) ([]byte, error) {
	var m struct {
		Version  int      `json:"version"`
		Sources  []string `json:"sources"`
		Mappings string   `json:"mappings"`
	}
	if err := json.Unmarshal(sourceMap, &m); err != nil {
		return nil, fmt.Errorf("%w: %w", errMap, err)
	}
	own := make([]bool, len(m.Sources))
	for i, s := range m.Sources {
		_, foreign := packageFolder(s)
		own[i] = !foreign
	}
	places, err := decodeMappings(m.Mappings, own)
	if err != nil {
		return nil, err
	}
	names := make([]int, len(m.Sources)+1)
	var texts strings.Builder
	base := 4 + len(places)*20
	for i, s := range m.Sources {
		names[i+1] = base + texts.Len()
		texts.WriteString(strings.ReplaceAll(path.Clean(s), "\x00", "") + "\x00")
	}
	b := make([]byte, 0, base+texts.Len())
	b = word(b, len(places))
	for _, p := range places {
		b = word(word(word(word(word(b, p.line), p.column), names[p.source]), p.toLine), p.toColumn)
	}
	return append(b, texts.String()...), nil
}

func word(b []byte, v int) []byte {
	return binary.LittleEndian.AppendUint32(b, uint32(v)) //nolint:gosec // bounded by decodeMappings and by memory
}

// decodeMappings reads the segments, and keeps those that do not follow from the place before. For sources that are not
// the project's own a place a line is enough: their columns may be some characters off.
func decodeMappings(mappings string, own []bool) ([]place, error) {
	var places []place
	var source, line, column int
	for n, text := range strings.Split(mappings, ";") {
		at := 0
		for segment := range strings.SplitSeq(text, ",") {
			if segment == "" {
				continue
			}
			fields, err := decodeSegment(segment)
			if err != nil {
				return nil, err
			}
			at += fields[0]
			p := place{line: n + 1, column: at + 1}
			if len(fields) > 1 {
				source, line, column = source+fields[1], line+fields[2], column+fields[3]
				if source < 0 || source >= len(own) || line < 0 || column < 0 {
					return nil, errMap
				}
				p.source, p.toLine, p.toColumn = source+1, line+1, column+1
			}
			if at < 0 || len(places) == maxPlaces {
				return nil, errMap
			}
			if len(places) == 0 || !follows(places[len(places)-1], p, p.source > 0 && own[p.source-1]) {
				places = append(places, p)
			}
		}
	}
	return places, nil
}

func follows(p, next place, exact bool) bool {
	if p.source == 0 || next.source == 0 {
		return p.source == next.source
	}
	if p.source != next.source || next.toLine-p.toLine != next.line-p.line {
		return false
	}
	return next.toColumn-p.toColumn == next.column-p.column || (!exact && p.line == next.line)
}

const vlqDigits = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/"

// decodeSegment reads one, four or five Base64 VLQ numbers.
func decodeSegment(text string) ([]int, error) {
	var fields []int
	value, shift := 0, 0
	for _, c := range []byte(text) {
		digit := strings.IndexByte(vlqDigits, c)
		if digit < 0 || shift > 30 {
			return nil, errMap
		}
		value |= (digit & 31) << shift
		if shift += 5; digit&32 != 0 {
			continue
		}
		if value&1 != 0 {
			value = -(value >> 1)
		} else {
			value >>= 1
		}
		fields = append(fields, value)
		value, shift = 0, 0
	}
	if n := len(fields); shift != 0 || (n != 1 && n != 4 && n != 5) {
		return nil, errMap
	}
	return fields, nil
}
