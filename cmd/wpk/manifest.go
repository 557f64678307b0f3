package main

import (
	"context"
	"errors"
	"fmt"
	"strings"

	"github.com/spf13/cobra"

	"github.com/wpkdev/wpk/deploy"
	"github.com/wpkdev/wpk/pack"
	"github.com/wpkdev/wpk/registry"
	"github.com/wpkdev/wpk/wasm"
)

// wasmRuntime is a runtime of Kubernetes by the name that --runtime has for it.
type wasmRuntime struct {
	name     string
	runtime  deploy.Runtime
	consumer string // the row of the consumer table that tells what it starts
}

// wasmRuntimes have the class names that their own documentation uses.
var wasmRuntimes = []wasmRuntime{
	{"crun", deploy.Runtime{Class: "crun-wasm", Handler: "crun-wasm"}, pack.ConsumerKubernetes},
	{"runwasi-wasmtime", deploy.Runtime{Class: "wasmtime", Handler: "wasmtime"}, pack.ConsumerRunwasi},
	{"spin", deploy.Runtime{Class: "wasmtime-spin-v2", Handler: "spin"}, pack.ConsumerSpin},
}

type manifestOptions struct {
	loadFlags
	workload deploy.Options
	runtime  string
	args     []string
	env      []string
	backoff  int32
	classToo bool
	json     bool
}

func newManifest(a *app) *cobra.Command {
	var o manifestOptions
	c := &cobra.Command{
		Use:   "manifest REF [-- ARG…]",
		Short: "Print what starts an artifact on Kubernetes or by Podman",
		Long: `Prints a manifest of Kubernetes, or a unit of Podman's Quadlet, with the image
pinned by its digest: the one that REF has in the local store, or in the
registry with --pull always. It asks for no architecture, and for a RuntimeClass
whose handler has a Wasm engine. What such a runtime cannot start is refused.`,
		Example: `  wpk manifest ghcr.io/acme/hello:1.0 --kind job | kubectl apply -f -
  wpk manifest ghcr.io/acme/server:1.0 --kind deployment --replicas 3 --memory 64Mi --env LOG=debug
  wpk manifest ghcr.io/acme/report:1.0 --kind cronjob --schedule '30 2 * * *' -- --all
  wpk manifest ghcr.io/acme/hello:1.0 --kind quadlet >~/.config/containers/systemd/hello.container`,
		Args: operands("REF", "[ARG]…"),
		RunE: func(c *cobra.Command, argv []string) error {
			o.args = append(o.args, moduleArgs(argv[1:])...)
			return runManifest(c.Context(), a, o, argv[0])
		},
	}
	o.register(c)
	o.trust.registerOptional(c)
	f := c.Flags()
	f.StringVar(&o.workload.Kind, "kind", deploy.KindPod, "`KIND`: "+orList(deploy.Kinds()))
	f.StringVar(&o.runtime, "runtime", "crun", "`RUNTIME` of the nodes: "+runtimeNames()+", or the name of any RuntimeClass")
	f.StringVar(&o.workload.Name, "name", "", "`NAME` of the object (default: that of the repository)")
	f.StringVarP(&o.workload.Namespace, "namespace", "n", "", "`NAMESPACE` of the object")
	f.StringArrayVarP(&o.env, "env", "e", nil, "`KEY=VALUE` for the program; may be repeated")
	f.StringArrayVar(&o.args, "arg", nil, "one `ARGUMENT` in the place of the image's own; may be repeated")
	f.Int32Var(&o.workload.Replicas, "replicas", 0, "`N` pods of a deployment (default 1)")
	f.Int32Var(&o.backoff, "backoff-limit", 3, "start a job's failed program `N` times again")
	f.StringVar(&o.workload.Schedule, "schedule", "", "`SCHEDULE` of a cronjob: five fields, or @daily")
	f.StringVar(&o.workload.Restart, "restart", "", "`WHEN` to start it again: Always, OnFailure, Never (default: what fits the kind)")
	f.StringVar(&o.workload.Container.Memory, "memory", "", "most memory that the container may have, as `QUANTITY`: 64Mi")
	f.StringVar(&o.workload.Container.CPU, "cpu", "", "most processor time, as `QUANTITY`: 250m, 2")
	f.StringArrayVar(&o.workload.Container.Secrets, "pull-secret", nil, "`NAME` of a secret to pull the image with; may be repeated")
	f.BoolVar(&o.workload.Container.Writable, "writable-root-filesystem", false, "let the program write into its root file system")
	f.BoolVar(&o.classToo, "with-runtime-class", false, "print the RuntimeClass as well, which a cluster needs once")
	jsonFlag(c, &o.json)
	return c
}

