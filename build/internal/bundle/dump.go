package bundle

import "encoding/binary"

// maxSegments stays well below the 100,000 data segments that engines accept:
// https://webassembly.github.io/spec/js-api/#limits
const maxSegments = 20_000

// minGap is the run of zeros that is worth a new segment. Its header takes some ten bytes; a short run compressed
// takes less, and few segments are faster to load than many.
const minGap = 128

// A span is a part of the memory: image[from:to].
type span struct{ from, to int }

// dump encodes the parts of a memory that are not zero as a data section.
func dump(image []byte) []byte {
	var spans []span
	for gap := minGap; ; gap *= 2 {
		if spans = nonZero(image, gap); len(spans) <= maxSegments {
			break
		}
	}
	n := 0
	for _, s := range spans {
		n += s.to - s.from + 16
	}
	b := binary.AppendUvarint(make([]byte, 0, n), uint64(len(spans)))
	for _, s := range spans {
		b = appendSegment(b, uint32(s.from), image[s.from:s.to]) //nolint:gosec // a 32-bit memory
	}
	return b
}

// nonZero returns the spans of the image outside of which all is zero, with at least gap zeros between them. A span
// starts and ends at a multiple of 8: it reads memory by words.
func nonZero(image []byte, gap int) []span {
	var spans []span
	for i := 0; i+8 <= len(image); i += 8 {
		if binary.LittleEndian.Uint64(image[i:]) == 0 {
			continue
		}
		if last := len(spans) - 1; last >= 0 && i-spans[last].to < gap {
			spans[last].to = i + 8
		} else {
			spans = append(spans, span{i, i + 8})
		}
	}
	return spans
}
