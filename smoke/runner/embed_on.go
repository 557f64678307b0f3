//go:build runners

package runner

import "embed"

// embedded holds linux_ARCH.zst for each architecture.
//
//go:embed embedded/*.zst
var embedded embed.FS
