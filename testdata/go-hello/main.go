// Program go-hello counts lines, words and bytes of files, or of its standard input: small, and yet it touches
// arguments, environment, files, streams and the exit code.
package main

import (
	"bufio"
	"fmt"
	"io"
	"os"
)

func main() {
	greeting := os.Getenv("GREETING")
	if greeting == "" {
		greeting = "hello"
	}
	fmt.Printf("%s from Go\n", greeting)
	os.Exit(run(os.Args[1:]))
}

// run counts each file and returns the exit code: 1 when one of them cannot be read.
func run(files []string) int {
	if len(files) == 0 {
		return report("-", os.Stdin)
	}
	code := 0
	for _, name := range files {
		f, err := os.Open(name)
		if err != nil {
			fmt.Fprintln(os.Stderr, "go-hello:", err)
			code = 1
			continue
		}
		code = max(code, report(name, f))
		f.Close()
	}
	return code
}

func report(name string, r io.Reader) int {
	c, err := count(r)
	if err != nil {
		fmt.Fprintln(os.Stderr, "go-hello:", err)
		return 1
	}
	fmt.Printf("%d lines, %d words, %d bytes: %s\n", c.lines, c.words, c.bytes, name)
	return 0
}

// counts are what wc counts.
type counts struct{ lines, words, bytes int }

func count(r io.Reader) (c counts, err error) {
	inWord := false
	for in := bufio.NewReader(r); ; {
		b, err := in.ReadByte()
		if err == io.EOF {
			return c, nil
		}
		if err != nil {
			return c, err
		}
		c.bytes++
		if b == '\n' {
			c.lines++
		}
		space := b == ' ' || (b >= '\t' && b <= '\r')
		if !space && !inWord {
			c.words++
		}
		inWord = !space
	}
}
