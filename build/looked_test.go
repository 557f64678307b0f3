package build

import (
	"errors"
	"slices"
	"testing"
)

// What is missing says where it was looked for.
func TestLooked(t *testing.T) {
	for name, tt := range map[string]struct {
		files map[string]string
		env   []string
		tools map[string]fakeTool
		want  []string
	}{
		"go": {files: map[string]string{"go.mod": ""}, want: []string{"go on PATH"}},
		"a C compiler": {
			files: map[string]string{"main.c": ""}, env: []string{"CC=gcc"},
			want: []string{"clang, clang-40 to clang-11, zig on PATH"},
		},
		"cmake": {
			files: map[string]string{"CMakeLists.txt": ""}, tools: map[string]fakeTool{"clang": fakeClang, "llvm-ar": brokenTool},
			want: []string{"cmake on PATH"},
		},
	} {
		t.Run(name, func(t *testing.T) {
			_, err := Build(t.Context(), Options{Dir: project(t, tt.files), Env: tt.env, Cache: t.TempDir(), Exec: &fakeExec{tools: tt.tools}})
			var missing *MissingError
			if !errors.As(err, &missing) || !slices.Equal(missing.Looked, tt.want) {
				t.Errorf("got %v, want it to have searched %q", err, tt.want)
			}
		})
	}
}

func TestRanges(t *testing.T) {
	for _, tt := range []struct{ names, want []string }{
		{nil, nil},
		{[]string{"go"}, []string{"go"}},
		{[]string{"a", "a-3", "a-2", "b-1"}, []string{"a", "a-3", "a-2", "b-1"}},
		{[]string{"a", "a-4", "a-3", "a-2", "b-1"}, []string{"a", "a-4 to a-2", "b-1"}},
	} {
		if got := ranges(tt.names); !slices.Equal(got, tt.want) {
			t.Errorf("%q: %q, want %q", tt.names, got, tt.want)
		}
	}
}
