package durable

import (
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"testing"
	"time"
)

func TestKeepNewest(t *testing.T) {
	for _, tt := range []struct {
		files int
		bytes int64
		want  []string
	}{
		{0, 0, []string{"a", "b", "c"}},
		{2, 0, []string{"a", "c"}},
		{3, 60, []string{"a", "b", "c"}},
		{0, 59, []string{"a", "c"}},
		{9, 31, []string{"a"}},
		{1, 1, nil},
	} {
		dir := t.TempDir()
		// Oldest first: b of 20 bytes, c of 10, a of 30.
		for i, name := range []string{"b", "c", "a"} {
			path := filepath.Join(dir, name)
			written := time.Unix(int64(1000+i), 0)
			if err := os.WriteFile(path, make([]byte, []int{20, 10, 30}[i]), 0o600); err != nil {
				t.Fatal(err)
			}
			if err := os.Chtimes(path, written, written); err != nil {
				t.Fatal(err)
			}
		}
		inTheMaking := tempPrefix + "x"
		for _, err := range []error{os.Mkdir(filepath.Join(dir, "folder"), 0o700), os.WriteFile(filepath.Join(dir, inTheMaking), make([]byte, 99), 0o600)} {
			if err != nil {
				t.Fatal(err)
			}
		}
		KeepNewest(dir, tt.files, tt.bytes)
		entries, err := os.ReadDir(dir)
		if err != nil {
			t.Fatal(err)
		}
		var left []string
		for _, e := range entries {
			left = append(left, e.Name())
		}
		want := slices.Sorted(slices.Values(append(tt.want, "folder", inTheMaking)))
		if !slices.Equal(left, want) {
			t.Errorf("%s: left %v, want %v", fmt.Sprint(tt.files, tt.bytes), left, want)
		}
	}
}
