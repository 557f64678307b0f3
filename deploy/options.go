package deploy

import (
	"fmt"
	"maps"
	"slices"
	"strings"
)

// The values of [Options.Kind].
const (
	KindPod        = "pod"
	KindDeployment = "deployment"
	KindJob        = "job"
	KindCronJob    = "cronjob"
	KindQuadlet    = "quadlet" // of Podman: https://docs.podman.io/en/latest/markdown/podman-systemd.unit.5.html
)

// Kinds lists what Options.Kind may be.
func Kinds() []string {
	return []string{KindPod, KindDeployment, KindJob, KindCronJob, KindQuadlet}
}

// The values of [Options.Restart].
const (
	RestartAlways    = "Always"
	RestartOnFailure = "OnFailure"
	RestartNever     = "Never"
)

// Options describe one workload. Kind, Name and Image are needed.
type Options struct {
	Kind      string // one of the Kind constants
	Name      string // of the object, and of what belongs to it
	Namespace string // "" = the one that kubectl is set to
	Version   string // for people: the tag that the image had; "" = none
	Runtime   Runtime
	Container Container
	Replicas  int32  // of a deployment; 0 = 1
	Schedule  string // of a cron job, as five fields or @daily
	Restart   string // one of the Restart constants; "" = what fits the kind
	Backoff   *int32 // how often a job's program is started again after a failure; nil = 3
}

// Runtime is what starts the container on a node.
type Runtime struct {
	Class   string // the name of the RuntimeClass
	Handler string // its handler: what the node's container runtime calls it
}

// Container is the program, its arguments and its bounds.
type Container struct {
	Image    string            // pinned: host/repository@sha256:…
	Args     []string          // in the place of the image's own; nil = those
	Env      map[string]string // beside the image's own
	Memory   string            // the most that it may use, as Kubernetes writes it: 64Mi
	CPU      string            // the same: 250m, 2
	Writable bool              // whether its root file system is
	Secrets  []string          // names of the secrets to pull the image with
	Podman   []string          // more arguments for podman run
}

// OptionError is an option with a value that cannot be.
type OptionError struct {
	Option string // the field, as "Name" or "Container.Memory"
	Value  string
	Reason string
}

func (e *OptionError) Error() string {
	return fmt.Sprintf("%s %q: %s", e.Option, e.Value, e.Reason)
}

// check refuses what a cluster would refuse later.
func (o *Options) check() error {
	if !isSubdomain(o.Name) {
		return &OptionError{"Name", o.Name, "want lower-case letters, digits and hyphens"}
	}
	// A cron job's name gets 11 characters more for each job of it.
	if most := 52; o.Kind == KindCronJob && len(o.Name) > most {
		return &OptionError{"Name", o.Name, fmt.Sprintf("a cron job's name has %d characters at most", most)}
	}
	if o.Namespace != "" && !isLabel(o.Namespace) {
		return &OptionError{"Namespace", o.Namespace, "want lower-case letters, digits and hyphens"}
	}
	if o.Runtime.Class != "" && !isSubdomain(o.Runtime.Class) {
		return &OptionError{"Runtime.Class", o.Runtime.Class, "want lower-case letters, digits and hyphens"}
	}
	for _, s := range o.Container.Secrets {
		if !isSubdomain(s) {
			return &OptionError{"Container.Secrets", s, "want the name of a secret"}
		}
	}
	if o.Replicas < 0 {
		return &OptionError{"Replicas", fmt.Sprint(o.Replicas), "must not be negative"}
	}
	if o.Backoff != nil && *o.Backoff < 0 {
		return &OptionError{"Backoff", fmt.Sprint(*o.Backoff), "must not be negative"}
	}
	if err := o.checkRestart(); err != nil {
		return err
	}
	if err := o.checkSchedule(); err != nil {
		return err
	}
	return o.Container.check()
}

func (c *Container) check() error {
	for _, q := range []struct{ option, value string }{{"Container.Memory", c.Memory}, {"Container.CPU", c.CPU}} {
		if q.value == "" {
			continue
		}
		if n := quantity(q.value); n == nil || n.Sign() <= 0 {
			return &OptionError{q.option, q.value, "want a quantity as Kubernetes writes it: 64Mi, 250m, 2"}
		}
	}
	for _, name := range c.envNames() {
		if !isEnvName(name) {
			return &OptionError{"Container.Env", name, "not the name of a variable"}
		}
	}
	return nil
}

func (c *Container) envNames() []string { return slices.Sorted(maps.Keys(c.Env)) }

// checkRestart knows which kinds may do what after the program's end.
func (o *Options) checkRestart() error {
	allowed := []string{RestartAlways, RestartOnFailure, RestartNever}
	switch o.Kind {
	case KindDeployment:
		allowed = []string{RestartAlways}
	case KindJob, KindCronJob:
		allowed = []string{RestartOnFailure, RestartNever}
	}
	if o.Restart != "" && !slices.Contains(allowed, o.Restart) {
		return &OptionError{"Restart", o.Restart, "for this kind, want " + strings.Join(allowed, " or ")}
	}
	return nil
}

// checkSchedule looks at the form only: the cluster knows the rest.
// https://kubernetes.io/docs/concepts/workloads/controllers/cron-jobs/#schedule-syntax
func (o *Options) checkSchedule() error {
	const want = `want five fields as "30 2 * * *", or @hourly, @daily, @weekly, @monthly, @yearly`
	if o.Kind != KindCronJob {
		if o.Schedule != "" {
			return &OptionError{"Schedule", o.Schedule, "only a cron job has one"}
		}
		return nil
	}
	if slices.Contains([]string{"@yearly", "@annually", "@monthly", "@weekly", "@daily", "@midnight", "@hourly"}, o.Schedule) {
		return nil
	}
	if fields := strings.Fields(o.Schedule); len(fields) != 5 || strings.Trim(o.Schedule, "0123456789*/,-? ABCDEFGHIJKLMNOPQRSTUVWXYZ") != "" {
		return &OptionError{"Schedule", o.Schedule, want}
	}
	return nil
}
