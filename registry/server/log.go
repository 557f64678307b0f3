package server

import (
	"log" //nolint:depguard // net/http and go-containerregistry take no other
	"strings"
)

// newLogger makes the logger that the packages below want out of a function.
func newLogger(line func(string)) *log.Logger {
	return log.New(lineWriter(line), "", 0)
}

// lineWriter passes each line on; nil drops it.
type lineWriter func(string)

func (w lineWriter) Write(p []byte) (int, error) {
	if w != nil {
		w(strings.TrimRight(string(p), "\n"))
	}
	return len(p), nil
}
