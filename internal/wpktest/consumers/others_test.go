//go:build !linux

package consumers

import "testing"

func TestConsumers(t *testing.T) {
	t.Skip("container runtimes run on Linux only")
}
