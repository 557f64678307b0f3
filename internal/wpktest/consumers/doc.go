// Package consumers has the tests that give what wpk packs to the programs that
// run it: Podman, containerd, Docker and Kubernetes, real ones, each on a
// machine of its own (see package machine). They judge by what a module wrote
// and by its exit code. It has no code of its own.
package consumers
