package main

import (
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"runtime"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"github.com/wpkdev/wpk/internal/ui"
	"github.com/wpkdev/wpk/sign/identity"
)

// identityFlags say where an identity comes from.
type identityFlags struct {
	token     string
	noAmbient bool
	device    bool
}

func (i *identityFlags) register(c *cobra.Command) {
	f := c.Flags()
	f.StringVar(&i.token, "identity-token", "", "`FILE` with an identity token")
	f.BoolVar(&i.noAmbient, "no-ambient-identity", false, "do not ask the CI service or cloud machine for an identity")
	f.BoolVar(&i.device, "device-login", false, "log in with a browser on another machine")
}

// noIdentityError is a signature by identity where there is neither one nor a person to ask.
type noIdentityError struct{ err error }

func (e *noIdentityError) Error() string {
	return "no identity to sign with: " + e.err.Error()
}
func (e *noIdentityError) Unwrap() error { return e.err }

var errNoIssuer = errors.New("no issuer is known to log in at")

// source is where tokens come from: a file, the machine, or a person.
func (i identityFlags) source(a *app, issuer string) func(context.Context) (identity.Token, error) {
	return func(ctx context.Context) (identity.Token, error) {
		t, err := i.get(ctx, a, issuer)
		if err != nil {
			return t, err
		}
		if err := t.Check(time.Now()); err != nil {
			return identity.Token{}, err
		}
		a.ui.Say("sign: as %s, says %s", ui.Printable(t.Subject()), ui.Printable(t.Issuer()))
		return t, nil
	}
}

func (i identityFlags) get(ctx context.Context, a *app, issuer string) (identity.Token, error) {
	if i.token != "" {
		return readToken(i.token)
	}
	err := identity.ErrNone
	if !i.noAmbient && !i.device {
		var t identity.Token
		t, err = identity.Ambient{Getenv: a.getenv, Google: onGoogle}.Token(ctx)
		if err == nil {
			return t, nil
		}
		if !errors.Is(err, identity.ErrNone) {
			return t, err
		}
	}
	switch {
	case !a.ui.Interactive():
		return identity.Token{}, &noIdentityError{fmt.Errorf("%w, and %w", err, ui.ErrNoTerminal)}
	case issuer == "":
		return identity.Token{}, &noIdentityError{errNoIssuer}
	}
	person := identity.Interactive{Issuer: issuer, Say: func(text string) { a.ui.Say("sign: %s", ui.Printable(text)) }}
	a.ui.Say("sign: your address, this digest and the time will be in the log, which others read")
	if i.device {
		return person.Device(ctx)
	}
	person.Open = func(address string) error { return openBrowser(ctx, address) }
	return person.Browser(ctx)
}

// readToken reads a token's file. The token itself on a command line would be seen by every user of the machine.
func readToken(file string) (identity.Token, error) {
	if _, err := identity.Parse(file); err == nil {
		return identity.Token{}, &valueError{"--identity-token", "…", "want a file with the token: other users can read a command line"}
	}
	raw, err := readSmall(file, 128<<10)
	if err != nil {
		return identity.Token{}, err
	}
	t, err := identity.Parse(string(raw))
	if err != nil {
		return identity.Token{}, fmt.Errorf("%s: %w", file, err)
	}
	return t, nil
}

// onGoogle reports whether this is a machine of Google's cloud, as its firmware says.
func onGoogle() bool {
	name, err := os.ReadFile("/sys/class/dmi/id/product_name")
	return err == nil && strings.HasPrefix(string(name), "Google")
}

// openBrowser shows an address in the desktop's browser.
func openBrowser(ctx context.Context, address string) error {
	command := []string{"xdg-open"}
	switch runtime.GOOS {
	case "darwin":
		command = []string{"open"}
	case "windows":
		command = []string{"rundll32", "url.dll,FileProtocolHandler"}
	}
	c := exec.CommandContext(ctx, command[0], append(command[1:], address)...) // #nosec G204 -- an https address of the issuer
	if err := c.Start(); err != nil {
		return err
	}
	go func() { _ = c.Wait() }()
	return nil
}
