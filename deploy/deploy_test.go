package deploy

import (
	"bytes"
	"encoding/json"
	"errors"
	"slices"
	"strings"
	"testing"

	"github.com/opencontainers/runtime-spec/specs-go"
	"github.com/pelletier/go-toml/v2"
	appsv1 "k8s.io/api/apps/v1"
	batchv1 "k8s.io/api/batch/v1"
	corev1 "k8s.io/api/core/v1"
	"sigs.k8s.io/yaml"
)

const image = "example.com/acme/hello@sha256:e897364b44167c27d640301c68dbb92bc809ebdf59756b97cb793a07d2a07926"

// full is a workload with everything that its kind may have.
func full(kind string) Options {
	o := Options{
		Kind: kind, Name: "hello", Namespace: "demo", Version: "1.0", Runtime: Runtime{"crun-wasm", "crun-wasm"},
		Container: Container{
			Image: image, Args: []string{"a b", "$(HOME) $$", "$x"}, Env: map[string]string{"B": "2", "A": "1"},
			Memory: "64Mi", CPU: "250m",
		},
	}
	o.Container.Secrets = []string{"pull"}
	switch kind {
	case KindDeployment:
		o.Replicas = 3
	case KindCronJob:
		o.Schedule = "*/5 * * * MON-FRI"
	}
	return o
}

// TestKubernetes reads the objects back into the API's own types, strictly.
func TestKubernetes(t *testing.T) {
	for kind, template := range map[string]func(t *testing.T, text []byte) (corev1.PodSpec, map[string]string){
		KindPod: func(t *testing.T, text []byte) (corev1.PodSpec, map[string]string) {
			var p corev1.Pod
			strictly(t, text, &p)
			return p.Spec, p.Labels
		},
		KindDeployment: func(t *testing.T, text []byte) (corev1.PodSpec, map[string]string) {
			var d appsv1.Deployment
			strictly(t, text, &d)
			if *d.Spec.Replicas != 3 || d.Spec.Selector.MatchLabels[labelName] != "hello" || len(d.Spec.Selector.MatchLabels) != 1 {
				t.Errorf("%+v", d.Spec)
			}
			return d.Spec.Template.Spec, d.Spec.Template.Labels
		},
		KindJob: func(t *testing.T, text []byte) (corev1.PodSpec, map[string]string) {
			var j batchv1.Job
			strictly(t, text, &j)
			return j.Spec.Template.Spec, j.Spec.Template.Labels
		},
		KindCronJob: func(t *testing.T, text []byte) (corev1.PodSpec, map[string]string) {
			var j batchv1.CronJob
			strictly(t, text, &j)
			return j.Spec.JobTemplate.Spec.Template.Spec, j.Spec.JobTemplate.Spec.Template.Labels
		},
	} {
		t.Run(kind, func(t *testing.T) {
			object, err := Kubernetes(full(kind))
			if err != nil {
				t.Fatal(err)
			}
			text, err := YAML(object)
			if err != nil {
				t.Fatal(err)
			}
			spec, labels := template(t, text)
			c := spec.Containers[0]
			want := map[string]corev1.RestartPolicy{KindDeployment: corev1.RestartPolicyAlways}[kind]
			if want == "" {
				want = corev1.RestartPolicyNever
			}
			switch {
			case spec.RestartPolicy != want, *spec.RuntimeClassName != "crun-wasm", spec.ImagePullSecrets[0].Name != "pull", spec.NodeSelector != nil, spec.Affinity != nil:
				t.Errorf("%s", text)
			case c.Image != image, !slices.Equal(c.Args, []string{"a b", "$$(HOME) $$$$", "$x"}), c.Command != nil:
				t.Errorf("%s", text)
			case len(c.Env) != 2, c.Env[0].Name != "A", c.Resources.Limits.Memory().Value() != 64<<20, c.Resources.Limits.Cpu().MilliValue() != 250:
				t.Errorf("%s", text)
			case labels[labelName] != "hello", labels[labelVersion] != "1.0":
				t.Errorf("labels %v", labels)
			}
			if s := string(text); strings.Contains(s, "status") || strings.Contains(s, "null") || strings.Contains(s, "{}") || strings.Contains(s, "arch") {
				t.Errorf("%s", s)
			}
			again, _ := Kubernetes(full(kind))
			if second, _ := YAML(again); !bytes.Equal(second, text) {
				t.Error("the second time it is another text")
			}
		})
	}
}

func strictly(t *testing.T, text []byte, v any) {
	t.Helper()
	if err := yaml.UnmarshalStrict(text, v); err != nil {
		t.Fatalf("%v\n%s", err, text)
	}
}

