// Package deploy turns what is known of an artifact into what others need to
// start it: manifests of Kubernetes, a unit of Podman's Quadlet, an OCI runtime
// bundle, a package for Enarx.
//
// Everything here is a pure function from options to text or files; the same
// options give the same bytes.
package deploy
