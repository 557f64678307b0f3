package deploy

import (
	"io/fs"
	"path"
	"slices"
	"strings"
)

// Program is what an artifact holds, for those who start it without images.
type Program struct {
	Module     []byte
	Path       string   // of the module in its file system; "" = /app.wasm
	Args       []string // the entrypoint and the arguments; empty = the path
	Env        []string // KEY=VALUE
	WorkingDir string   // absolute; "" = /
	Files      []File   // beside the module
}

// File is a file that is written: its path is relative to a folder, with
// slashes, and may come from a stranger.
type File struct {
	Path string
	Data []byte
	Mode fs.FileMode
}

func (p Program) path() string {
	if p.Path == "" {
		return "/app.wasm"
	}
	return path.Join("/", p.Path)
}

// args begin with the program's path.
func (p Program) args() []string {
	if len(p.Args) == 0 {
		return []string{p.path()}
	}
	args := slices.Clone(p.Args)
	if !strings.HasPrefix(args[0], "/") { // engines open it as a file
		args[0] = path.Join("/", p.WorkingDir, args[0])
	}
	return args
}
