package ui

import (
	"bytes"
	"strings"
	"testing"
	"time"
)

func TestBytes(t *testing.T) {
	for n, want := range map[int64]string{
		0: "0 B", 999: "999 B", 1000: "1.0 kB", 9_949: "9.9 kB", 9_950: "10 kB",
		999_499: "999 kB", 999_500: "1.0 MB", 2_500_000: "2.5 MB", 1 << 62: "4.6 EB",
	} {
		if got := Bytes(n); got != want {
			t.Errorf("Bytes(%d) = %q, want %q", n, got, want)
		}
	}
}

func TestDuration(t *testing.T) {
	for d, want := range map[time.Duration]string{
		1500 * time.Nanosecond: "2µs", 25_400 * time.Microsecond: "25ms",
		1_424 * time.Millisecond: "1.42s", 187_300 * time.Millisecond: "3m7s",
	} {
		if got := Duration(d); got != want {
			t.Errorf("Duration(%d) = %q, want %q", d, got, want)
		}
	}
}

func TestTable(t *testing.T) {
	var out bytes.Buffer
	rows := [][]Cell{Cells("a", "bb", "c"), Cells("äää", "b", ""), {{Text: "x", Style: Good}, {}, {Text: "z"}}}
	if err := Table(&out, false, rows); err != nil {
		t.Fatal(err)
	}
	if want := "a    bb  c\näää  b\nx        z\n"; out.String() != want {
		t.Errorf("got\n%q, want\n%q", out.String(), want)
	}
	out.Reset()
	if err := Table(&out, true, rows[2:]); err != nil {
		t.Fatal(err)
	}
	if !strings.HasPrefix(out.String(), "\x1b[32mx\x1b[0m") {
		t.Errorf("no colour in %q", out.String())
	}
}

func TestPrintable(t *testing.T) {
	for in, want := range map[string]string{
		"plain ü\n":          "plain ü\n",
		"\x1b]0;title\a":     `\u001b]0;title\u0007`,
		"a\u202egnp.exe":     `a\u202egnp.exe`,
		"\xff":               `\ufffd`,
		"line\rover":         `line\u000dover`,
		"\u009b31mred":       `\u009b31mred`,
		"tab\tand\nnew line": "tab\tand\nnew line",
	} {
		if got := Printable(in); got != want {
			t.Errorf("Printable(%q) = %q, want %q", in, got, want)
		}
	}
}

func TestStatusLine(t *testing.T) {
	var out bytes.Buffer
	s := &Streams{Err: &out, Live: true, Width: 12}
	s.Status("working on it for long")
	s.Say("done %d", 1)
	s.Status("")
	if want := "working on \r\x1b[Kdone 1\nworking on \r\x1b[K"; out.String() != want {
		t.Errorf("got %q, want %q", out.String(), want)
	}

	out.Reset()
	s = &Streams{Err: &out}
	s.Status("not shown")
	s.Say("line")
	if out.String() != "line\n" {
		t.Errorf("not a terminal: got %q", out.String())
	}

	out.Reset()
	s.Quiet = true
	s.Say("not shown")
	if out.Len() != 0 {
		t.Errorf("quiet: got %q", out.String())
	}
}
