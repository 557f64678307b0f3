package wpktest

import "path/filepath"

// CargoTool returns a program that scripts/cargo-tools.sh has built, or "": not
// every machine has a Rust that is new enough.
func CargoTool(name string) string {
	found, _ := filepath.Glob(filepath.Join(cacheDir(), "bin", name+"@*", name))
	if len(found) == 0 {
		return ""
	}
	return found[len(found)-1]
}
