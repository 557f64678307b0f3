package deploy

import (
	"fmt"
	"math/big"
	"strings"
)

// Quadlet makes the .container file of a workload: systemd starts it by Podman.
// Errors are of type *[OptionError].
// https://docs.podman.io/en/latest/markdown/podman-systemd.unit.5.html
func Quadlet(o Options) ([]byte, error) {
	if err := o.check(); err != nil {
		return nil, err
	}
	for option, value := range map[string]string{"Namespace": o.Namespace, "Container.Secrets": strings.Join(o.Container.Secrets, ",")} {
		if value != "" {
			return nil, &OptionError{option, value, "Podman has none"}
		}
	}
	for _, arg := range o.Container.Args {
		if arg == "" { // and with it all that follow
			return nil, &OptionError{"Container.Args", arg, "Quadlet loses empty arguments"}
		}
	}
	var b strings.Builder
	line := func(key, value string) { fmt.Fprintf(&b, "%s=%s\n", key, value) }
	b.WriteString("[Unit]\n")
	line("Description", escapeUnit(strings.TrimSpace(o.Name+" "+o.Version)))
	b.WriteString("\n[Container]\n")
	line("ContainerName", o.Name)
	line("Image", o.Container.Image)
	if len(o.Container.Args) > 0 {
		line("Exec", words(o.Container.Args))
	}
	for _, name := range o.Container.envNames() {
		line("Environment", words([]string{name + "=" + o.Container.Env[name]}))
	}
	line("DropCapability", "all")
	line("NoNewPrivileges", "true")
	if !o.Container.Writable {
		line("ReadOnly", "true")
	}
	args := append([]string{}, o.Container.Podman...)
	if o.Container.Memory != "" {
		args = append(args, "--memory="+byteCount(o.Container.Memory))
	}
	if o.Container.CPU != "" {
		args = append(args, "--cpus="+cpus(o.Container.CPU))
	}
	if len(args) > 0 {
		line("PodmanArgs", words(args))
	}
	b.WriteString("\n[Service]\n")
	switch o.Restart {
	case RestartAlways:
		line("Restart", "always")
	case RestartNever:
		line("Restart", "no")
	default:
		line("Restart", "on-failure")
	}
	b.WriteString("\n[Install]\n")
	line("WantedBy", "default.target")
	return []byte(b.String()), nil
}

// byteCount is a quantity of memory, checked before, as Podman takes it. A part of a byte is one.
func byteCount(memory string) string { return roundUp(quantity(memory)).String() }

// cpus is a quantity of processors, checked before, as a decimal number.
func cpus(count string) string {
	thousandths := new(big.Rat).SetInt(roundUp(new(big.Rat).Mul(quantity(count), big.NewRat(1000, 1))))
	return thousandths.Quo(thousandths, big.NewRat(1000, 1)).FloatString(3)
}

// words quotes words for a line of a unit that becomes a command line.
// https://www.freedesktop.org/software/systemd/man/latest/systemd.service.html#Command%20lines
func words(list []string) string {
	quoted := make([]string, len(list))
	for i, w := range list {
		quoted[i] = word(w)
	}
	return strings.Join(quoted, " ")
}

func word(w string) string {
	w = strings.ReplaceAll(escapeUnit(w), "$", "$$")
	if w != "" && strings.Trim(w, plainCharacters) == "" {
		return w
	}
	var b strings.Builder
	for i := range len(w) {
		switch c := w[i]; {
		case c == '"', c == '\\':
			b.WriteString(`\` + string(c))
		case c < ' ' || c == 0x7f:
			fmt.Fprintf(&b, `\x%02x`, c)
		default:
			b.WriteByte(c)
		}
	}
	return `"` + b.String() + `"`
}

const plainCharacters = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789@%+=:,./-_$"

// escapeUnit keeps systemd from replacing what begins with %.
func escapeUnit(s string) string { return strings.ReplaceAll(s, "%", "%%") }
