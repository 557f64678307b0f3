// Command guest is the program that the engine's tests run as a module.
package main

import (
	"crypto/rand"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"time"
)

func main() {
	args := os.Args[2:]
	switch os.Args[1] {
	case "echo":
		fmt.Println(strings.Join(os.Args, " "), os.Getenv("GREETING"))
		_, _ = io.Copy(os.Stdout, os.Stdin)
		fmt.Fprintln(os.Stderr, "to stderr")
	case "exit":
		os.Exit(len(args))
	case "flood":
		for {
			fmt.Println(strings.Repeat("x", 1000))
		}
	case "spin":
		for i := 0; ; i++ {
			_ = i
		}
	case "allocate":
		var all [][]byte
		for {
			all = append(all, make([]byte, 1<<20))
		}
	case "hoard":
		var all []*os.File
		for {
			f, err := os.Open(args[0])
			fmt.Println(len(all), err)
			all = append(all, f)
		}
	case "time":
		start, random := time.Now(), make([]byte, 4)
		time.Sleep(time.Hour)
		_, _ = rand.Read(random)
		fmt.Println(time.Since(start).Round(time.Minute), start.Year(), random)
	case "attack":
		attack(args[0], args[1])
	case "list":
		list(args[0])
	case "write":
		fmt.Println(os.WriteFile(args[0], []byte(args[1]), 0o600))
		b, err := os.ReadFile(args[0])
		fmt.Println(string(b), err)
	}
}

// attack tries to leave dir for the file outside/secret beside it, or for its
// absolute path.
func attack(dir, absolute string) {
	in := func(name string) string { return dir + "/" + name }
	tried := func(what string, err error) { fmt.Println(what, err != nil) }
	for _, name := range []string{"rel", "abs", "reldir/secret", "../outside/secret", "sub/../../outside/secret"} {
		b, err := os.ReadFile(in(name))
		tried("read "+name+" "+string(b), err)
		tried("write "+name, os.WriteFile(in(name), []byte("harm"), 0o600))
	}
	_, err := os.ReadFile(absolute)
	tried("read absolute", err)
	for i, target := range []string{"../outside/secret", absolute, "sub/../../outside/secret"} {
		name := in(fmt.Sprint("made", i))
		tried("symlink "+target, syscall.Symlink(target, name))
		b, err := os.ReadFile(name)
		tried("read made "+string(b), err)
	}
	tried("link", os.Link(in("rel/../../outside/secret"), in("stolen")))
	tried("link through", os.Link(in("reldir/secret"), in("stolen")))
	tried("rename out", os.Rename(in("file"), in("reldir/file")))
	tried("rename in", os.Rename(in("reldir/secret"), in("stolen")))
	tried("mkdir", os.Mkdir(in("reldir/new"), 0o700))
	tried("remove", os.Remove(in("reldir/secret")))
	swap(in)
}

// swap makes a link that is good where it stands and leads outside once its
// folder has moved up.
func swap(in func(string) string) {
	_ = os.Mkdir(in("deep"), 0o700)
	_ = os.Mkdir(in("deep/er"), 0o700)
	_ = os.Symlink("../outside/secret", in("deep/er/link"))
	fmt.Println("swap", os.Rename(in("deep/er"), in("er")))
	b, err := os.ReadFile(in("er/../er/link"))
	fmt.Println("read swapped", string(b), err != nil)
	_ = os.Rename(in("er/link"), in("link"))
	b, err = os.ReadFile(in("link"))
	fmt.Println("read moved", string(b), err != nil)
}

func list(dir string) {
	_ = filepath.WalkDir(dir, func(path string, d os.DirEntry, err error) error {
		if err != nil {
			fmt.Println(path, err)
			return nil
		}
		info, err := d.Info()
		fmt.Println(path, info.Mode().Type(), info.Size(), err)
		return nil
	})
}
