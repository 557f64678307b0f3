package pack

// The layouts of [Content] and of [Consumers].
const (
	LayoutUniversal = "universal" // what Universal writes
	LayoutImage     = "image"     // one image manifest, as Image writes
	LayoutIndex     = "index"     // any other index
	LayoutArtifact  = "artifact"  // the module is a blob of its own
	LayoutRuntime   = "runtime"   // a runtime pack, see Runtime
)