func runtimeNames() string {
	var names []string
	for _, r := range wasmRuntimes {
		names = append(names, r.name)
	}
	return strings.Join(names, ", ")
}

func runManifest(ctx context.Context, a *app, o manifestOptions, arg string) error {
	ref, err := registry.ParseRef(arg)
	if err != nil {
		return err
	}
	if ref.Transport != registry.Remote {
		return &valueError{"reference", arg, "a cluster pulls from a registry: want host/repository[:tag][@digest]"}
	}
	w := &o.workload
	w.Backoff = &o.backoff
	if w.Container.Env, err = keyValues("--env", o.env); err != nil {
		return err
	}
	consumer := o.chooseRuntime()
	subject, err := a.load(ctx, arg, o.loadFlags)
	if err != nil {
		return err
	}
	// What was loaded is what was verified, and its digest is what is printed.
	if err := o.fit(subject, consumer); err != nil {
		return err
	}
	w.Container.Image = fmt.Sprintf("%s/%s@%s", ref.Host, ref.Repository, subject.Digest)
	w.Container.Args, w.Version = o.args, ref.Tag
	if w.Name == "" {
		w.Name = repositoryName(ref.Repository[strings.LastIndexByte(ref.Repository, '/')+1:])
	}
	if job := w.Kind == deploy.KindJob || w.Kind == deploy.KindCronJob; job && consumer == pack.ConsumerKubernetes {
		a.warnText("crun with WasmEdge loses a program's exit code: only a trap, as of abort or a panic, fails the job")
	}
	return a.printManifest(o, ref)
}

// chooseRuntime sets the runtime, and returns the consumer that stands for it;
// "" when nothing is known of it.
func (o *manifestOptions) chooseRuntime() string {
	if o.workload.Kind == deploy.KindQuadlet {
		return pack.ConsumerPodman
	}
	for _, r := range wasmRuntimes {
		if r.name == o.runtime {
			o.workload.Runtime = r.runtime
			return r.consumer
		}
	}
	o.workload.Runtime = deploy.Runtime{Class: o.runtime, Handler: o.runtime}
	return ""
}

// fit refuses what the consumer would not start, and gives Podman the flag that
// it needs.
func (o *manifestOptions) fit(s *subject, consumer string) error {
	info, err := wasm.Decode(s.Content.Module)
	if err != nil {
		return fmt.Errorf("cannot read the module of %s: %w", s.Name, err)
	}
	for _, c := range pack.Consumers(s.Content.Layout, info) {
		switch {
		case c.Name != consumer:
		case c.Starts == pack.StartsNot:
			return &cannotStartError{s.Name, c, info.Kind}
		case c.Starts == pack.StartsFlag && consumer == pack.ConsumerPodman:
			o.workload.Container.Podman = strings.Fields(c.Note)
		}
	}
	return nil
}

func (a *app) printManifest(o manifestOptions, ref registry.Ref) error {
	if o.workload.Kind == deploy.KindQuadlet {
		if o.json || o.classToo {
			return &valueError{"--kind", o.workload.Kind, "a unit is neither JSON nor has it a RuntimeClass"}
		}
		text, err := deploy.Quadlet(o.workload)
		if err != nil {
			return err
		}
		_, err = fmt.Fprintf(a.ui.Out, "# %s\n%s", ref, text)
		return err
	}
	object, err := deploy.Kubernetes(o.workload)
	if err != nil {
		return err
	}
	objects := []deploy.Object{object}
	if o.classToo {
		objects = []deploy.Object{deploy.RuntimeClass(o.workload.Runtime), object}
	}
	switch {
	case o.json && len(objects) == 1:
		return a.printJSON(object)
	case o.json:
		return a.printJSON(deploy.Object{"apiVersion": "v1", "kind": "List", "items": objects})
	}
	text, err := deploy.YAML(objects...)
	if err != nil {
		return err
	}
	_, err = fmt.Fprintf(a.ui.Out, "# %s\n%s", ref, text)
	return err
}

// cannotStartError is an artifact that its consumer would not start.
type cannotStartError struct {
	ref      string
	consumer pack.Consumer
	kind     wasm.Kind
}

func (e *cannotStartError) Error() string {
	return fmt.Sprintf("%s does not start %s: %s", e.consumer.Name, e.ref, e.consumer.Note)
}

func (e *cannotStartError) hint() string {
	switch {
	case e.consumer.Layout != "":
		return "pack it as --layout " + e.consumer.Layout
	case e.kind == wasm.Component:
		return "--runtime runwasi-wasmtime runs components"
	}
	return "wpk inspect shows who starts it"
}

var errNoEnarxComponent = errors.New("enarx runs core modules only, and this is a component")
