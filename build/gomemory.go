package build

import (
	"bytes"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"io"
	"os"
	"path/filepath"
	"strconv"
	"sync"

	"github.com/wpkdev/wpk/internal/durable"
)

// A goMemory remembers, from one build of a program to the next, what is slow to find out. It holds what the last build
// used and nothing else. Whatever it says can be found out again, and is when the file is missing or damaged.
type goMemory struct {
	path     string // "" = remembers nothing
	old, now goRemembered
	fresh    bool // now has what old has not
	mu       sync.Mutex
}

type goRemembered struct {
	Format      int
	Fingerprint string               // of the program, see [goProgram.fingerprint]
	Packages    []goPackage          // those that [goCommand.advise] looks at
	Calls       map[string][]netCall // of a package, by the content of its files
}

const (
	goMemories     = 64 // programs that are remembered
	goMemoryFormat = 1  // changes when something else is remembered, or found
)

func openGoMemory(cache, program string) *goMemory {
	m := &goMemory{now: goRemembered{Format: goMemoryFormat, Calls: map[string][]netCall{}}}
	if cache == "" {
		return m
	}
	m.path = filepath.Join(cache, "go-memory", hashOf([]byte(program))[:32]+".json")
	b, err := os.ReadFile(m.path)
	if err != nil || json.Unmarshal(b, &m.old) != nil || m.old.Format != goMemoryFormat {
		m.old = goRemembered{}
	}
	return m
}

// calls returns a package's calls, from memory when its files have been seen.
func (m *goMemory) calls(p *goPackage) []netCall {
	sum := sha256.New()
	_, _ = io.WriteString(sum, p.ImportPath+"\x00"+p.Name)
	sources := map[string][]byte{}
	net := false
	for _, name := range p.GoFiles {
		b, err := os.ReadFile(filepath.Join(p.Dir, name))
		if err != nil {
			continue
		}
		sources[name] = b
		net = net || mayUseNet(b)
		_, _ = io.WriteString(sum, "\x00"+name+"\x00"+strconv.Itoa(len(b))+"\x00")
		_, _ = sum.Write(b)
	}
	if !net {
		return nil
	}
	key := hex.EncodeToString(sum.Sum(nil))
	calls, known := m.old.Calls[key]
	if !known {
		calls = netCalls(p, newStubImporter(), sources)
	}
	m.mu.Lock()
	defer m.mu.Unlock()
	m.now.Calls[key] = calls
	m.fresh = m.fresh || !known
	return calls
}

// mayUseNet reports whether a file's text has one of the imports that matter.
func mayUseNet(source []byte) bool {
	for _, prefix := range []string{`"net"`, `"net/`, `"crypto/tls"`, `"log/syslog"`, "`net", "`crypto/tls`", "`log/syslog`"} {
		if bytes.Contains(source, []byte(prefix)) {
			return true
		}
	}
	return false
}

// save writes what this build used. A memory that cannot be written is no reason to fail a build.
func (m *goMemory) save() {
	if m.path == "" || !m.fresh || os.MkdirAll(filepath.Dir(m.path), 0o700) != nil {
		return
	}
	_ = durable.WriteCache(m.path, func(w io.Writer) error { return json.NewEncoder(w).Encode(m.now) })
	durable.KeepNewest(filepath.Dir(m.path), goMemories, 0)
}
