package main

import (
	"errors"
	"os"
	"path/filepath"
	"slices"
	"testing"

	"github.com/wpkdev/wpk/pack"
	"github.com/wpkdev/wpk/smoke/engine"
)

func TestParsePages(t *testing.T) {
	tests := []struct {
		in   string
		want uint32 // 0 is an error
	}{
		{"64KiB", 1},
		{"1", 1},
		{"65537", 2},
		{"32MiB", 512},
		{"1GiB", 16384},
		{"4G", 65536},
		{"4GiB", 65536},
		{"1 GB", 15259},
		{"5GiB", 0},
		{"1099511627775GiB", 0},
		{"0", 0},
		{"-1MiB", 0},
		{"", 0},
		{"much", 0},
		{"1.5GiB", 0},
	}
	for _, tt := range tests {
		got, err := parsePages(tt.in)
		if got != tt.want || (err != nil) != (tt.want == 0) {
			t.Errorf("parsePages(%q) = %d, %v, want %d", tt.in, got, err, tt.want)
		}
	}
}

func TestParseDir(t *testing.T) {
	dir := t.TempDir()
	file := filepath.Join(dir, "file")
	if err := os.WriteFile(file, nil, 0o600); err != nil {
		t.Fatal(err)
	}
	tests := []struct {
		in   string
		want engine.Dir
		ok   bool
	}{
		{dir, engine.Dir{Host: dir, Guest: filepath.ToSlash(dir)}, true},
		{dir + ":/d", engine.Dir{Host: dir, Guest: "/d"}, true},
		{dir + ":/d:ro", engine.Dir{Host: dir, Guest: "/d"}, true},
		{dir + ":/d:rw", engine.Dir{Host: dir, Guest: "/d", Writable: true}, true},
		{dir + ":/d:rwx", engine.Dir{}, false},
		{dir + ":/d:rw:x", engine.Dir{}, false},
		{file, engine.Dir{}, false},
		{filepath.Join(dir, "none"), engine.Dir{}, false},
		{"", engine.Dir{}, false},
		{":/d", engine.Dir{}, false},
	}
	for _, tt := range tests {
		got, err := parseDir(tt.in)
		if (err == nil) != tt.ok || tt.ok && got != tt.want {
			t.Errorf("parseDir(%q) = %+v, %v", tt.in, got, err)
		}
	}
}

func TestGuestStart(t *testing.T) {
	content := &pack.Content{
		ModulePath: "/app.wasm",
		Config:     pack.Config{Entrypoint: []string{"/app.wasm", "-v"}, Cmd: []string{"serve"}, Env: []string{"A=image"}, WorkingDir: "/w"},
		Files: []pack.File{
			{Path: "/etc/app.ini", Mode: 0o644, Data: []byte("key=42")},
			{Path: "/../../outside", Mode: 0o644, Data: []byte("x")},
		},
	}
	app := &app{env: []string{"HOST_VALUE=here", "SECRET=no"}}
	g, err := app.guest(guestFlags{env: []string{"A=flag", "HOST_VALUE"}, engine: "auto", memory: "1MiB"})
	if err != nil {
		t.Fatal(err)
	}
	if err := g.start(content, nil); err != nil {
		t.Fatal(err)
	}
	defer g.remove()
	if want := []string{"/app.wasm", "-v", "serve"}; !slices.Equal(g.args, want) {
		t.Errorf("args %q, want %q", g.args, want)
	}
	if want := []string{"A=image", "PWD=/w", "A=flag", "HOST_VALUE=here"}; !slices.Equal(g.env, want) {
		t.Errorf("env %q, want %q", g.env, want)
	}
	root := g.dirs[0]
	if root.Guest != "/" || root.Writable {
		t.Errorf("the image's files are at %+v", root)
	}
	for name, want := range map[string]string{"etc/app.ini": "key=42", "outside": "x"} {
		if got, err := os.ReadFile(filepath.Join(root.Host, name)); err != nil || string(got) != want {
			t.Errorf("%s: %q, %v", name, got, err)
		}
	}
	g.remove()
	if _, err := os.Stat(root.Host); !errors.Is(err, os.ErrNotExist) {
		t.Errorf("the image's files are still there: %v", err)
	}

	if err := g.start(&pack.Content{ModulePath: "x.wasm"}, []string{"arg"}); err != nil {
		t.Fatal(err)
	}
	if want := []string{"x.wasm", "arg"}; !slices.Equal(g.args, want) {
		t.Errorf("args %q, want %q", g.args, want)
	}
}

func TestRepositoryName(t *testing.T) {
	for in, want := range map[string]string{"hello": "hello", "My_App.v2": "my-app-v2", "--": "app", "": "app", "é": "app"} {
		if got := repositoryName(in); got != want {
			t.Errorf("repositoryName(%q) = %q, want %q", in, got, want)
		}
	}
}