func TestRefusedOptions(t *testing.T) {
	for what, change := range map[string]func(*Options){
		"Name":              func(o *Options) { o.Name = "Hello_World" },
		"Namespace":         func(o *Options) { o.Namespace = "a.b" },
		"Runtime.Class":     func(o *Options) { o.Runtime.Class = "a b" },
		"Replicas":          func(o *Options) { o.Replicas = -1 },
		"Container.Secrets": func(o *Options) { o.Container.Secrets = []string{""} },
		"Restart":           func(o *Options) { o.Restart = RestartAlways },
		"Backoff":           func(o *Options) { n := int32(-1); o.Backoff = &n },
		"Schedule":          func(o *Options) { o.Schedule = "* * *\n* *" },
		"Container.Memory":  func(o *Options) { o.Container.Memory = "much" },
		"Container.CPU":     func(o *Options) { o.Container.CPU = "-1" },
		"Container.Env":     func(o *Options) { o.Container.Env = map[string]string{"a=b": ""} },
		"Kind":              func(o *Options) { o.Kind, o.Schedule, o.Restart = "daemonset", "", "" },
	} {
		o := full(KindCronJob)
		change(&o)
		_, err := Kubernetes(o)
		var wrong *OptionError
		if !errors.As(err, &wrong) || wrong.Option != what {
			t.Errorf("%s: %v", what, err)
		}
	}
	long := full(KindCronJob)
	long.Name = strings.Repeat("a", 53)
	if _, err := Kubernetes(long); err == nil {
		t.Error("a name without room for its jobs")
	}
	job := full(KindJob)
	job.Schedule = "@daily"
	if _, err := Kubernetes(job); err == nil {
		t.Error("a job with a schedule")
	}
}

func TestQuadlet(t *testing.T) {
	o := full(KindQuadlet)
	o.Namespace, o.Container.Secrets = "", nil
	o.Container.Podman = []string{"--platform", "wasi/wasm"}
	o.Container.Env["C"] = "50% of \"x\"\n[Service]"
	text, err := Quadlet(o)
	if err != nil {
		t.Fatal(err)
	}
	for _, line := range []string{
		"Image=" + image, `Exec="a b" "$$(HOME) $$$$" $$x`, "Environment=A=1", `Environment="C=50%% of \"x\"\x0a[Service]"`,
		"PodmanArgs=--platform wasi/wasm --memory=67108864 --cpus=0.250", "ReadOnly=true", "Restart=on-failure",
	} {
		if !slices.Contains(strings.Split(string(text), "\n"), line) {
			t.Errorf("no %q in\n%s", line, text)
		}
	}
	for _, change := range []func(*Options){
		func(o *Options) { o.Namespace = "demo" },
		func(o *Options) { o.Container.Secrets = []string{"pull"} },
		func(o *Options) { o.Container.Args = []string{""} },
	} {
		wrong := o
		change(&wrong)
		if _, err := Quadlet(wrong); err == nil {
			t.Errorf("%+v", wrong)
		}
	}
}

func program() Program {
	return Program{
		Module: []byte("\x00asm"), Path: "bin/x.wasm", Args: []string{"x.wasm", "-v"}, WorkingDir: "/bin",
		Env: []string{"A=1=2"}, Files: []File{{"/etc/conf", []byte("c"), 0o644}, {"../../up", []byte("u"), 0o600}},
	}
}

func TestBundle(t *testing.T) {
	files, err := Bundle(program())
	if err != nil {
		t.Fatal(err)
	}
	var names []string
	for _, f := range files {
		names = append(names, f.Path)
	}
	if want := []string{"config.json", "rootfs/bin/x.wasm", "rootfs/etc/conf", "rootfs/up"}; !slices.Equal(names, want) || files[1].Mode != 0o755 {
		t.Errorf("files %q", names)
	}
	d := json.NewDecoder(bytes.NewReader(files[0].Data))
	d.DisallowUnknownFields()
	var c specs.Spec
	if err := d.Decode(&c); err != nil {
		t.Fatal(err)
	}
	if !slices.Equal(c.Process.Args, []string{"/bin/x.wasm", "-v"}) || c.Process.Cwd != "/bin" || !c.Root.Readonly || !c.Process.NoNewPrivileges || c.Annotations["module.wasm.image/variant"] != "compat" {
		t.Errorf("%s", files[0].Data)
	}
}

func TestEnarx(t *testing.T) {
	files, err := Enarx(program())
	if err != nil || len(files) != 2 || files[0].Path != "Enarx.toml" || files[1].Path != "main.wasm" || string(files[1].Data) != "\x00asm" {
		t.Fatalf("%+v, %v", files, err)
	}
	var c enarxConfig
	if err := toml.Unmarshal(files[0].Data, &c); err != nil {
		t.Fatal(err)
	}
	if !slices.Equal(c.Args, []string{"-v"}) || c.Env["A"] != "1=2" || len(c.Files) != 3 || c.Files[2].Kind != "stderr" {
		t.Errorf("%s", files[0].Data)
	}
}

// FuzzQuadlet holds that no argument or value leaves its line.
func FuzzQuadlet(f *testing.F) {
	f.Add("a b", "x\n[Service]\nExecStart=/bin/sh")
	f.Add("\\", "\"\r")
	f.Fuzz(func(t *testing.T, arg, value string) {
		o := Options{Kind: KindQuadlet, Name: "x", Container: Container{Image: image, Args: []string{arg}, Env: map[string]string{"A": value}}}
		text, err := Quadlet(o)
		if err != nil {
			return
		}
		if n := strings.Count(string(text), "\n"); n != 17 || strings.ContainsAny(string(text), "\r\x00") {
			t.Fatalf("%d lines:\n%s", n, text)
		}
	})
}
