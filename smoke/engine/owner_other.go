//go:build !unix

package engine

import "io/fs"

// ownedByUser trusts the folders below a user's profile, which others cannot
// write by default.
func ownedByUser(fs.FileInfo) bool { return true }
