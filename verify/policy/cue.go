//go:build policylang

package policy

import (
	"fmt"
	"strconv"
	"strings"

	"cuelang.org/go/cue"
	"cuelang.org/go/cue/cuecontext"
	"cuelang.org/go/cue/errors"
	"cuelang.org/go/cue/parser"
)

// cueName stands for the policy's text in CUE's messages.
const cueName = "policy"

// compileCUE finds what is wrong in a policy, and refuses imports beyond the pure packages of the standard library: no
// module, and none of "tool", which are for commands that read files and speak HTTP.
func compileCUE(source string) error {
	file, err := parser.ParseFile(cueName, source, parser.ImportsOnly)
	if err != nil {
		return newCUEError(err)
	}
	for spec := range file.ImportSpecs() {
		path, err := strconv.Unquote(spec.Path.Value)
		first, _, _ := strings.Cut(path, "/")
		if err != nil || first == "tool" || strings.Contains(first, ".") {
			return &sourceError{spec.Pos().Line(), spec.Pos().Column(), fmt.Errorf("a policy may not import %s", spec.Path.Value)}
		}
	}
	if err := cuecontext.New().CompileString(source, cue.Filename(cueName)).Err(); err != nil {
		return newCUEError(err)
	}
	return nil
}

func newCUEError(err error) error {
	wrong := &sourceError{Err: err}
	if at := errors.Positions(err); len(at) > 0 {
		wrong.Line, wrong.Column = at[0].Line(), at[0].Column()
	}
	return wrong
}

// evaluateCUE unifies the policy and the input, as policy-controller does, but every field must have a value then: else
// an input that lacks a field would meet any condition on it.
func evaluateCUE(source string, input []byte) error {
	ctx := cuecontext.New()
	policy := ctx.CompileString(source, cue.Filename(cueName))
	if err := policy.Err(); err != nil {
		return err
	}
	value := ctx.CompileBytes(input, cue.Filename("input"))
	if err := value.Err(); err != nil {
		return fmt.Errorf("the input is no JSON: %w", err)
	}
	if err := policy.Unify(value).Validate(cue.Concrete(true)); err != nil {
		return &conditionError{"CUE", err.Error()}
	}
	return nil
}
