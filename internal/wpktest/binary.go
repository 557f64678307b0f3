package wpktest

import (
	"fmt"
	"os/exec"
	"path/filepath"
	"strings"
)

// Build makes the wpk of these sources in a folder and returns its path. Runners are embedded when they are there, as
// `make build` does; without them wpk builds its own, once.
func Build(dir string) (string, error) {
	out, err := exec.Command("go", "list", "-m", "-f", "{{.Dir}}", "github.com/wpkdev/wpk").Output()
	if err != nil {
		return "", err
	}
	tags := "grpcnotrace"
	embedded := filepath.Join(strings.TrimSpace(string(out)), "smoke", "runner", "embedded", "*.zst")
	if found, _ := filepath.Glob(embedded); len(found) > 0 {
		tags += ",runners"
	}
	binary := filepath.Join(dir, "wpk")
	cmd := exec.Command("go", "build", "-tags", tags, "-o", binary, "github.com/wpkdev/wpk/cmd/wpk")
	if out, err := cmd.CombinedOutput(); err != nil {
		return "", fmt.Errorf("%s: %w\n%s", cmd, err, out)
	}
	return binary, nil
}
