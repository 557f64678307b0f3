package verify

import "github.com/wpkdev/wpk/internal/evidence"

// ReadUnguarded are the parsers without what catches their panics, so that fuzzing finds those.
func ReadUnguarded(p evidence.Piece) error {
	read := readBundle
	switch p.Form {
	case evidence.SimpleSigning:
		read = readSimpleSigning
	case evidence.Envelope:
		read = readEnvelope
	}
	_, err := read(p)
	return err
}
