package build

import (
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"io"
	"os"
	"path/filepath"
	"slices"
	"strconv"

	"golang.org/x/sync/errgroup"

	"github.com/wpkdev/wpk/internal/durable"
)

// packageCalls is a package with what it does on a network.
type packageCalls struct {
	*goPackage
	calls []netCall
}

// moduleName is what people call the package's origin.
func (p *goPackage) moduleName() string {
	if p.Module != nil {
		return p.Module.Path
	}
	return p.ImportPath
}

// advise looks at a finished module for what compiles and cannot work.
func (g *goCommand) advise(graph *goGraph, module string) ([]Warning, error) {
	b := readModule(module)
	stubs, err := g.cgoStubs(graph, b)
	if err != nil {
		return nil, err
	}
	linked := linkedWithNet(b)
	if linked == nil {
		return stubs, nil
	}
	return append(stubs, netWarnings(g.Dir, g.reachableCalls(graph, linked))...), nil
}

// readModule reads a module unless it is above the limit. What is wrong with it, [load] says later.
func readModule(name string) []byte {
	info, err := os.Stat(name)
	if err != nil || info.Size() > maxModule {
		return nil
	}
	b, _ := os.ReadFile(name)
	return b
}

// reachableCalls finds the calls of packages that import a part of the network, and keeps those in functions which the
// linker kept.
func (g *goCommand) reachableCalls(graph *goGraph, linked map[string]bool) []packageCalls {
	memory := openNetMemory(g.Cache, g.Dir+"\x00"+graph.main.ImportPath)
	var found []packageCalls
	for i := range graph.packages {
		if slices.ContainsFunc(graph.packages[i].Imports, isNetPackage) {
			found = append(found, packageCalls{goPackage: &graph.packages[i]})
		}
	}
	var group errgroup.Group
	group.SetLimit(g.Jobs)
	for i := range found {
		group.Go(func() error {
			p := &found[i]
			for _, c := range memory.calls(p.goPackage) {
				if c.reachable(p.goPackage, linked) {
					p.calls = append(p.calls, c)
				}
			}
			return nil
		})
	}
	_ = group.Wait()
	memory.save()
	return found
}

// A netMemory remembers what [netCalls] found in a package's files, by their content: the next build of the same
// program only looks at what has changed. It holds what the last build used and nothing else.
type netMemory struct {
	path     string // "" = remembers nothing
	old, now map[string][]netCall
	fresh    bool
	lock     chan struct{}
}

// netMemories bounds the programs that are remembered, and netMemoryFormat changes with what is found.
const (
	netMemories     = 64
	netMemoryFormat = "1\x00"
)

func openNetMemory(cache, program string) *netMemory {
	m := &netMemory{now: map[string][]netCall{}, lock: make(chan struct{}, 1)}
	if cache == "" {
		return m
	}
	sum := sha256.Sum256([]byte(program))
	m.path = filepath.Join(cache, "go-network", hex.EncodeToString(sum[:16])+".json")
	if b, err := os.ReadFile(m.path); err == nil {
		_ = json.Unmarshal(b, &m.old) // what is damaged is found again
	}
	return m
}

// calls returns a package's calls, from memory where its files are known.
func (m *netMemory) calls(p *goPackage) []netCall {
	sum := sha256.New()
	_, _ = io.WriteString(sum, netMemoryFormat+p.ImportPath+"\x00"+p.Name)
	sources := map[string][]byte{}
	for _, name := range p.GoFiles {
		b, err := os.ReadFile(filepath.Join(p.Dir, name))
		if err != nil {
			continue
		}
		sources[name] = b
		_, _ = io.WriteString(sum, "\x00"+name+"\x00"+strconv.Itoa(len(b))+"\x00")
		_, _ = sum.Write(b)
	}
	key := hex.EncodeToString(sum.Sum(nil))
	calls, known := m.old[key]
	if !known {
		calls = netCalls(p, newStubImporter(), sources)
	}
	m.lock <- struct{}{}
	m.now[key] = calls
	m.fresh = m.fresh || !known
	<-m.lock
	return calls
}

// save writes what this build used. A memory that cannot be written is no reason to fail a build.
func (m *netMemory) save() {
	if m.path == "" || !m.fresh {
		return
	}
	if os.MkdirAll(filepath.Dir(m.path), 0o700) != nil {
		return
	}
	_ = durable.WriteFile(m.path, func(w io.Writer) error { return json.NewEncoder(w).Encode(m.now) })
	pruneOldest(filepath.Dir(m.path), netMemories)
}

// pruneOldest removes the files of a folder that were written longest ago, down to a number.
func pruneOldest(dir string, keep int) {
	entries, err := os.ReadDir(dir)
	if err != nil || len(entries) <= keep {
		return
	}
	age := func(e os.DirEntry) int64 {
		if info, err := e.Info(); err == nil {
			return info.ModTime().UnixNano()
		}
		return 0
	}
	slices.SortFunc(entries, func(a, b os.DirEntry) int { return int(age(a)>>20) - int(age(b)>>20) })
	for _, e := range entries[:len(entries)-keep] {
		_ = os.RemoveAll(filepath.Join(dir, e.Name()))
	}
}
