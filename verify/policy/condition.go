package policy

import (
	"context"
	"errors"
)

// condition is a policy in CUE or Rego over a JSON value.
type condition struct {
	kind       string // "cue" or "rego"
	source     string
	configFile bool // the input holds the configs of the images
}

// maxSource bounds the text of a condition.
const maxSource = 256 << 10

// condition checks a policy in CUE or Rego. whole tells the one of the object from that of an attestation.
func (s scope) condition(path string, l *language, whole bool, text *text) (*condition, error) {
	if l == nil {
		return nil, nil
	}
	if err := s.oneOf(path+".type", l.Type, "cue", "rego"); err != nil {
		return nil, err
	}
	switch {
	case l.ConfigMapRef != nil:
		return nil, s.errorf(path+".configMapRef", "a ConfigMap is in a cluster only: put the policy into data")
	case l.Remote != nil:
		return nil, s.errorf(path+".remote", "wpk fetches no policies: put it into data")
	case l.Data == "":
		return nil, s.errorf(path+".data", "is missing")
	case len(l.Data) > maxSource:
		return nil, s.errorf(path+".data", "larger than %d bytes", maxSource)
	}
	for _, f := range []struct {
		name string
		set  *bool
	}{{"includeSpec", l.IncludeSpec}, {"includeObjectMeta", l.IncludeObjectMeta}, {"includeTypeMeta", l.IncludeTypeMeta}} {
		switch {
		case f.set != nil && !whole:
			return nil, s.errorf(path+"."+f.name, "is for spec.policy only")
		case f.set != nil && *f.set:
			return nil, s.errorf(path+"."+f.name, "asks for the object of a cluster that uses the image, and here is none")
		}
	}
	if l.FetchConfigFile != nil && !whole {
		return nil, s.errorf(path+".fetchConfigFile", "is for spec.policy only")
	}
	c := &condition{kind: l.Type, source: l.Data, configFile: l.FetchConfigFile != nil && *l.FetchConfigFile}
	return c, s.compile(path, c, text)
}

// compile finds what is wrong in a condition before anything is fetched for it.
func (s scope) compile(path string, c *condition, text *text) error {
	if !Languages {
		at := s.errorf(path+".type", "%v: the flavour wpk-full has them", ErrLanguage)
		return &LanguageError{Where: at, Type: c.kind}
	}
	// CUE evaluates a part of a policy when it compiles it.
	ctx, cancel := context.WithTimeout(context.Background(), maxEvaluation)
	defer cancel()
	err := bounded(ctx, func(context.Context) error { return compileCondition(c.kind, c.source) })
	if err == nil {
		return nil
	}
	wrong := s.errorf(path+".data", "%s", oneLine(err.Error()))
	var at *sourceError
	if !errors.As(err, &at) {
		return wrong
	}
	if lines, columns, block := text.within(s.place(path + ".data")); block && at.Line > 0 {
		wrong.Line, wrong.Column = lines+at.Line, columns+at.Column
	}
	return wrong
}

// sourceError is a condition that cannot be evaluated, and where in its text.
type sourceError struct {
	Line, Column int // 0 when unknown
	Err          error
}

func (e *sourceError) Error() string { return e.Err.Error() }

func (e *sourceError) Unwrap() error { return e.Err }

// evaluate holds a JSON value against the condition. A value that does not meet it is an error too.
func (c *condition) evaluate(ctx context.Context, input []byte) error {
	ctx, cancel := context.WithTimeout(ctx, maxEvaluation)
	defer cancel()
	return bounded(ctx, func(ctx context.Context) error { return evaluateCondition(ctx, c.kind, c.source, input) })
}
