package main

import (
	"math"
	"path"
	"strconv"
	"strings"

	"github.com/spf13/cobra"

	"github.com/wpkdev/wpk/build"
	"github.com/wpkdev/wpk/internal/project"
	"github.com/wpkdev/wpk/internal/ui"
)

// optimizeFlags say what is done to a module once it is compiled.
type optimizeFlags struct {
	build.OptimizeOptions
	maxSize string
}

func (o *optimizeFlags) register(c *cobra.Command) {
	f := c.Flags()
	f.StringVar(&o.Level, "optimize", "", "optimize the module with Binaryen's wasm-opt, for a `GOAL`: size, speed")
	f.BoolVar(&o.Strip, "strip", false, "take names, debug information and other custom sections out of the module")
	f.StringSliceVar(&o.KeepSections, "keep-section", nil, "custom `SECTIONS` that --strip leaves, such as name or 'contract*'")
	f.StringVar(&o.maxSize, "max-size", "", "fail when the module is larger than `SIZE`, such as 2MiB, and say where its bytes are")
}

// options are the flags over what the project's file says.
func (o *optimizeFlags) options(p projectOverlay, b project.Build) (build.OptimizeOptions, error) {
	all, limit := o.OptimizeOptions, o.maxSize
	value(p, "optimize", &all.Level, b.Optimize)
	choice(p, "strip", &all.Strip, b.Strip)
	list(p, "keep-section", &all.KeepSections, b.KeepSections)
	value(p, "max-size", &limit, b.MaxSize)
	switch all.Level {
	case "", build.OptimizeSize, build.OptimizeSpeed:
	default:
		return all, &valueError{"--optimize", all.Level, "want size or speed"}
	}
	for _, pattern := range all.KeepSections {
		if _, err := path.Match(pattern, ""); err != nil {
			return all, &valueError{"--keep-section", pattern, "not a name or a pattern"}
		}
	}
	if len(all.KeepSections) > 0 && !all.Strip {
		return all, &valueError{"--keep-section", strings.Join(all.KeepSections, ","), "it goes with --strip, and nothing is removed without"}
	}
	if limit != "" {
		n, ok := parseSize(limit)
		if !ok || n > math.MaxInt64 {
			return all, &valueError{"--max-size", limit, "want a size such as 800kB or 2MiB"}
		}
		all.MaxSize = int64(n)
	}
	return all, nil
}

// parseSize reads a size such as "64MiB", which is not 0.
func parseSize(s string) (bytes uint64, ok bool) {
	for _, u := range sizeUnits {
		number, is := strings.CutSuffix(s, u.suffix)
		if !is {
			continue
		}
		n, err := strconv.ParseUint(strings.TrimSpace(number), 10, 64)
		return n * u.bytes, err == nil && n != 0 && n <= math.MaxUint64/u.bytes
	}
	return 0, false
}

// sayShrink tells what has become of a module.
func (a *app) sayShrink(verb string, m *build.Module) {
	if m.Shrink == nil {
		return
	}
	words := ui.Bytes(m.Shrink.Before) + " → " + ui.Bytes(int64(len(m.Wasm)))
	if names := m.Shrink.Removed; len(names) > 0 {
		words += ", without " + strings.Join(cut(names, 6), ", ")
	}
	a.ui.Say("%s: %s", verb, ui.Printable(words))
}

// cut is the beginning of a list, with the number of what it leaves out.
func cut(list []string, most int) []string {
	if len(list) <= most {
		return list
	}
	return append(list[:most:most], strconv.Itoa(len(list)-most)+" more")
}

// sizeHint says what would make a module smaller.
func sizeHint(e *build.SizeError) string {
	var ways []string
	if e.Strip > 0 {
		ways = append(ways, "--strip takes "+ui.Bytes(e.Strip)+" away")
	}
	ways = append(ways, "--optimize size shrinks code", "--max-size sets the limit")
	return strings.Join(ways, "; ")
}
