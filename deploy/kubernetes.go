package deploy

import (
	"bytes"
	"cmp"
	"strings"

	"go.yaml.in/yaml/v3"
)

// The labels that tools know.
// https://kubernetes.io/docs/concepts/overview/working-with-objects/common-labels/
const (
	labelName    = "app.kubernetes.io/name"
	labelVersion = "app.kubernetes.io/version"
)

// An Object is one object of Kubernetes, or a part of one, as plain values with the names of the API:
// https://kubernetes.io/docs/reference/kubernetes-api/
type Object map[string]any

// Kubernetes makes the object of a workload. It chooses no architecture: a
// module runs on every node whose runtime has a Wasm engine, and the
// RuntimeClass knows which those are. Errors are of type *[OptionError].
func Kubernetes(o Options) (Object, error) {
	if err := o.check(); err != nil {
		return nil, err
	}
	meta := Object{"name": o.Name, "labels": o.labels()}
	if o.Namespace != "" {
		meta["namespace"] = o.Namespace
	}
	object := func(version, kind string, spec Object) (Object, error) {
		return Object{"apiVersion": version, "kind": kind, "metadata": meta, "spec": spec}, nil
	}
	switch o.Kind {
	case KindPod:
		return object("v1", "Pod", o.podSpec(RestartNever))
	case KindDeployment:
		return object("apps/v1", "Deployment", Object{
			"replicas": cmp.Or(o.Replicas, 1),
			"selector": Object{"matchLabels": o.selector()},
			"template": o.template(RestartAlways),
		})
	case KindJob:
		return object("batch/v1", "Job", o.jobSpec())
	case KindCronJob:
		return object("batch/v1", "CronJob", Object{
			"schedule":          o.Schedule,
			"concurrencyPolicy": "Forbid",
			"jobTemplate":       Object{"spec": o.jobSpec()},
		})
	}
	return nil, &OptionError{"Kind", o.Kind, "not a kind of Kubernetes"}
}

// RuntimeClass makes the object that gives a node's handler a name, once for a
// cluster: https://kubernetes.io/docs/concepts/containers/runtime-class/
func RuntimeClass(r Runtime) Object {
	return Object{
		"apiVersion": "node.k8s.io/v1", "kind": "RuntimeClass",
		"metadata": Object{"name": r.Class}, "handler": r.Handler,
	}
}

// YAML is the text of objects, one document each.
func YAML(objects ...Object) ([]byte, error) {
	var out bytes.Buffer
	e := yaml.NewEncoder(&out)
	e.SetIndent(2)
	e.CompactSeqIndent()
	for _, o := range objects {
		if err := e.Encode(o); err != nil {
			return nil, err
		}
	}
	return out.Bytes(), e.Close()
}

func (o *Options) selector() Object { return Object{labelName: o.labelValue()} }

// labelValue is the name, cut to what a label may hold.
func (o *Options) labelValue() string {
	if isLabelValue(o.Name) {
		return o.Name
	}
	return "app"
}

func (o *Options) labels() Object {
	all := o.selector()
	if o.Version != "" && isLabelValue(o.Version) {
		all[labelVersion] = o.Version
	}
	return all
}

func (o *Options) template(restart string) Object {
	return Object{"metadata": Object{"labels": o.labels()}, "spec": o.podSpec(restart)}
}

// jobSpec keeps the failed pods for their logs.
func (o *Options) jobSpec() Object {
	backoff := int32(3)
	if o.Backoff != nil {
		backoff = *o.Backoff
	}
	return Object{"backoffLimit": backoff, "template": o.template(RestartNever)}
}

// anybody is a user that no node has anything of.
const anybody = 65532

// podSpec is the common part. It fulfils the restricted profile of
// https://kubernetes.io/docs/concepts/security/pod-security-standards/: a module
// has no way to make system calls of its own, yet the engine does, and so would
// whoever breaks out of it.
func (o *Options) podSpec(restart string) Object {
	spec := Object{
		"restartPolicy":                cmp.Or(o.Restart, restart),
		"automountServiceAccountToken": false,
		"enableServiceLinks":           false,
		"securityContext": Object{
			"runAsNonRoot": true, "runAsUser": anybody, "runAsGroup": anybody,
			"seccompProfile": Object{"type": "RuntimeDefault"},
		},
		"containers": []Object{o.container()},
	}
	if o.Runtime.Class != "" {
		spec["runtimeClassName"] = o.Runtime.Class
	}
	if len(o.Container.Secrets) > 0 {
		var secrets []Object
		for _, s := range o.Container.Secrets {
			secrets = append(secrets, Object{"name": s})
		}
		spec["imagePullSecrets"] = secrets
	}
	return spec
}

func (o *Options) container() Object {
	c := Object{
		"name": "app", "image": o.Container.Image,
		"imagePullPolicy": "IfNotPresent", // a digest never stands for something newer
		"securityContext": Object{
			"allowPrivilegeEscalation": false,
			"readOnlyRootFilesystem":   !o.Container.Writable,
			"capabilities":             Object{"drop": []string{"ALL"}},
		},
	}
	if isLabel(o.Name) {
		c["name"] = o.Name
	}
	var args []string
	for _, arg := range o.Container.Args {
		args = append(args, literal(arg))
	}
	if len(args) > 0 {
		c["args"] = args
	}
	var env []Object
	for _, name := range o.Container.envNames() {
		env = append(env, Object{"name": name, "value": literal(o.Container.Env[name])})
	}
	if len(env) > 0 {
		c["env"] = env
	}
	limits := Object{}
	for name, quantity := range map[string]string{"memory": o.Container.Memory, "cpu": o.Container.CPU} {
		if quantity != "" {
			limits[name] = quantity
		}
	}
	if len(limits) > 0 {
		c["resources"] = Object{"limits": limits}
	}
	return c
}

// literal keeps Kubernetes from replacing $(NAME), and $$ by $.
// https://kubernetes.io/docs/tasks/inject-data-application/define-interdependent-environment-variables/
func literal(s string) string {
	if strings.Contains(s, "$(") || strings.Contains(s, "$$") {
		return strings.ReplaceAll(s, "$", "$$")
	}
	return s
}
