package build

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"testing"
	"time"
)

func TestKept(t *testing.T) {
	j := newTestJob(t, Options{})
	first, err := j.keep(t.Context(), "a", "b")
	if err != nil {
		t.Fatal(err)
	}
	if !first.isNew {
		t.Error("a new folder is not new")
	}
	ctx, cancel := context.WithTimeout(t.Context(), 20*time.Millisecond)
	defer cancel()
	if _, err := j.keep(ctx, "a", "b"); !errors.Is(err, context.DeadlineExceeded) {
		t.Errorf("a folder was held twice: %v", err)
	}
	if _, err := first.started(); err != nil {
		t.Fatal(err)
	}
	first.release()
	long := time.Now().Add(-time.Hour)
	if err := os.Chtimes(filepath.Join(first.dir, keptMark), long, long); err != nil {
		t.Fatal(err)
	}
	for i := range maxKept { // others push it out, as the one that was used first
		k, err := j.keep(t.Context(), fmt.Sprint(i))
		if err != nil {
			t.Fatal(err)
		}
		if _, err := k.started(); err != nil {
			t.Fatal(err)
		}
		k.release()
	}
	folders := 0
	entries, _ := os.ReadDir(filepath.Dir(first.dir))
	for _, e := range entries {
		if e.IsDir() {
			folders++
		}
	}
	if folders > maxKept {
		t.Errorf("%d folders are kept, the limit is %d", folders, maxKept)
	}
	again, err := j.keep(t.Context(), "a", "b")
	if err != nil || !again.isNew || again.dir != first.dir {
		t.Errorf("the folder that was not used is still there: %+v, %v", again, err)
	}
}

func TestSighting(t *testing.T) {
	early, late := time.Now().Add(-time.Hour), time.Now().Add(time.Hour)
	for name, tt := range map[string]struct {
		change func(dir string) error
		hides  bool
	}{
		"nothing":          {change: func(string) error { return nil }},
		"an edit":          {change: func(dir string) error { return write(dir, "a.rs", "other", late) }},
		"an older file":    {change: func(dir string) error { return write(dir, "a.rs", "other", early) }, hides: true},
		"one more":         {change: func(dir string) error { return write(dir, "c.rs", "more", late) }},
		"one more, older":  {change: func(dir string) error { return write(dir, "c.rs", "more", early) }, hides: true},
		"one less":         {change: func(dir string) error { return os.Remove(filepath.Join(dir, "b.rs")) }, hides: true},
		"an editor's file": {change: func(dir string) error { return write(dir, ".a.rs.swp", "", early) }},
		"the lock file":    {change: func(dir string) error { return write(dir, cargoLock, "", early) }},
	} {
		t.Run(name, func(t *testing.T) {
			dir := project(t, map[string]string{"a.rs": "a", "b.rs": "b", "target/CACHEDIR.TAG": "", "target/x.rs": ""})
			s, err := see([]string{dir}, "")
			if err != nil || len(s.Files) != 2 {
				t.Fatalf("%v, %v", s, err)
			}
			s.Since = time.Now()
			k := &kept{dir: t.TempDir()}
			if err := k.leave(s); err != nil {
				t.Fatal(err)
			}
			if err := tt.change(dir); err != nil {
				t.Fatal(err)
			}
			last := k.lastSighting()
			now, err := see([]string{dir}, "")
			if err != nil || last == nil {
				t.Fatal(last, err)
			}
			if got := last.hides(now); got != tt.hides {
				t.Errorf("hides a change: %v, want %v", got, tt.hides)
			}
			if k.lastSighting() != nil {
				t.Error("a sighting was left for a build that does not end")
			}
		})
	}
}

// write writes a file with a time.
func write(dir, name, text string, at time.Time) error {
	path := filepath.Join(dir, name)
	return errors.Join(os.WriteFile(path, []byte(text), 0o600), os.Chtimes(path, at, at))
}
