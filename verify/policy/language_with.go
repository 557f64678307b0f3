//go:build policylang

package policy

import (
	"context"
	"fmt"
)

// Languages tells whether this build evaluates conditions in CUE and Rego.
const Languages = true

func compileCondition(kind, source string) error {
	if kind == "cue" {
		return compileCUE(source)
	}
	return compileRego(source)
}

func evaluateCondition(ctx context.Context, kind, source string, input []byte) error {
	if kind == "cue" {
		return evaluateCUE(source, input)
	}
	return evaluateRego(ctx, source, input)
}

// conditionError is a value that does not meet a condition.
type conditionError struct {
	kind string
	why  string
}

func (e *conditionError) Error() string {
	if e.why == "" {
		return fmt.Sprintf("the %s policy is not met", e.kind)
	}
	return fmt.Sprintf("the %s policy is not met: %s", e.kind, e.why)
}
