package pack

// The layouts of [Content] and of [Consumers].
const (
	LayoutUniversal       = "universal"         // what Universal writes
	LayoutImage           = "image"             // one image manifest, as Image writes
	LayoutIndex           = "index"             // any other index
	LayoutArtifact        = "artifact"          // what Artifact writes, and other manifests whose module is a blob of its own
	LayoutProxyWasm       = "proxy-wasm"        // what ProxyWasm writes
	LayoutProxyWasmCompat = "proxy-wasm-compat" // what ProxyWasmCompat writes
	LayoutLegacy          = "legacy"            // what Legacy writes
	LayoutSpin            = "spin"              // a Spin application: modules, files, and a config that names them
	LayoutRuntime         = "runtime"           // a runtime pack, see Runtime
)
