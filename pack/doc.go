// Package pack turns a WebAssembly module into an OCI image that every
// consumer starts, and reads such images back.
//
// Universal writes one index whose children cover what the consumers look
// for: containerd and Kubernetes want a child for their own linux/<arch>,
// Podman and CRI-O want a config that says wasi/wasm, Docker wants both. All
// children share one gzip layer and one zstd layer. Image writes the plain
// single manifest that most tools build today.
//
// The same module and options give the same digest on every machine at any
// time: nothing of the host, the clock or the number of cores gets in.
//
// Read takes an image from anywhere. It trusts nothing: every blob is held
// against its digest and size before it is parsed, and every size is bounded.
//
// The formats are those of https://github.com/opencontainers/image-spec.
package pack
