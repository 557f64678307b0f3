package main

import (
	"bytes"
	"errors"
	"fmt"
	"strings"

	"github.com/wpkdev/wpk/internal/ui"
)

// maxPassword bounds a password, in bytes.
const maxPassword = 4 << 10

// passwordVariables hold the password of a key, the first that is set. An empty value is an empty password, as cosign
// has it.
func passwordVariables() []string { return []string{"WPK_PASSWORD", "COSIGN_PASSWORD"} }

var errPasswordsDiffer = errors.New("the two passwords are not the same")

// passwordError is a password that nobody gave.
type passwordError struct{ key string }

func (e *passwordError) Error() string {
	return fmt.Sprintf("the password of %s is needed: %v", e.key, ui.ErrNoTerminal)
}
func (e *passwordError) Unwrap() error { return ui.ErrNoTerminal }

// password is that of a key: from the environment, a file, or a person, who is asked twice when it is a new one.
func (a *app) password(file, key string, isNew bool) ([]byte, error) {
	for _, name := range passwordVariables() {
		if value, ok := a.lookup(name); ok {
			return []byte(value), nil
		}
	}
	if file != "" {
		return readPassword(file)
	}
	question := "password of " + key
	if isNew {
		question = "new " + question
	}
	first, err := a.ui.Secret(question)
	if errors.Is(err, ui.ErrNoTerminal) {
		return nil, &passwordError{key}
	}
	if err != nil || !isNew {
		return first, err
	}
	again, err := a.ui.Secret("the same once more")
	if err == nil && !bytes.Equal(first, again) {
		err = errPasswordsDiffer
	}
	return first, err
}

// readPassword is the first line of a file, without its end.
func readPassword(file string) ([]byte, error) {
	raw, err := readSmall(file, maxPassword)
	if err != nil {
		return nil, err
	}
	line := bytes.TrimSuffix(bytes.TrimSuffix(raw, []byte("\n")), []byte("\r"))
	if len(raw) > maxPassword || bytes.ContainsAny(line, "\r\n") {
		return nil, &valueError{"--password-file", file, "want one line"}
	}
	return line, nil
}

// lookup is the value of a variable, and whether it is set.
func (a *app) lookup(name string) (string, bool) {
	for _, kv := range a.env {
		if k, v, ok := strings.Cut(kv, "="); ok && k == name {
			return v, true
		}
	}
	return "", false
}
