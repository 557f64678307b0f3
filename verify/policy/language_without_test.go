//go:build !policylang

package policy

import (
	"errors"
	"testing"
)

// A build without the languages refuses the file, and says which flavour takes it.
func TestWithoutLanguages(t *testing.T) {
	for _, kind := range []string{"cue", "rego"} {
		text := policyText(staticPass + "  policy: {type: " + kind + ", data: 'x: 1'}\n")
		refusal{text, 10, 18, "the flavour wpk-full has them", ""}.check(t)
		_, err := Parse([]byte(text), "p")
		var language *LanguageError
		if !errors.Is(err, ErrLanguage) || !errors.As(err, &language) || language.Type != kind {
			t.Errorf("%s: got %v", kind, err)
		}
	}
}
