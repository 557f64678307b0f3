package build

import (
	"bytes"
	"context"
	"io"
	"os"
	"path/filepath"
	"strings"
	"sync"

	"github.com/wpkdev/wpk/internal/durable"
)

// settled does the work with Go's settings. They may come from anywhere that the go command knows of, so it is asked
// each time. But the answer is nearly always that of the last build: work begins with that one while go is asked, and
// begins again when go answers otherwise. Nothing old can become part of a result.
func (g *goCommand) settled(ctx context.Context, work func(context.Context) (product, error)) (product, error) {
	query := g.settingsQuery()
	guess := g.lastSettings()
	if guess == "" {
		answer, err := query(ctx)
		if err != nil {
			return product{}, err
		}
		return g.settle(ctx, answer, work)
	}
	plain, held := g.Output, &heldOutput{w: g.Output}
	g.Output = held
	guessing, stop := context.WithCancel(ctx)
	defer stop()
	var answer string
	var failed error
	answered := make(chan struct{})
	go func() {
		defer close(answered)
		if answer, failed = query(ctx); failed == nil && answer == guess {
			held.release()
		} else {
			stop()
		}
	}()
	var p product
	err := g.use(guess)
	if err == nil {
		p, err = work(guessing)
	}
	<-answered
	g.Output = plain
	switch {
	case failed != nil:
		return product{}, failed
	case answer != guess:
		return g.settle(ctx, answer, work)
	}
	return p, err
}

// settle does the work with an answer that differs from the last one, and remembers it.
func (g *goCommand) settle(ctx context.Context, answer string, work func(context.Context) (product, error)) (product, error) {
	if err := g.use(answer); err != nil {
		return product{}, err
	}
	g.rememberSettings(answer)
	return work(ctx)
}

const (
	goSettingsKept = 64      // projects whose settings are remembered
	maxGoSettings  = 1 << 16 // bytes
)

// settingsFile is where the answer for this project is remembered; "" without a cache.
func (g *goCommand) settingsFile() string {
	if g.Cache == "" {
		return ""
	}
	key := strings.Join(append([]string{g.path, g.Dir}, goQueried...), "\x00")
	return filepath.Join(g.Cache, "go-settings", hashOf([]byte(key))[:32]+".json")
}

// lastSettings is the answer of the last build, "" when there is none to begin with. Flags that say which sources to
// build may let go change them (-mod=mod does), so with those there is no guess.
func (g *goCommand) lastSettings() string {
	info, err := os.Stat(g.settingsFile())
	if err != nil || info.Size() > maxGoSettings {
		return ""
	}
	b, err := os.ReadFile(g.settingsFile())
	if err != nil {
		return ""
	}
	if settings, err := decodeGoSettings(string(b)); err != nil || settings["GOFLAGS"] != "" {
		return ""
	}
	return string(b)
}

// rememberSettings keeps an answer. One that cannot be kept is no reason to fail a build.
func (g *goCommand) rememberSettings(answer string) {
	file := g.settingsFile()
	if file == "" || os.MkdirAll(filepath.Dir(file), 0o700) != nil {
		return
	}
	_ = writeCache(file, []byte(answer))
	durable.KeepNewest(filepath.Dir(file), goSettingsKept, 0)
}

// heldOutput keeps what is written until it is released. What is not was for nobody.
type heldOutput struct {
	w        io.Writer
	mu       sync.Mutex
	held     bytes.Buffer
	released bool
}

func (h *heldOutput) Write(p []byte) (int, error) {
	h.mu.Lock()
	defer h.mu.Unlock()
	if h.released {
		return h.w.Write(p)
	}
	return h.held.Write(p)
}

func (h *heldOutput) release() {
	h.mu.Lock()
	defer h.mu.Unlock()
	h.released = true
	_, _ = h.w.Write(h.held.Bytes())
	h.held.Reset()
}
