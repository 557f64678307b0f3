package main

import (
	"maps"
	"slices"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"
)

// flagValues are the values of the flags that were given, by their names, of
// those in among; nil is all flags that there are, given or not.
func flagValues(c *cobra.Command, among map[string]bool) map[string][]string {
	values := map[string][]string{}
	add := func(f *pflag.Flag) {
		if among != nil && !among[f.Name] {
			return
		}
		if list, ok := f.Value.(pflag.SliceValue); ok {
			values[f.Name] = list.GetSlice()
			return
		}
		values[f.Name] = []string{f.Value.String()}
	}
	if among == nil {
		c.Flags().VisitAll(add)
	} else {
		c.Flags().Visit(add)
	}
	return values
}

func sortedNames(m map[string][]string) []string { return slices.Sorted(maps.Keys(m)) }
