package build

import (
	"context"
	"fmt"
	"os"
	"testing"
	"time"

	"github.com/wpkdev/wpk/build/runtimepack"
)

type devPack struct{}

func (devPack) Runtime(context.Context, string) (*runtimepack.Pack, error) {
	return &runtimepack.Pack{Dir: os.Getenv("PACK")}, nil
}

func TestDev(t *testing.T) {
	dir := os.Getenv("DIR")
	if dir == "" {
		t.Skip()
	}
	o := Options{Dir: dir, Env: os.Environ(), Cache: "/tmp/pydeps/cache", Output: os.Stderr, Runtimes: devPack{}}
	o.Python.Entry = os.Getenv("ENTRY")
	o.Python.NoSnapshot = os.Getenv("NOSNAP") != ""
	t0 := time.Now()
	m, err := Build(t.Context(), o)
	fmt.Println(err, time.Since(t0))
	if err != nil {
		t.Fatal(err)
	}
	fmt.Println(len(m.Wasm), m.Digest, m.Facts, m.Warnings)
	os.WriteFile("/tmp/pydeps/out.wasm", m.Wasm, 0o600)
}
