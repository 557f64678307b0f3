package deploy

import (
	"bytes"
	"strings"

	"github.com/pelletier/go-toml/v2"
)

// enarxConfig is a keep's configuration: https://enarx.dev/docs/running/enarx_toml
type enarxConfig struct {
	Args  []string          `toml:"args,omitempty"`
	Env   map[string]string `toml:"env,omitempty"`
	Files []enarxFile       `toml:"files"`
}

type enarxFile struct {
	Kind string `toml:"kind"`
}

// Enarx makes a package for Enarx, which its drawbridge serves: main.wasm and
// Enarx.toml. A keep has no file system: p.Files have no place there.
func Enarx(p Program) ([]File, error) {
	c := enarxConfig{Files: []enarxFile{{"stdin"}, {"stdout"}, {"stderr"}}}
	c.Args = p.args()[1:] // without the program's own name
	for _, kv := range p.Env {
		if c.Env == nil {
			c.Env = map[string]string{}
		}
		name, value, _ := strings.Cut(kv, "=")
		c.Env[name] = value
	}
	var text bytes.Buffer
	if err := toml.NewEncoder(&text).Encode(c); err != nil {
		return nil, err
	}
	return []File{
		{Path: "Enarx.toml", Data: text.Bytes(), Mode: 0o644},
		{Path: "main.wasm", Data: p.Module, Mode: 0o644},
	}, nil
}
