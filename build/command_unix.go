//go:build !windows

package build

// shellCommand is the shell, with the words that make it run a command.
func shellCommand() (string, []string) { return "sh", []string{"-c"} }
