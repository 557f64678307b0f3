//go:build policylang

package policy

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"strings"

	"github.com/open-policy-agent/opa/v1/ast"
	"github.com/open-policy-agent/opa/v1/rego"
)

// The rule that a policy must have: "package sigstore" with isCompliant.
const (
	regoRule  = "isCompliant"
	regoQuery = regoRule + " = data.sigstore." + regoRule
	regoFile  = "policy.rego"
)

// regoCapabilities leave out what reaches beyond the input: the network, the process, random numbers, and schemas, which
// may name others to fetch. The time is left in.
func regoCapabilities() *ast.Capabilities {
	c := ast.CapabilitiesForThisVersion()
	c.AllowNet = []string{}
	c.Builtins = slices.DeleteFunc(c.Builtins, func(b *ast.Builtin) bool {
		switch b.Name {
		case "time.now_ns":
			return false
		case "json.match_schema", "json.verify_schema":
			return true
		}
		family, _, _ := strings.Cut(b.Name, ".")
		return b.Nondeterministic || family == "net" || family == "http" || family == "opa"
	})
	return c
}

func newRego(source string) *rego.Rego {
	return rego.New(
		rego.Query(regoQuery),
		rego.Module(regoFile, source),
		rego.SetRegoVersion(ast.RegoV0), // as policy-controller does; import rego.v1 works with it
		rego.Capabilities(regoCapabilities()),
		rego.StrictBuiltinErrors(false),
	)
}

func compileRego(source string) error {
	_, err := newRego(source).PrepareForEval(context.Background())
	if err == nil {
		return nil
	}
	wrong := &sourceError{Err: err}
	var parts rego.Errors
	if errors.As(err, &parts) && len(parts) > 0 {
		err = parts[0]
	}
	var several ast.Errors
	var first *ast.Error
	switch {
	case errors.As(err, &several) && len(several) > 0:
		first = several[0]
	case !errors.As(err, &first):
		return wrong
	}
	wrong.Err = errors.New(first.Message)
	if at := first.Location; at != nil && at.File == regoFile {
		wrong.Line, wrong.Column = at.Row, at.Col
	}
	return wrong
}

// evaluateRego asks the policy whether the input is compliant. The rule is true, or a list of objects with result,
// error and warning, the first compliant of which decides. A warning keeps the image out too: that is what
// policy-controller makes of it.
func evaluateRego(ctx context.Context, source string, input []byte) error {
	query, err := newRego(source).PrepareForEval(ctx)
	if err != nil {
		return err
	}
	var value any
	d := json.NewDecoder(bytes.NewReader(input))
	d.UseNumber()
	if err := d.Decode(&value); err != nil {
		return fmt.Errorf("the input is no JSON: %w", err)
	}
	set, err := query.Eval(ctx, rego.EvalInput(value))
	if err != nil {
		return err
	}
	failed := &conditionError{"Rego", regoRule + " is not true"}
	for _, r := range set {
		switch v := r.Bindings[regoRule].(type) {
		case bool:
			if v {
				return nil
			}
		case []any:
			return regoResults(v)
		}
	}
	return failed
}

func regoResults(list []any) error {
	failed := &conditionError{"Rego", regoRule + " is not true"}
	for _, item := range list {
		m, ok := item.(map[string]any)
		if !ok {
			return &conditionError{"Rego", fmt.Sprintf("%s holds %v, which is no object with result", regoRule, item)}
		}
		text := func(key string) string { s, _ := m[key].(string); return s }
		if good, _ := m["result"].(bool); good {
			if warning := text("warning"); warning != "" {
				return &conditionError{"Rego", "warning: " + warning}
			}
			return nil
		}
		failed = &conditionError{"Rego", text("error")}
	}
	return failed
}
