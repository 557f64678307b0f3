package build

import (
	"context"
	"os"
	"slices"

	"golang.org/x/sync/errgroup"
)

// advise looks at a finished program for what compiles and cannot work: a network, and C. What a program is made from is
// asked for only when that has changed since the last build, so that an edit does not wait for it.
func (g *goCommand) advise(ctx context.Context, p *goProgram) ([]Warning, error) {
	names := linkedNames(p.module)
	if names == nil {
		return nil, nil
	}
	memory := openGoMemory(g.Cache, g.Dir+"\x00"+p.pattern)
	graph, err := g.remembered(ctx, memory, p, p.fingerprint(names))
	if err != nil {
		return nil, err
	}
	stubs, err := g.cgoStubs(graph, p.module)
	if err != nil {
		return nil, err
	}
	if !usesNet(names) {
		memory.save()
		return stubs, nil
	}
	found := g.reachableCalls(graph, memory, names)
	memory.save()
	return append(stubs, netWarnings(g.Dir, found)...), nil
}

// remembered returns the packages of a program that advise needs: the user's own ones, those with C, and those that
// import a part of the network.
func (g *goCommand) remembered(ctx context.Context, memory *goMemory, p *goProgram, fingerprint string) ([]goPackage, error) {
	if memory.now.Fingerprint = fingerprint; memory.old.Fingerprint == fingerprint && allThere(memory.old.Packages) {
		memory.now.Packages = memory.old.Packages
		return memory.now.Packages, nil
	}
	graph, err := g.list(ctx, p.pattern)
	if err != nil {
		return nil, err
	}
	memory.fresh = true
	memory.now.Packages = slices.DeleteFunc(graph.packages, func(p goPackage) bool {
		return !p.own() && len(p.CgoFiles) == 0 && !slices.ContainsFunc(p.Imports, isNetPackage)
	})
	for i := range memory.now.Packages {
		memory.now.Packages[i].Imports = nil
	}
	return memory.now.Packages, nil
}

// allThere reports whether the packages still are where they were: caches of modules can be emptied.
func allThere(packages []goPackage) bool {
	return !slices.ContainsFunc(packages, func(p goPackage) bool {
		_, err := os.Stat(p.Dir)
		return err != nil
	})
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

// reachableCalls finds the calls that need a network, and keeps those in functions which the linker kept.
func (g *goCommand) reachableCalls(packages []goPackage, memory *goMemory, names [][]byte) []packageCalls {
	linked := make(map[string]bool, len(names))
	for _, name := range names {
		linked[linkedName(name)] = true
	}
	found := make([]packageCalls, len(packages))
	var group errgroup.Group
	group.SetLimit(g.Jobs)
	for i := range packages {
		group.Go(func() error {
			p := &packages[i]
			if p.own() { // may have got another file since the package was listed
				p.GoFiles = goFiles(p.Dir, g.Go.Tags, false)
			}
			found[i].goPackage = p
			for _, c := range memory.calls(p) {
				if c.reachable(p, linked) {
					found[i].calls = append(found[i].calls, c)
				}
			}
			return nil
		})
	}
	_ = group.Wait()
	return found
}
