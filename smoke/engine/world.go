package engine

import (
	"context"
	"crypto/rand"
	"math"
	"strings"
	"time"

	"github.com/tetratelabs/wazero"
	"github.com/tetratelabs/wazero/sys"
)

// The virtual clock's start, as wazero has it, and what each reading adds. The
// step is large enough for a loop that waits for a deadline to end soon.
const (
	virtualEpoch = int64(1640995200 * time.Second / time.Nanosecond) // 2022-01-01T00:00:00Z
	virtualStep  = int64(time.Millisecond)
)

// virtualWorld gives the module a clock of its own, which counts from a fixed
// time and which a sleep moves forward at once, and wazero's fixed random
// source: two runs see the same.
func virtualWorld(config wazero.ModuleConfig) wazero.ModuleConfig {
	c := &virtualClock{}
	return config.
		WithWalltime(c.walltime, sys.ClockResolution(virtualStep)).
		WithNanotime(c.nanotime, sys.ClockResolution(virtualStep)).
		WithNanosleep(c.sleep)
}

// virtualClock counts nanoseconds since the module's start. Only the module's
// own goroutine uses it.
type virtualClock struct{ now int64 }

func (c *virtualClock) nanotime() int64 {
	c.sleep(virtualStep)
	return c.now
}

func (c *virtualClock) walltime() (sec int64, nsec int32) {
	t := virtualEpoch + min(c.nanotime(), math.MaxInt64-virtualEpoch)
	return t / int64(time.Second), int32(t % int64(time.Second))
}

// sleep moves the clock, which stops at its end instead of turning over.
func (c *virtualClock) sleep(ns int64) {
	c.now += min(max(ns, 0), math.MaxInt64-c.now)
}

// realWorld gives the module the machine's clock and random source. A sleep
// ends with the context.
func realWorld(ctx context.Context, config wazero.ModuleConfig) wazero.ModuleConfig {
	return config.
		WithSysWalltime().
		WithSysNanotime().
		WithNanosleep(func(ns int64) {
			timer := time.NewTimer(time.Duration(ns))
			defer timer.Stop()
			select {
			case <-timer.C:
			case <-ctx.Done():
			}
		}).
		WithRandSource(rand.Reader)
}

// splitVariable splits KEY=value; one without a value is empty.
func splitVariable(variable string) (name, value string) {
	name, value, _ = strings.Cut(variable, "=")
	return name, value
}
