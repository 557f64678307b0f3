package inspect

import (
	"strconv"
	"strings"
)

// maxParts bounds the parts of a name that are read.
const maxParts = 64

// nested reads the parts of _ZN…E: each is preceded by its length.
// https://itanium-cxx-abi.github.io/cxx-abi/abi.html#mangling-name
func nested(s string) []string {
	var parts []string
	for len(parts) < maxParts {
		n := 0
		for n < len(s) && s[n] >= '0' && s[n] <= '9' {
			n++
		}
		size, err := strconv.Atoi(s[:n])
		if err != nil || size <= 0 || size > len(s)-n {
			break
		}
		parts = append(parts, s[n:n+size])
		s = s[n+size:]
	}
	return parts
}

// isHash reports whether a part is the hash behind a symbol of Rust.
func isHash(part string) bool {
	return len(part) == 17 && part[0] == 'h' && strings.Trim(part[1:], "0123456789abcdef") == ""
}

func isRustLegacy(symbol string) bool {
	parts := nested(symbol[len("_ZN"):])
	return len(parts) > 1 && isHash(parts[len(parts)-1])
}

// rustEscapes are those of the older mangling:
// https://github.com/rust-lang/rustc-demangle/blob/main/src/legacy.rs
var rustEscapes = strings.NewReplacer(
	"$SP$", "@", "$BP$", "*", "$RF$", "&", "$LT$", "<", "$GT$", ">", "$LP$", "(", "$RP$", ")", "$C$", ",",
	"$u20$", " ", "$u27$", "'", "$u5b$", "[", "$u5d$", "]", "$u7b$", "{", "$u7d$", "}", "$u3b$", ";", "$u2b$", "+", "$u22$", `"`, "$u7e$", "~",
	"..", "::",
)

// rustLegacy reads "_ZN4core3fmt9Formatter3pad17h0123456789abcdefE".
func rustLegacy(symbol string) Origin {
	parts := nested(symbol[len("_ZN"):])
	for i, p := range parts {
		parts[i] = rustEscapes.Replace(strings.TrimPrefix(p, "_$"))
		if strings.HasPrefix(p, "_$") {
			parts[i] = rustEscapes.Replace(p[1:])
		}
	}
	name := strings.Join(parts[:len(parts)-1], "::")
	crate := crateOf(parts[0])
	// "<T as core::fmt::Display>" and "<&T as …>": the trait's crate, when the
	// type itself has none.
	if typ, trait, ok := strings.Cut(parts[0], " as "); ok && !strings.Contains(typ, "::") {
		crate = crateOf(trait)
	}
	return Origin{languageRust, crate, name}
}

// rustV0 finds the crate in a symbol of the newer mangling, in which it stands
// as C, an optional disambiguator, and the name with its length:
// https://doc.rust-lang.org/rustc/symbol-mangling/v0.html
func rustV0(symbol string) Origin {
	o := Origin{Language: languageRust, Name: symbol}
	rest := symbol[len("_R"):]
	at := strings.IndexByte(rest, 'C')
	if at < 0 {
		return o
	}
	rest = rest[at+1:]
	if strings.HasPrefix(rest, "s") {
		_, after, ok := strings.Cut(rest, "_")
		if !ok {
			return o
		}
		rest = after
	}
	parts := nested(rest)
	if len(parts) == 0 {
		return o
	}
	o.Package, o.Name = parts[0], strings.Join(parts, "::")
	return o
}

// cxxMangled reads as much of a symbol of C++ as tells the namespace.
func cxxMangled(symbol string) Origin {
	o := Origin{Language: languageCXX, Name: symbol}
	rest, isNested := strings.CutPrefix(symbol, "_ZN")
	if !isNested {
		if parts := nested(symbol[len("_Z"):]); len(parts) > 0 {
			o.Name = parts[0]
		}
		return o
	}
	rest = strings.TrimLeft(rest, "KVrRO") // qualifiers of member functions
	if inStd, ok := strings.CutPrefix(rest, "St"); ok {
		o.Package, rest = "std", inStd
	}
	parts := nested(rest)
	if o.Package != "" {
		parts = append([]string{o.Package}, parts...)
	}
	if len(parts) > 1 {
		o.Package, o.Name = parts[0], strings.Join(parts, "::")
	}
	return o
}
