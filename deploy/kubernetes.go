package deploy

import (
	"cmp"
	"encoding/json"
	"strings"

	appsv1 "k8s.io/api/apps/v1"
	batchv1 "k8s.io/api/batch/v1"
	corev1 "k8s.io/api/core/v1"
	nodev1 "k8s.io/api/node/v1"
	"k8s.io/apimachinery/pkg/api/resource"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/util/validation"
	"sigs.k8s.io/yaml"
)

// The labels that tools know.
// https://kubernetes.io/docs/concepts/overview/working-with-objects/common-labels/
const (
	labelName    = "app.kubernetes.io/name"
	labelVersion = "app.kubernetes.io/version"
)

// An Object is one object of Kubernetes, as plain JSON values: what an API
// server fills in (status, empty fields) is not there.
type Object map[string]any

// Kubernetes makes the object of a workload. It chooses no architecture: a
// module runs on every node whose runtime has a Wasm engine, and the
// RuntimeClass knows which those are. Errors are of type *[OptionError].
func Kubernetes(o Options) (Object, error) {
	if err := o.check(); err != nil {
		return nil, err
	}
	meta := metav1.ObjectMeta{Name: o.Name, Namespace: o.Namespace, Labels: o.labels()}
	switch o.Kind {
	case KindPod:
		return plain(&corev1.Pod{
			TypeMeta: metav1.TypeMeta{APIVersion: "v1", Kind: "Pod"}, ObjectMeta: meta,
			Spec: o.podSpec(RestartNever),
		})
	case KindDeployment:
		return plain(&appsv1.Deployment{
			TypeMeta: metav1.TypeMeta{APIVersion: "apps/v1", Kind: "Deployment"}, ObjectMeta: meta,
			Spec: appsv1.DeploymentSpec{
				Replicas: pointer(cmp.Or(o.Replicas, 1)),
				Selector: &metav1.LabelSelector{MatchLabels: o.selector()},
				Template: o.template(RestartAlways),
			},
		})
	case KindJob:
		return plain(&batchv1.Job{
			TypeMeta: metav1.TypeMeta{APIVersion: "batch/v1", Kind: "Job"}, ObjectMeta: meta,
			Spec: o.jobSpec(),
		})
	case KindCronJob:
		return plain(&batchv1.CronJob{
			TypeMeta: metav1.TypeMeta{APIVersion: "batch/v1", Kind: "CronJob"}, ObjectMeta: meta,
			Spec: batchv1.CronJobSpec{
				Schedule:          o.Schedule,
				ConcurrencyPolicy: batchv1.ForbidConcurrent,
				JobTemplate:       batchv1.JobTemplateSpec{Spec: o.jobSpec()},
			},
		})
	}
	return nil, &OptionError{"Kind", o.Kind, "not a kind of Kubernetes"}
}

// RuntimeClass makes the object that gives a node's handler a name, once for a
// cluster: https://kubernetes.io/docs/concepts/containers/runtime-class/
func RuntimeClass(r Runtime) (Object, error) {
	return plain(&nodev1.RuntimeClass{
		TypeMeta:   metav1.TypeMeta{APIVersion: "node.k8s.io/v1", Kind: "RuntimeClass"},
		ObjectMeta: metav1.ObjectMeta{Name: r.Class},
		Handler:    r.Handler,
	})
}

// YAML is the text of objects, one document each.
func YAML(objects ...Object) ([]byte, error) {
	var out []byte
	for i, o := range objects {
		text, err := yaml.Marshal(o)
		if err != nil {
			return nil, err
		}
		if i > 0 {
			out = append(out, "---\n"...)
		}
		out = append(out, text...)
	}
	return out, nil
}

func (o *Options) selector() map[string]string { return map[string]string{labelName: o.labelValue()} }

// labelValue is the name, cut to what a label may hold.
func (o *Options) labelValue() string {
	if len(validation.IsValidLabelValue(o.Name)) == 0 {
		return o.Name
	}
	return "app"
}

func (o *Options) labels() map[string]string {
	all := o.selector()
	if o.Version != "" && len(validation.IsValidLabelValue(o.Version)) == 0 {
		all[labelVersion] = o.Version
	}
	return all
}

