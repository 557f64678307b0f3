// Package jail is a file system for WASI modules that cannot be left.
package jail
