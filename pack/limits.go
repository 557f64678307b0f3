package pack

// The limits of Read. They are above what real images have and keep a hostile
// one from filling the memory or holding a processor for long.
const (
	maxManifest      = 4 << 20 // one manifest or index, as registries limit it
	maxManifestBytes = 16 << 20
	maxManifests     = 512
	maxDepth         = 3 // indexes inside of each other
	maxConfig        = 4 << 20
	maxConfigBytes   = 16 << 20 // of all configs that are looked at
	maxBlob          = 1 << 30  // all layers as they are stored, or one raw module
	maxLayers        = 128
	maxUnpacked      = 1 << 30 // all layers of the chosen manifest, uncompressed
	maxEntries       = 200_000 // files, folders and links of all its layers
	maxPath          = 4 << 10 // one path or link target, in bytes
	maxSteps         = 20_000_000
	maxLinks         = 40        // symbolic links on the way to one file
	maxZstdWindow    = 128 << 20 // what "zstd --long" uses
	parallelFetches  = 8
)

// MaxBlob is the largest layer that Read takes, in bytes.
const MaxBlob = maxBlob

// maxPacked is the limit on the module and the files of Universal and Image.
// It leaves room for compressors that make some bytes longer, so that Read
// takes whatever was packed.
const maxPacked = 960 << 20
