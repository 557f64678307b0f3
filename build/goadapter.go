package build

import (
	"context"
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"strings"
)

// goAdapterSource is a file of the main package that makes room for the adapter among the program's variables: Go's
// runtime takes all other memory for its own. See adaptermemory.go. The assignment keeps the linker from leaving it out.
const goAdapterSource = `package main

var wpkAdapterMemory = [%d]byte{%s}

func init() { wpkAdapterMemory[len(wpkAdapterMemory)-1] = 0 }
`

// adapterFlags are the flags that add the file to a package without a change to its folder. A program with an overlay of
// its own, or whose main package is somebody else's, goes without: go build takes one overlay, and none of the module
// cache. See https://pkg.go.dev/cmd/go#hdr-Compile_packages_and_dependencies
func (g *goCommand) adapterFlags(ctx context.Context, pattern string) ([]string, error) {
	if g.Target != TargetWASIP2 || strings.Contains(g.settings["GOFLAGS"], "overlay") {
		return nil, nil
	}
	dir, err := g.folder(ctx, pattern)
	if err != nil {
		return nil, err
	}
	if rel, err := filepath.Rel(g.Dir, dir); err != nil || !filepath.IsLocal(rel) {
		return nil, nil //nolint:nilerr // a folder elsewhere is no error
	}
	var magic []string
	for _, b := range []byte(arenaMagic) {
		magic = append(magic, fmt.Sprint(b))
	}
	source, overlay := g.job.path("adapter.go"), g.job.path("overlay.json")
	text := fmt.Sprintf(goAdapterSource, arenaSize, strings.Join(magic, ", "))
	if err := os.WriteFile(source, []byte(text), 0o600); err != nil {
		return nil, err
	}
	replace, err := json.Marshal(map[string]map[string]string{"Replace": {filepath.Join(dir, "wpk_adapter_memory.go"): source}})
	if err != nil {
		return nil, err
	}
	return []string{"-overlay=" + overlay}, os.WriteFile(overlay, replace, 0o600)
}

// folder is where the package lies that is built.
func (g *goCommand) folder(ctx context.Context, pattern string) (string, error) {
	if pattern == "." {
		return g.Dir, nil
	}
	out, err := g.ask(ctx, "list", "-e", "-find", "-json=Dir", "--", pattern)
	if err != nil {
		return "", err
	}
	packages, err := decodePackages(out)
	if err != nil || len(packages) != 1 {
		return "", err
	}
	return packages[0].Dir, nil
}
