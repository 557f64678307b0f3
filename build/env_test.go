package build

import (
	"slices"
	"testing"
)

func TestEnvironment(t *testing.T) {
	env := []string{"A=1", "AB=2", "A=3", "C=", "=C:=C:\\"}
	if got := getenv(env, "A"); got != "3" {
		t.Errorf("the last one counts, got %q", got)
	}
	if got, want := setenv(env, "A=4", "D=5"), []string{"AB=2", "C=", "=C:=C:\\", "A=4", "D=5"}; !slices.Equal(got, want) {
		t.Errorf("got %q, want %q", got, want)
	}
	if got, want := dropenv(env, "A*", "C"), []string{"=C:=C:\\"}; !slices.Equal(got, want) {
		t.Errorf("got %q, want %q", got, want)
	}
	if len(env) != 5 || env[0] != "A=1" {
		t.Errorf("the caller's slice has changed: %q", env)
	}
}
