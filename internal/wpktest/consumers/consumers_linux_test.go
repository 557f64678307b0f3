package consumers

import (
	"strings"
	"testing"

	"github.com/wpkdev/wpk/internal/wpktest"
	"github.com/wpkdev/wpk/internal/wpktest/machine"
)

// TestConsumers runs each program in the universal layout, and a small one in
// every layout, on each consumer. A layout that a consumer ran and does not run
// any more is an error, and so is one that it runs of a sudden: both are news
// for the table that this test prints.
func TestConsumers(t *testing.T) {
	if testing.Short() {
		t.Skip("takes a minute: real container runtimes")
	}
	needWorld(t)
	registry := wpktest.Distribution(t)
	images := push(t, registry)
	table := newTable()
	t.Run("on", func(t *testing.T) {
		for _, c := range consumers {
			t.Run(c.name, func(t *testing.T) {
				t.Parallel()
				run := c.start(t, registry)
				// First, as nothing of the program must be there from elsewhere.
				for _, l := range layouts {
					t.Run(l.name, func(t *testing.T) { table.put(c, l.name, c.try(t, run, l.name, images.layouts[l.name])) })
				}
				for _, p := range programs {
					t.Run(p.name, func(t *testing.T) { runs(t, run, p, images.programs[p.name]) })
				}
			})
		}
	})
	table.print(t)
}

// pushed are the references of all that is run.
type pushed struct {
	programs map[string]string // each program in the universal layout
	layouts  map[string]string // the first program in each layout
}

func push(t *testing.T, registry string) pushed {
	t.Helper()
	w, p := newWpk(t), pushed{map[string]string{}, map[string]string{}}
	for _, program := range programs {
		p.programs[program.name] = registry + "/consumers/" + program.name + ":1.0"
		w.build(t, program, "universal", p.programs[program.name])
	}
	for _, l := range layouts {
		p.layouts[l.name] = registry + "/layouts/" + programs[0].name + ":" + l.name
		l.push(t, w, programs[0], p.layouts[l.name])
	}
	return p
}

// known is what the table shows of a layout.
func (c consumer) known(layout string) string {
	if words := c.refuses[layout]; words != "" {
		return "no: `" + words + "`"
	}
	return "**runs**"
}

// try runs the first program in a layout and compares with what is known, which
// it returns.
func (c consumer) try(t *testing.T, run runner, layout, ref string) string {
	t.Helper()
	r, words := run(t, ref), c.refuses[layout]
	ran := r.Stdout == programs[0].stdout() && r.Code == 0
	switch {
	case ran && words != "":
		t.Errorf("it runs, and was known not to: %q", words)
	case !ran && words == "":
		t.Errorf("it does not run: exit code %d, prints %q\n%s", r.Code, r.Stdout, r.Stderr)
	case !ran && (r.Code == 0 || !says(r.Stderr, words)):
		t.Errorf("it does not run, but with another error than %q: exit code %d, prints %q\n%s", words, r.Code, r.Stdout, r.Stderr)
	}
	return c.known(layout)
}

// says tells whether these words are in a text, in their order.
func says(text, words string) bool {
	for _, part := range strings.Split(words, "…") {
		_, after, ok := strings.Cut(text, part)
		if !ok {
			return false
		}
		text = after
	}
	return true
}

// runs looks at what a program prints and how it ends, with the arguments of
// its image and with others.
//
// crun ends with 0 when WasmEdge does, whatever the module's exit code is (the
// end of libwasmedge_exec in its src/libcrun/handlers/wasmedge.c), and with 1
// when the module traps.
func runs(t *testing.T, run runner, p program, ref string) {
	t.Helper()
	r := run(t, ref)
	if r.Stdout != p.stdout() || r.Code != 0 {
		t.Errorf("exit code %d, prints %q, want 0 and %q\n%s", r.Code, r.Stdout, p.stdout(), r.Stderr)
	}
	r = run(t, ref, inImage, missing)
	if !wrote(r, p.stdout()+missing) || r.Code != 0 {
		t.Errorf("without a file: %+v, want exit code 0 (which crun makes of 1) and %q", r, p.stdout())
	}
	if !p.traps {
		return
	}
	r = run(t, ref, inImage, "panic")
	if !wrote(r, p.stdout()+"asked to panic") || r.Code != 1 {
		t.Errorf("with a trap: %+v, want exit code 1 and %q", r, p.stdout())
	}
}

// wrote tells whether these lines are in the output. Some consumers make one
// stream of two, in any order.
func wrote(r machine.Result, lines string) bool {
	for line := range strings.Lines(lines) {
		if !strings.Contains(r.Stdout+r.Stderr, line) {
			return false
		}
	}
	return true
}
