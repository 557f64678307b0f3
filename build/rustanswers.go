package build

import (
	"encoding/json"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strings"

	"github.com/wpkdev/wpk/internal/durable"
)

// answers are what programs have said about themselves. Each question costs 20 ms, and half a dozen come before a build
// that has nothing to do. An answer counts for the same program, and for rustup's, which stand for others, in the same
// surroundings: https://rust-lang.github.io/rustup/overrides.html
type answers struct {
	file    string // "" = nothing is remembered
	place   string // what rustup chooses a toolchain by
	known   map[string]answer
	changed bool
}

// An answer begins with a file that it depends on.
type answer struct {
	Said  []string
	Stamp string // the identity of the file Said[0]
}

// maxAnswers bounds how many are remembered.
const maxAnswers = 64

func openAnswers(j *job) *answers {
	a := &answers{known: map[string]answer{}, place: rustupPlace(j)}
	if j.Cache == "" {
		return a
	}
	a.file = filepath.Join(filepath.Dir(j.work), "rust-compilers.json")
	b := readSmall(a.file)
	if b == nil {
		return a
	}
	if json.Unmarshal(b, &a.known) != nil || len(a.known) > maxAnswers {
		a.known = map[string]answer{}
	}
	return a
}

// about returns what is known about a program, or asks. What it says begins with a file: the program behind the one
// that was asked.
func (a *answers) about(program string, ask func() ([]string, error)) ([]string, error) {
	self := programStamp(program)
	key := hashOf([]byte(program + "\x00" + self + "\x00" + a.place))[:24]
	if got, ok := a.known[key]; ok && self != "" && len(got.Said) > 0 && programStamp(got.Said[0]) == got.Stamp {
		return got.Said, nil
	}
	said, err := ask()
	if err != nil || len(said) == 0 {
		return nil, err
	}
	if stamp := programStamp(said[0]); self != "" && stamp != "" {
		a.known[key] = answer{said, stamp}
		a.changed = true
	}
	return said, nil
}

// save remembers the answers. It is no loss when that fails.
func (a *answers) save() {
	if a.file == "" || !a.changed {
		return
	}
	_ = durable.WriteFile(a.file, func(w io.Writer) error { return json.NewEncoder(w).Encode(a.known) })
}

// programStamp tells whether a file has changed; "" when it is not there.
func programStamp(path string) string {
	resolved, err := realPath(path)
	if err != nil {
		return ""
	}
	info, err := os.Stat(resolved)
	if err != nil {
		return ""
	}
	return fmt.Sprint(resolved, stampInfo(resolved, info))
}

// rustupPlace is everything that rustup chooses a toolchain by.
func rustupPlace(j *job) string {
	home := getenv(j.Env, "RUSTUP_HOME")
	if home == "" {
		home = filepath.Join(filepath.Dir(cargoHome(j.Env)), ".rustup")
	}
	place := []string{j.Dir, home, getenv(j.Env, "RUSTUP_TOOLCHAIN"), getenv(j.Env, "HOME"), programStamp(filepath.Join(home, "settings.toml"))}
	upwards(j.Dir, rustupFiles, func(_ string, content []byte) bool {
		place = append(place, string(content))
		return true
	})
	return strings.Join(place, "\x00")
}
