package consumers

import (
	"errors"
	"os"
	"os/exec"
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

// script makes the consumers, or tells where they are.
const script = "../../../scripts/consumers.sh"

func TestMain(m *testing.M) { os.Exit(machine.World(prepare, m.Run)) }

func prepare(dir string) ([]string, error) {
	out, err := exec.Command(script, "-n", "root", "programs").Output()
	places := strings.Fields(string(out))
	if err != nil || len(places) != 2 {
		return nil, machine.ErrNoWorld // needWorld says why
	}
	binary, err := wpktest.Build(dir)
	if err != nil {
		return nil, err
	}
	return []string{binaryVariable + "=" + binary, rootVariable + "=" + places[0], programsVariable + "=" + places[1]}, nil
}

// needWorld skips a test outside of the world, and fails it where the world
// could be. Rights are nothing that a set-up could install.
func needWorld(t *testing.T) {
	t.Helper()
	switch {
	case os.Getenv(rootVariable) != "":
	case os.Geteuid() != 0:
		t.Skip("container runtimes need root; `make interop` as root runs them")
	default:
		var exit *exec.ExitError
		said, err := exec.Command(script, "-n").CombinedOutput()
		if errors.As(err, &exit) && exit.ExitCode() == 3 {
			t.Skip(string(said))
		}
		wpktest.Lacking(t, "the consumers are not made: %s", said)
	}
}

// newMachine has the consumers and what Go modules had of them.
func newMachine(t *testing.T, o machine.Options) *machine.Machine {
	t.Helper()
	o.Root = os.Getenv(rootVariable)
	o.Programs = append(o.Programs, os.Getenv(programsVariable))
	return machine.New(t, o)
}
