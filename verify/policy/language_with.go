//go:build policylang

package policy

import "context"

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
