package wpktest

import (
	"context"
	"errors"
	"fmt"
	"net"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"
)

// Distribution starts the CNCF distribution registry, version 3, on a free
// loopback port with an empty storage of its own, and returns its host:port.
// It ends with the test.
func Distribution(t testing.TB) string {
	t.Helper()
	return startRegistry(t, Need(t, "registry"))
}

// DockerRegistry is like [Distribution] for the distribution's docker-registry
// package, version 2.8, which most private registries still run.
func DockerRegistry(t testing.TB) string {
	t.Helper()
	return startRegistry(t, Need(t, "docker-registry"))
}

// startRegistry tries again when another process took the port between our
// look and the server's start.
func startRegistry(t testing.TB, program string) string {
	t.Helper()
	var err error
	for range 3 {
		var addr string
		if addr, err = tryRegistry(t, program); err == nil {
			return addr
		}
	}
	t.Fatalf("%s does not start: %v", program, err)
	return ""
}

func tryRegistry(t testing.TB, program string) (string, error) {
	t.Helper()
	dir := t.TempDir()
	addr, err := freeAddr(t.Context())
	if err != nil {
		return "", err
	}
	config := filepath.Join(dir, "config.yml")
	text := fmt.Sprintf(`version: 0.1
log: {level: error, accesslog: {disabled: true}}
storage: {filesystem: {rootdirectory: %q}, delete: {enabled: true}}
http: {addr: %q}
`, filepath.Join(dir, "storage"), addr)
	if err := os.WriteFile(config, []byte(text), 0o600); err != nil {
		return "", err
	}

	// Not the test's context: it ends before the cleanups of the test do, and
	// some of them may still talk to the registry.
	var log strings.Builder
	cmd := exec.Command(program, "serve", config)
	cmd.Stdout, cmd.Stderr = &log, &log
	cmd.Env = append(os.Environ(), "OTEL_TRACES_EXPORTER=none") // version 3 sends traces otherwise
	if err := cmd.Start(); err != nil {
		return "", err
	}
	done := make(chan struct{})
	go func() {
		defer close(done)
		_ = cmd.Wait() // it is killed in the end; what it said is in the log
	}()
	stop := func() {
		_ = cmd.Process.Kill()
		<-done
	}
	if err := waitReady(t.Context(), addr, done); err != nil {
		stop()
		return "", fmt.Errorf("%w\n%s", err, log.String())
	}
	t.Cleanup(stop)
	return addr, nil
}

// waitReady asks for the API's root until it answers or the process has ended.
func waitReady(ctx context.Context, addr string, done <-chan struct{}) error {
	ctx, cancel := context.WithTimeout(ctx, 30*time.Second)
	defer cancel()
	for {
		req, err := http.NewRequestWithContext(ctx, http.MethodGet, "http://"+addr+"/v2/", nil)
		if err != nil {
			return err
		}
		if res, err := http.DefaultClient.Do(req); err == nil {
			_ = res.Body.Close()
			if res.StatusCode == http.StatusOK {
				return nil
			}
		}
		select {
		case <-done:
			return errors.New("it ended at once")
		case <-ctx.Done():
			return ctx.Err()
		case <-time.After(20 * time.Millisecond):
		}
	}
}

func freeAddr(ctx context.Context) (string, error) {
	var lc net.ListenConfig
	l, err := lc.Listen(ctx, "tcp", "127.0.0.1:0")
	if err != nil {
		return "", err
	}
	return l.Addr().String(), l.Close()
}
