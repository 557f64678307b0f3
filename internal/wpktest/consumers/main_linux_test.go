package consumers

import (
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"github.com/wpkdev/wpk/internal/wpktest"
	"github.com/wpkdev/wpk/internal/wpktest/machine"
)

// What TestMain finds outside of the tests' world, in the environment of those
// inside.
const (
	binaryVariable   = "WPK_TEST_BINARY"
	rootVariable     = "WPK_TEST_DEBIAN"
	programsVariable = "WPK_TEST_CONSUMERS"
)

func TestMain(m *testing.M) { os.Exit(machine.World(prepare, m.Run)) }

func prepare(dir string) ([]string, error) {
	script := filepath.Join("..", "..", "..", "scripts", "consumers.sh")
	out, err := exec.Command(script, "-n", "root", "programs").Output()
	places := strings.Fields(string(out))
	if err != nil || len(places) != 2 {
		return nil, machine.ErrNoWorld // needWorld says why
	}
	binary := filepath.Join(dir, "wpk")
	cmd := exec.Command("go", "build", "-o", binary, "github.com/wpkdev/wpk/cmd/wpk")
	if out, err := cmd.CombinedOutput(); err != nil {
		return nil, fmt.Errorf("%s: %w\n%s", cmd, err, out)
	}
	return []string{binaryVariable + "=" + binary, rootVariable + "=" + places[0], programsVariable + "=" + places[1]}, nil
}

// needWorld skips a test outside of the world, and fails it where the world
// could be.
func needWorld(t *testing.T) {
	t.Helper()
	switch {
	case os.Getenv(rootVariable) != "":
	case os.Geteuid() != 0:
		t.Skip("container runtimes need root; `make interop` as root runs them")
	default:
		wpktest.Lacking(t, "the consumers are not made, or cannot be; scripts/consumers.sh makes them or says why")
	}
}

// newMachine has the consumers and what Go modules had of them.
func newMachine(t *testing.T, o machine.Options) *machine.Machine {
	t.Helper()
	o.Root = os.Getenv(rootVariable)
	o.Programs = append(o.Programs, os.Getenv(programsVariable))
	return machine.New(t, o)
}
