package registry

import (
	"sync"
	"time"

	ocispec "github.com/opencontainers/image-spec/specs-go/v1"
)

// EventKind says what happened to a blob or manifest.
type EventKind uint8

const (
	// EventStart comes before the first byte is copied.
	EventStart EventKind = iota
	// EventProgress comes while bytes are copied.
	EventProgress
	// EventDone comes after the last byte was accepted.
	EventDone
	// EventExists means that the target had the content.
	EventExists
	// EventMounted means that the registry took it from another repository.
	EventMounted
	// EventRetry means that a request is repeated after Wait.
	EventRetry
)

// String returns the word for a plain progress line.
func (k EventKind) String() string {
	return [...]string{"start", "progress", "done", "exists", "mounted", "retry"}[k]
}

// Event is a step of a copy. Events of one copy arrive one at a time, those of
// different blobs mixed.
type Event struct {
	Kind EventKind
	// Descriptor is the content concerned; zero for a retry.
	Descriptor ocispec.Descriptor
	// Bytes is how much of Descriptor.Size has been read so far.
	Bytes int64
	// Attempt (from 1), Wait and Err describe a retry.
	Attempt int
	Wait    time.Duration
	Err     error
}

// listener makes calls of an event function one at a time; nil is silent.
type listener struct {
	mu sync.Mutex
	fn func(Event)
}

func (l *listener) send(e Event) {
	if l == nil || l.fn == nil {
		return
	}
	l.mu.Lock()
	defer l.mu.Unlock()
	l.fn(e)
}
