package main

import (
	"fmt"
	"os"
	"strings"
)

// printLog takes apart what a runtime has written for a container, one line
// for each of it: TIME STREAM TAG TEXT, where the tag P marks a line that goes
// on in the next one.
// https://github.com/kubernetes/design-proposals-archive/blob/main/node/kubelet-cri-logging.md
func printLog(file string) error {
	data, err := os.ReadFile(file)
	if err != nil {
		return err
	}
	for line := range strings.Lines(string(data)) {
		f := strings.SplitN(line, " ", 4)
		if len(f) != 4 {
			return fmt.Errorf("no line of a container's log: %q", line)
		}
		out, text := os.Stdout, f[3]
		if f[1] == "stderr" {
			out = os.Stderr
		}
		if f[2] == "P" {
			text = strings.TrimSuffix(text, "\n")
		}
		if _, err := out.WriteString(text); err != nil {
			return err
		}
	}
	return nil
}
