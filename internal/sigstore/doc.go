// Package sigstore holds what signing and verifying share: keys in files and in key services, roots of trust, and the
// addresses of the services that a signer asks. It signs and verifies nothing by itself.
package sigstore
