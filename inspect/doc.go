// Package inspect tells what a WebAssembly module may do and where its bytes
// are: the capabilities behind its imports, the packages behind its functions,
// and a picture of both.
//
// It looks at what the reader of package wasm has found, prints nothing, and
// gives the same answer for the same bytes.
package inspect
