package inspect

import (
	"slices"
	"strings"

	"github.com/wpkdev/wpk/wasm"
)

// Capability is one thing that a module can do outside of itself, if its host
// lets it.
type Capability struct {
	Name    string   `json:"name"`    // "files", "sockets", …; "other" for imports that are no part of WASI
	Allows  string   `json:"allows"`  // in words
	Imports []string `json:"imports"` // "wasi_snapshot_preview1.path_open" or "wasi:filesystem/types@0.2.0", sorted
}

// Plumbing reports whether the capability lets the module do nothing by itself.
func (c Capability) Plumbing() bool { return c.Name == capPlumbing }

// The capabilities in the order in which they are listed: what reaches farther
// comes first.
const (
	capFiles    = "files"
	capSockets  = "sockets"
	capHTTP     = "http"
	capStores   = "stores"
	capEnv      = "environment"
	capStdio    = "streams"
	capClocks   = "clocks"
	capRandom   = "random"
	capThreads  = "threads"
	capInfer    = "inference"
	capProxy    = "proxy"
	capProcess  = "exit"
	capPlumbing = "plumbing"
	capOther    = "other"
)

var allows = []struct{ name, words string }{
	{capFiles, "open, read and change files below the folders that it is given"},
	{capSockets, "use the network through sockets that it is given or allowed to open"},
	{capHTTP, "send HTTP requests"},
	{capStores, "use key-value stores, blobs, queues or settings of its host"},
	{capEnv, "read its arguments and environment variables"},
	{capStdio, "read and write its open streams: standard input, output, error, and open files"},
	{capClocks, "read the time, and wait"},
	{capRandom, "get random numbers"},
	{capThreads, "start threads"},
	{capInfer, "run models on its host"},
	{capProxy, "see and change the requests that a proxy passes on"},
	{capProcess, "end itself with an exit code"},
	{capPlumbing, "nothing by itself: what the others need"},
	{capOther, "whatever the host has put behind these names: no part of WASI"},
}

// Capabilities tells what the imports of a module let it do.
func Capabilities(m *wasm.Module) []Capability {
	byName := map[string][]string{}
	for _, i := range m.Imports {
		full := i.Name
		if i.Module != "" {
			full = i.Module + "." + i.Name
		}
		name := capabilityOf(i, m.Kind)
		byName[name] = append(byName[name], full)
	}
	var all []Capability
	for _, a := range allows {
		if imports := byName[a.name]; len(imports) > 0 {
			slices.Sort(imports)
			all = append(all, Capability{a.name, a.words, slices.Compact(imports)})
		}
	}
	return all
}

func capabilityOf(i wasm.Import, kind wasm.Kind) string {
	if kind == wasm.Component {
		return interfaceCapability(i.Name)
	}
	switch i.Module {
	case "wasi_snapshot_preview1", "wasi_unstable":
		return preview1Capability(i.Name)
	case "wasi":
		if i.Name == "thread-spawn" { // https://github.com/WebAssembly/wasi-threads
			return capThreads
		}
	case "wasi_ephemeral_nn":
		return capInfer
	case "env":
		if strings.HasPrefix(i.Name, "proxy_") { // https://github.com/proxy-wasm/spec
			return capProxy
		}
	}
	if strings.HasPrefix(i.Module, "wasi:") { // a module that is made for a component
		return interfaceCapability(i.Module)
	}
	return capOther
}

// preview1Capability knows the functions of WASI preview 1, and the sockets
// that WasmEdge and WASIX add to them:
// https://github.com/WebAssembly/WASI/blob/main/legacy/preview1/docs.md
func preview1Capability(function string) string {
	family, _, _ := strings.Cut(function, "_")
	switch function {
	case "fd_prestat_get", "fd_prestat_dir_name": // the names of folders that it is given
		return capPlumbing
	case "fd_readdir", "fd_allocate", "fd_filestat_set_size", "fd_filestat_set_times":
		return capFiles
	case "poll_oneoff":
		return capClocks
	}
	switch family {
	case "args", "environ":
		return capEnv
	case "path":
		return capFiles
	case "fd":
		return capStdio
	case "sock":
		return capSockets
	case "clock":
		return capClocks
	case "random":
		return capRandom
	case "proc":
		return capProcess
	case "sched":
		return capPlumbing
	}
	return capOther
}

// interfaceCapability knows WASI's interfaces by package and name, of whatever
// version: https://github.com/WebAssembly/WASI/tree/main/proposals
func interfaceCapability(full string) string {
	name, _, _ := strings.Cut(full, "@")
	pkg, face, _ := strings.Cut(name, "/")
	switch pkg {
	case "wasi:filesystem":
		return capFiles
	case "wasi:sockets", "wasi:tls":
		return capSockets
	case "wasi:http":
		if face == "types" {
			return capPlumbing
		}
		return capHTTP
	case "wasi:keyvalue", "wasi:blobstore", "wasi:messaging", "wasi:config", "wasi:sql":
		return capStores
	case "wasi:clocks":
		return capClocks
	case "wasi:random":
		return capRandom
	case "wasi:nn":
		return capInfer
	case "wasi:io":
		return capPlumbing
	case "wasi:logging":
		return capStdio
	case "wasi:cli":
		switch face {
		case "environment":
			return capEnv
		case "exit":
			return capProcess
		}
		return capStdio
	}
	return capOther
}
