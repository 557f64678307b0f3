// Package project reads wpk.yaml, the file beside the sources that says what would otherwise be flags.
//
// Decoding is strict: an unknown key or a value of the wrong type is an [*Error] with its line and column. Nothing in
// the file is expanded or executed while it is read.
package project

import (
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"

	"github.com/wpkdev/wpk/internal/strictyaml"
)

// Error tells what is wrong in a wpk.yaml, and where.
type Error = strictyaml.Error

// FileNames are the names under which a project's file is looked for, in this order.
var fileNames = []string{"wpk.yaml", "wpk.yml"}

// maxFile bounds the file: aliases in YAML can make little text big, and nobody writes this much by hand.
const maxFile = 1 << 20

// File is a wpk.yaml. The zero value is that of a project without one.
type File struct {
	Build Build `yaml:"build"`
}

// Build says how the module is made. An empty value leaves the choice to wpk.
type Build struct {
	Language       string         `yaml:"language"` // one of build's Language constants
	Target         string         `yaml:"target"`   // wasip1 or wasip2
	Runtime        string         `yaml:"runtime"`  // the runtime pack, as REF@sha256:…
	Command        Command        `yaml:"command"`  // a compiler that wpk does not know; its text alone will do
	WIT            string         `yaml:"wit"`      // a component's interfaces
	World          string         `yaml:"world"`    // which world of them
	Emulate        []string       `yaml:"emulate"`  // the same as c.emulate
	Optimize       string         `yaml:"optimize"` // size or speed
	Strip          *bool          `yaml:"strip"`
	KeepSections   []string       `yaml:"keep-sections"` // custom sections that strip leaves
	MaxSize        string         `yaml:"max-size"`      // of the module, such as 2MiB
	Go             Go             `yaml:"go"`
	Rust           Rust           `yaml:"rust"`
	C              C              `yaml:"c"` // C and C++
	Python         Python         `yaml:"python"`
	JavaScript     JavaScript     `yaml:"javascript"`
	Zig            Zig            `yaml:"zig"`
	AssemblyScript AssemblyScript `yaml:"assemblyscript"`
	Ruby           Ruby           `yaml:"ruby"`
}

// Command is a command that leaves a module.
type Command struct {
	Run    string `yaml:"run"` // for the system's shell
	Output string `yaml:"output"`
}

// SetScalar takes the text of a command that names no output.
func (c *Command) SetScalar(text string) { c.Run = text }

// Go are the settings for Go.
type Go struct {
	Package  string   `yaml:"package"`
	Tags     []string `yaml:"tags"`
	LDFlags  []string `yaml:"ldflags"`
	BuildVCS *bool    `yaml:"buildvcs"`
	Reactor  *bool    `yaml:"reactor"`
	Compiler string   `yaml:"compiler"`
	CgoStubs *bool    `yaml:"cgo-stubs"`
}

// Rust are the settings for Rust.
type Rust struct {
	Package         string   `yaml:"package"`
	Bin             string   `yaml:"bin"`
	Features        []string `yaml:"features"`
	DefaultFeatures *bool    `yaml:"default-features"`
	Profile         string   `yaml:"profile"`
	LDFlags         []string `yaml:"ldflags"`
	Reactor         *bool    `yaml:"reactor"`
}

// C are the settings for C and C++.
type C struct {
	CC        string   `yaml:"cc"`
	CFlags    []string `yaml:"cflags"`
	LDFlags   []string `yaml:"ldflags"`
	Driver    string   `yaml:"driver"`
	Bin       string   `yaml:"bin"`
	Configure []string `yaml:"configure"`
	Emulate   []string `yaml:"emulate"`
	Setjmp    *bool    `yaml:"setjmp"`
}

// Python are the settings for Python.
type Python struct {
	Entry        string   `yaml:"entry"`
	Requirements []string `yaml:"requirements"`
	Wheels       []string `yaml:"wheels"`
	SitePackages string   `yaml:"site-packages"`
	Extras       []string `yaml:"extras"`
	Index        string   `yaml:"index"`
	Pure         []string `yaml:"pure"`
	Library      string   `yaml:"library"`
	Preload      []string `yaml:"preload"`
	Snapshot     *bool    `yaml:"snapshot"`
}

// JavaScript are the settings for JavaScript and TypeScript.
type JavaScript struct {
	Entry    string `yaml:"entry"`
	Minify   *bool  `yaml:"minify"`
	Snapshot *bool  `yaml:"snapshot"`
}

// Zig are the settings for Zig.
type Zig struct {
	Zig     string   `yaml:"zig"`
	Release string   `yaml:"release"`
	Flags   []string `yaml:"flags"`
	Bin     string   `yaml:"bin"`
}

// AssemblyScript are the settings for AssemblyScript.
type AssemblyScript struct {
	Entry  string   `yaml:"entry"`
	Target string   `yaml:"target"`
	Flags  []string `yaml:"flags"`
}

// Ruby are the settings for Ruby.
type Ruby struct {
	Bin string `yaml:"bin"`
}

// Load reads the file of the project in dir. A project without one has the zero File. The error is an [*Error] for
// what is written in it, and an [*fs.PathError] for a file that cannot be read.
func Load(dir string) (File, error) {
	for _, name := range fileNames {
		path := filepath.Join(dir, name)
		data, err := read(path)
		if errors.Is(err, fs.ErrNotExist) {
			continue
		}
		if err != nil {
			return File{}, err
		}
		var f File
		err = strictyaml.Decoder{}.Unmarshal(data, &f)
		var wrong *Error
		if errors.As(err, &wrong) {
			wrong.File = path
		}
		return f, err
	}
	return File{}, nil
}

func read(path string) ([]byte, error) {
	f, err := os.Open(path)
	if err != nil {
		return nil, err
	}
	defer f.Close()
	data, err := io.ReadAll(io.LimitReader(f, maxFile+1))
	if err == nil && len(data) > maxFile {
		err = &Error{File: path, Line: 1, Column: 1, Problem: fmt.Sprintf("larger than %d bytes", maxFile)}
	}
	return data, err
}
