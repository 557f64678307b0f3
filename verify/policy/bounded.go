package policy

import (
	"context"
	"errors"
	"fmt"
	"runtime"
	"runtime/metrics"
	"time"
)

const (
	// maxEvaluation is the time that one condition may take.
	maxEvaluation = 10 * time.Second
	// maxGrowth is the memory that one condition may take, in bytes.
	maxGrowth = 256 << 20
)

var (
	errTime   = fmt.Errorf("takes longer than %s", maxEvaluation)
	errMemory = fmt.Errorf("takes more than %d MiB of memory", maxGrowth>>20)
)

// bounded runs f until it ends or has taken too much. Rego stops with its context. CUE knows none: it is left behind,
// and the process, which has nothing more to do, ends with it.
func bounded(ctx context.Context, f func(context.Context) error) error {
	ctx, cancel := context.WithCancelCause(ctx)
	defer cancel(nil)
	done := make(chan error, 1)
	go func() {
		defer func() {
			if r := recover(); r != nil {
				done <- fmt.Errorf("cannot be evaluated: %v", r)
			}
		}()
		done <- f(ctx)
	}()
	start := heap()
	tick := time.NewTicker(5 * time.Millisecond)
	defer tick.Stop()
	for {
		select {
		case err := <-done:
			if cause := context.Cause(ctx); err != nil && cause != nil {
				return stopped(cause)
			}
			return err
		case <-ctx.Done():
			return stopped(context.Cause(ctx))
		case <-tick.C:
			if heap() <= start+maxGrowth {
				continue
			}
			if runtime.GC(); heap() > start+maxGrowth { // what counts is what cannot be freed
				cancel(errMemory)
				return errMemory
			}
		}
	}
}

func stopped(cause error) error {
	if errors.Is(cause, context.DeadlineExceeded) {
		return errTime
	}
	return cause
}

// heap is the memory of all objects, dead ones too until they are collected.
func heap() uint64 {
	sample := []metrics.Sample{{Name: "/memory/classes/heap/objects:bytes"}}
	metrics.Read(sample)
	return sample[0].Value.Uint64()
}