func (o *Options) template(restart string) corev1.PodTemplateSpec {
	return corev1.PodTemplateSpec{ObjectMeta: metav1.ObjectMeta{Labels: o.labels()}, Spec: o.podSpec(restart)}
}

// jobSpec keeps the failed pods for their logs.
func (o *Options) jobSpec() batchv1.JobSpec {
	backoff := o.Backoff
	if backoff == nil {
		backoff = pointer(int32(3))
	}
	return batchv1.JobSpec{BackoffLimit: backoff, Template: o.template(RestartNever)}
}

// anybody is a user that no node has anything of.
const anybody = 65532

// podSpec is the common part. It fulfils the restricted profile of
// https://kubernetes.io/docs/concepts/security/pod-security-standards/: a module
// has no way to make system calls of its own, yet the engine does, and so would
// whoever breaks out of it.
func (o *Options) podSpec(restart string) corev1.PodSpec {
	spec := corev1.PodSpec{
		RestartPolicy:                corev1.RestartPolicy(cmp.Or(o.Restart, restart)),
		AutomountServiceAccountToken: pointer(false),
		EnableServiceLinks:           pointer(false),
		SecurityContext: &corev1.PodSecurityContext{
			RunAsNonRoot: pointer(true), RunAsUser: pointer(int64(anybody)), RunAsGroup: pointer(int64(anybody)),
			SeccompProfile: &corev1.SeccompProfile{Type: corev1.SeccompProfileTypeRuntimeDefault},
		},
		Containers: []corev1.Container{o.container()},
	}
	if o.Runtime.Class != "" {
		spec.RuntimeClassName = pointer(o.Runtime.Class)
	}
	for _, s := range o.Container.Secrets {
		spec.ImagePullSecrets = append(spec.ImagePullSecrets, corev1.LocalObjectReference{Name: s})
	}
	return spec
}

func (o *Options) container() corev1.Container {
	c := corev1.Container{
		Name: "app", Image: o.Container.Image,
		ImagePullPolicy: corev1.PullIfNotPresent, // a digest never stands for something newer
		SecurityContext: &corev1.SecurityContext{
			AllowPrivilegeEscalation: pointer(false),
			ReadOnlyRootFilesystem:   pointer(!o.Container.Writable),
			Capabilities:             &corev1.Capabilities{Drop: []corev1.Capability{"ALL"}},
		},
	}
	if len(validation.IsDNS1123Label(o.Name)) == 0 {
		c.Name = o.Name
	}
	for _, arg := range o.Container.Args {
		c.Args = append(c.Args, literal(arg))
	}
	for _, name := range o.Container.envNames() {
		c.Env = append(c.Env, corev1.EnvVar{Name: name, Value: literal(o.Container.Env[name])})
	}
	for name, quantity := range map[corev1.ResourceName]string{corev1.ResourceMemory: o.Container.Memory, corev1.ResourceCPU: o.Container.CPU} {
		if quantity == "" {
			continue
		}
		if c.Resources.Limits == nil {
			c.Resources.Limits = corev1.ResourceList{}
		}
		c.Resources.Limits[name] = resource.MustParse(quantity) // checked before
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

func pointer[T any](v T) *T { return &v }

// plain leaves out what is empty, as a person who writes a manifest does.
func plain(object any) (Object, error) {
	raw, err := json.Marshal(object)
	if err != nil {
		return nil, err
	}
	var o Object
	if err := json.Unmarshal(raw, &o); err != nil {
		return nil, err
	}
	delete(o, "status")
	prune(o)
	return o, nil
}

// prune takes null and empty objects out. None of ours has one on purpose.
func prune(v any) {
	switch v := v.(type) {
	case Object:
		prune(map[string]any(v))
	case map[string]any:
		for key, value := range v {
			prune(value)
			if m, is := value.(map[string]any); value == nil || is && len(m) == 0 {
				delete(v, key)
			}
		}
	case []any:
		for _, item := range v {
			prune(item)
		}
	}
}
