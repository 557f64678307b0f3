package attest

import (
	"slices"
	"strings"
)

// knownLicences are the identifiers that SPDX documents of ours use: those that nearly all packages have. The whole
// list has hundreds, changes with every release, and an identifier that a reader does not know makes a document invalid.
// https://spdx.org/licenses/
func knownLicences() []string {
	return []string{
		"0BSD", "AFL-2.1", "AGPL-3.0-only", "AGPL-3.0-or-later", "Apache-1.1", "Apache-2.0", "Artistic-2.0", "BSD-1-Clause",
		"BSD-2-Clause", "BSD-3-Clause", "BSD-4-Clause", "BSL-1.0", "BlueOak-1.0.0", "CC-BY-3.0", "CC-BY-4.0", "CC0-1.0", "CDDL-1.0",
		"EPL-1.0", "EPL-2.0", "GPL-2.0-only", "GPL-2.0-or-later", "GPL-3.0-only", "GPL-3.0-or-later", "ISC", "LGPL-2.1-only",
		"LGPL-2.1-or-later", "LGPL-3.0-only", "LGPL-3.0-or-later", "MIT", "MIT-0", "MPL-1.1", "MPL-2.0", "NCSA", "OpenSSL", "PSF-2.0",
		"PostgreSQL", "Python-2.0", "Ruby", "Unicode-3.0", "Unicode-DFS-2016", "Unlicense", "WTFPL", "Zlib", "bzip2-1.0.6", "curl",
		"libpng-2.0",
	}
}

// isExpression reports whether a text is an expression of identifiers that are known:
// https://spdx.github.io/spdx-spec/v2.3/SPDX-license-expressions/
func isExpression(s string) bool {
	words := strings.Fields(strings.NewReplacer("(", " ( ", ")", " ) ").Replace(s))
	known := knownLicences()
	depth, wantName := 0, true
	for i := 0; i < len(words); i++ {
		switch word := words[i]; {
		case word == "(" && wantName:
			depth++
		case word == ")" && !wantName && depth > 0:
			depth--
		case (word == "AND" || word == "OR") && !wantName:
			wantName = true
		case word == "WITH" && !wantName && i+1 < len(words) && words[i+1] == "LLVM-exception":
			i++
		case wantName && slices.Contains(known, word):
			wantName = false
		default:
			return false
		}
	}
	return !wantName && depth == 0
}
