package main

import (
	"strings"

	"github.com/opencontainers/go-digest"

	"github.com/wpkdev/wpk/internal/ui"
	"github.com/wpkdev/wpk/registry"
)

// transferProgress turns the events of one copy into a status line on a
// terminal and one line per blob elsewhere. Manifests are too small to tell.
type transferProgress struct {
	ui        *ui.Streams
	verb, ref string
	read      map[digest.Digest]int64
	total     int64 // bytes of the blobs that have started
	sum       int64 // bytes of those read so far
	done      int
}

func newTransferProgress(s *ui.Streams, verb, ref string) *transferProgress {
	return &transferProgress{ui: s, verb: verb, ref: ref, read: map[digest.Digest]int64{}}
}

func (p *transferProgress) event(e registry.Event) {
	d := e.Descriptor
	switch e.Kind {
	case registry.EventStart:
		p.total += d.Size
	case registry.EventProgress, registry.EventDone:
		n := e.Bytes
		if e.Kind == registry.EventDone {
			n = d.Size
			p.done++
		}
		p.sum += n - p.read[d.Digest]
		p.read[d.Digest] = n
	case registry.EventRetry:
		sayRetry(p.ui, e)
	}
	if p.ui.Live {
		p.ui.Status("%s %s: %s of %s", p.verb, p.ref, ui.Bytes(p.sum), ui.Bytes(p.total))
		return
	}
	if e.Kind >= registry.EventDone && e.Kind != registry.EventRetry && d.Size > plainLineSize {
		p.ui.Say("%s: %s %s (%s)", p.verb, e.Kind, shortDigest(d.Digest), ui.Bytes(d.Size))
	}
}

// sayRetry tells why something takes longer: of a blob's copy, which repeats
// itself, and of single requests, which the transport repeats.
func sayRetry(s *ui.Streams, e registry.Event) {
	s.Say("retry %d in %s: %s", e.Attempt, ui.Duration(e.Wait), oneLine(e.Err))
}

// plainLineSize is the size below which a blob is not worth a line of a log.
const plainLineSize = 16 << 10

func (p *transferProgress) finish(r registry.Result) {
	p.ui.Status("")
	if r.Unchanged {
		p.ui.Say("%s: %s is up to date", p.verb, p.ref)
		return
	}
	parts := []string{ui.Count(r.Copied, "object") + " copied, " + ui.Bytes(r.Bytes)}
	if r.Skipped > 0 {
		parts = append(parts, ui.Count(r.Skipped, "object")+" already there")
	}
	if r.Mounted > 0 {
		parts = append(parts, ui.Count(r.Mounted, "blob")+" mounted")
	}
	p.ui.Say("%s: %s", p.verb, strings.Join(parts, "; "))
}

// shortDigest is a digest as people compare it by eye.
func shortDigest(d digest.Digest) string {
	if len(d) > 19 {
		d = d[:19]
	}
	return string(d)
}
