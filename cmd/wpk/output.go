package main

import (
	"encoding/json"

	"github.com/spf13/cobra"
)

// jsonFlag is --json, the same on every verb that a machine may read.
func jsonFlag(c *cobra.Command, v *bool) {
	c.Flags().BoolVar(v, "json", false, "print the result as JSON")
}

// printJSON writes a result to stdout, indented, with characters such as < as
// they are.
func (a *app) printJSON(v any) error {
	e := json.NewEncoder(a.ui.Out)
	e.SetEscapeHTML(false)
	e.SetIndent("", "  ")
	return e.Encode(v)
}
