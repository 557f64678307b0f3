package build

import (
	"context"
	"fmt"
	"os"
	"path/filepath"
)

// CommandOptions are for a compiler that wpk does not know.
type CommandOptions struct {
	Run    string // the command, for the system's shell; it runs in a private copy of the sources
	Output string // the file that it leaves, below the copy; "" = what it writes to $WPK_OUTPUT, else the only program that it leaves
	Bin    string // which of the programs, by name, when it leaves several
}

// commandToolchain runs a command that compiles. What shapes its module is the command's own business; wpk gives it the
// same surroundings each time:
//
//   - WPK_OUTPUT: where the module may go
//   - WPK_TARGET: wasip1 or wasip2
//   - WPK_JOBS: how many compilers may run at once
//   - SOURCE_DATE_EPOCH: 0, unless the caller has set it
//
// The copy's path differs from build to build. A compiler that puts paths into its modules must be told not to.
type commandToolchain struct{}

func (commandToolchain) compile(ctx context.Context, j *job) (product, error) {
	shell, words := shellCommand()
	path, err := j.Exec.LookPath(shell, j.Env)
	if err != nil {
		return product{}, &MissingError{Kind: KindTool, Name: shell, Purpose: "runs the command"}
	}
	src, err := j.privateCopy(ctx)
	if err != nil {
		return product{}, err
	}
	before, err := wasmFiles(src)
	if err != nil {
		return product{}, err
	}
	out := j.path("module.wasm")
	c := Command{Path: path, Args: append(words, j.Command.Run), Dir: src, Env: commandEnv(j, out)}
	if err := j.run(ctx, c, nil); err != nil {
		return product{}, err
	}
	facts := Facts{Language: LanguageCommand, Tools: []Tool{{Name: "command"}}, Flags: []string{j.Command.Run}}
	if name := j.Command.Output; name != "" {
		facts.Name = programName(filepath.ToSlash(name))
		if !filepath.IsLocal(name) {
			return product{}, &ResultError{Name: name, Err: fmt.Errorf("%w: it is outside of the folder", ErrNoProgram)}
		}
		return product{path: filepath.Join(src, name), facts: facts}, nil
	}
	if _, err := os.Stat(out); err == nil {
		return product{path: out, facts: facts}, nil
	}
	file, err := chooseProgram(j, src, before)
	if err != nil {
		return product{}, err
	}
	facts.Name = programName(file)
	return product{path: filepath.Join(src, filepath.FromSlash(file)), facts: facts}, nil
}

// privateCopy copies the sources into the job's own folder, where a build may do what it wants.
func (j *job) privateCopy(ctx context.Context) (string, error) {
	t := newTreeCopy(j, j.path("src"))
	if err := os.Mkdir(t.dst, 0o700); err != nil {
		return "", err
	}
	files, _, err := t.scan(ctx, nil, 0)
	if err != nil {
		return "", err
	}
	return t.dst, t.copyAll(ctx, files)
}

func commandEnv(j *job, out string) []string {
	env := setenv(j.Env, "WPK_OUTPUT="+out, "WPK_TARGET="+j.Target, fmt.Sprintf("WPK_JOBS=%d", j.Jobs))
	if getenv(env, "SOURCE_DATE_EPOCH") == "" {
		env = setenv(env, "SOURCE_DATE_EPOCH=0")
	}
	return env
}
