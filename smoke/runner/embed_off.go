//go:build !runners

package runner

import "embed"

// embedded holds no runners without the build tag "runners".
var embedded embed.FS
