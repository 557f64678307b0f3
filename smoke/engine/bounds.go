package engine

import (
	"encoding/binary"
	"fmt"
	"runtime/metrics"
	"time"
)

// What a module may ask a compiler to swallow at once: the bounds on which
// browsers agree. Without them ten bytes make wazero allocate gigabytes for
// local variables, and one function of 50 MB takes 10 GB to translate.
// See https://webassembly.github.io/spec/js-api/#limits
const (
	maxFunctionBytes  = 7_654_321
	maxFunctionLocals = 50_000
)

// checkFunctions walks over the code section before wazero does. It leaves
// most of what is malformed to wazero's own message.
func checkFunctions(module []byte) error {
	r := reader(module[8:])
	for len(r) > 0 {
		id := r[0]
		r = r[1:]
		section, ok := r.block()
		if !ok {
			return nil
		}
		if id == 10 {
			return checkCode(section)
		}
	}
	return nil
}

func checkCode(code reader) error {
	count := code.number()
	for i := range count {
		body, ok := code.block()
		if !ok {
			return nil
		}
		if len(body) > maxFunctionBytes {
			return fmt.Errorf("%w: function %d of the code section has %d bytes, of which %d are allowed", ErrTooLarge, i, len(body), maxFunctionBytes)
		}
		n, ok := body.locals()
		if !ok {
			return fmt.Errorf("%w: the local variables of function %d leave its body", ErrNotWasm, i)
		}
		if n > maxFunctionLocals {
			return fmt.Errorf("%w: function %d of the code section has %d local variables, of which %d are allowed", ErrTooLarge, i, n, maxFunctionLocals)
		}
	}
	return nil
}

// reader takes numbers and blocks from the front of a module's bytes.
type reader []byte

// number reads an unsigned LEB128 number; a malformed one is 0 and empties r.
func (r *reader) number() uint64 {
	n, size := binary.Uvarint(*r)
	if size <= 0 {
		*r = nil
		return 0
	}
	*r = (*r)[size:]
	return n
}

// block reads a length and that many bytes.
func (r *reader) block() (block reader, ok bool) {
	n := r.number()
	if n == 0 || n > uint64(len(*r)) {
		return nil, n == 0 && len(*r) > 0
	}
	block, *r = (*r)[:n], (*r)[n:]
	return block, true
}

// locals adds up a function body's declarations, a count and a type each. They
// must end inside the body: wazero adds up before it checks that.
func (r *reader) locals() (total uint64, ok bool) {
	for range r.number() {
		total += min(r.number(), maxFunctionLocals+1)
		if len(*r) == 0 {
			return total, false
		}
		if total > maxFunctionLocals {
			break
		}
		*r = (*r)[1:]
	}
	return total, true
}

// maxCompileHeap is how much memory compiling may take: code of many functions
// can take a hundred times its size.
const maxCompileHeap = 4 << 30

// watchHeap stops the session when the process's heap grows too far while the
// module is compiled. Call the result when that is done.
func (n *session) watchHeap() (done func()) {
	quit, before := make(chan struct{}), heapBytes()
	go func() {
		tick := time.NewTicker(20 * time.Millisecond)
		defer tick.Stop()
		for {
			select {
			case <-quit:
				return
			case <-tick.C:
			}
			if heapBytes() > before+maxCompileHeap {
				n.stop(&stopError{StopMemory, fmt.Sprintf("compiling took more than %d MiB of memory", maxCompileHeap>>20)})
				return
			}
		}
	}()
	return func() { close(quit) }
}

func heapBytes() uint64 {
	sample := []metrics.Sample{{Name: "/memory/classes/heap/objects:bytes"}}
	metrics.Read(sample)
	return sample[0].Value.Uint64()
}
