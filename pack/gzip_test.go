package pack

import (
	"bytes"
	"compress/gzip"
	"io"
	"math/rand/v2"
	"runtime"
	"testing"

	klauspost "github.com/klauspost/compress/gzip"
)

// mixed is a text that can be compressed, with repetitions from afar.
func mixed(size int) []byte {
	random := rand.New(rand.NewPCG(1, 2)) // #nosec G404 -- must be the same each time
	out := make([]byte, 0, size+100)
	for len(out) < size {
		if from := random.IntN(len(out) + 1); random.IntN(3) > 0 {
			out = append(out, out[from:min(len(out), from+random.IntN(60))]...)
		}
		out = append(out, byte(random.IntN(256)), byte(random.IntN(4)))
	}
	return out[:size]
}

func TestGzipBlocks(t *testing.T) {
	for _, size := range []int{0, 1, gzipBlock - 1, gzipBlock, gzipBlock + 1, 3*gzipBlock + 1000} {
		data := mixed(size)
		blob, err := gzipBlocks(data)
		if err != nil {
			t.Fatal(err)
		}
		r, err := gzip.NewReader(bytes.NewReader(blob))
		if err != nil {
			t.Fatal(err)
		}
		r.Multistream(false) // not every reader goes on behind the first member
		got, err := io.ReadAll(r)
		if err != nil || !bytes.Equal(got, data) {
			t.Errorf("%d bytes become %d, %v", size, len(got), err)
		}
		whole := wholeGzip(t, data)
		if header := 10; size <= gzipBlock && !bytes.Equal(blob[header:], whole[header:]) {
			t.Errorf("%d bytes: not what one encoder writes", size)
		}
		if len(blob) > len(whole)+len(whole)/200 {
			t.Errorf("%d bytes: %d compressed, %d by one encoder", size, len(blob), len(whole))
		}
	}
}

func wholeGzip(t *testing.T, data []byte) []byte {
	t.Helper()
	var out bytes.Buffer
	w, err := klauspost.NewWriterLevel(&out, gzipLevel)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := w.Write(data); err != nil {
		t.Fatal(err)
	}
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	return out.Bytes()
}

// TestGzipOnAnyMachine: the order in which blocks are done, and by which worker, must not show.
func TestGzipOnAnyMachine(t *testing.T) {
	data := mixed(6*gzipBlock + 17)
	var want []byte
	for _, processors := range []int{1, 2, 3, 16} {
		before := runtime.GOMAXPROCS(processors)
		got, err := gzipBlocks(data)
		runtime.GOMAXPROCS(before)
		if err != nil {
			t.Fatal(err)
		}
		if want == nil {
			want = got
		}
		if !bytes.Equal(got, want) {
			t.Errorf("%d processors make other bytes", processors)
		}
	}
}
