// Package signing has the tests that let wpk and the clients of others sign for each other, against a real Sigstore and
// real registries. It has no code of its own.
package signing
