package build

import (
	"bytes"
	"strings"
)

// netAnchors begin the names of the functions of Go's net package through which every connection, every listener and
// every look-up of a name goes.
var netAnchors = []string{"\x00net.(*sysDialer).", "\x00net.(*sysListener).", "\x00net.(*Resolver)."}

// linkedWithNet returns the functions that Go's linker kept in a module, by the names that [linkedName] gives them; nil
// when it kept nothing of the network. Go needs the names for stack traces, so they are there even without symbols: a
// table of names, each ended by NUL. The linker keeps what can be reached from main, which makes this both exact and
// cheap: most programs are done after three searches.
// See https://pkg.go.dev/debug/gosym and cmd/link/internal/ld/pcln.go, generateFuncnametab.
func linkedWithNet(module []byte) map[string]bool {
	anchor := -1
	for _, name := range netAnchors {
		if anchor = bytes.Index(module, []byte(name)); anchor >= 0 {
			break
		}
	}
	if anchor < 0 {
		return nil
	}
	isName := func(i int) bool {
		return module[i] >= ' ' || (module[i] == 0 && module[i-1] != 0)
	}
	first, last := anchor, anchor
	for first > 1 && isName(first-1) {
		first--
	}
	for last < len(module) && isName(last) {
		last++
	}
	linked := map[string]bool{}
	for name := range bytes.SplitSeq(module[first:last], []byte{0}) {
		linked[linkedName(string(name))] = true
	}
	return linked
}

// linkedName turns a linker's name into that of the declaration: without type arguments, which are always written as
// "[...]", and with the dots that the linker escapes in the last element of an import path. The functions inside a
// function have names of their own, and the outer one's is there whenever theirs is.
func linkedName(name string) string {
	return strings.ReplaceAll(strings.ReplaceAll(name, "[...]", ""), "%2e", ".")
}
