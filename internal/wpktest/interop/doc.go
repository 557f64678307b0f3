// Package interop has the tests that take real programs of others all the way:
// built by the wpk binary, pushed to registries of others, read back by clients
// of others, and run on seven architectures. It has no code of its own.
package interop
