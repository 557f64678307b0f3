package consumers

import (
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/wpkdev/wpk/internal/wpktest"
	"github.com/wpkdev/wpk/internal/wpktest/machine"
)

// workload is what Kubernetes is asked to run.
type workload struct {
	kind, name string
	image      string // pinned by digest
	args       []string
}

// yaml is the only place where these tests write manifests.
func (w workload) yaml() string {
	args, _ := json.Marshal(w.args) // strings only: it cannot fail
	if w.args == nil {
		args = []byte("[]")
	}
	container := fmt.Sprintf("{name: main, image: %q, args: %s}", w.image, args)
	pod := func(restart string) string {
		return fmt.Sprintf("{runtimeClassName: crun-wasm, restartPolicy: %s, containers: [%s]}", restart, container)
	}
	switch w.kind {
	case "Pod":
		return fmt.Sprintf("apiVersion: v1\nkind: Pod\nmetadata: {name: %s}\nspec: %s\n", w.name, pod("Never"))
	case "Job":
		return fmt.Sprintf("apiVersion: batch/v1\nkind: Job\nmetadata: {name: %s}\nspec: {backoffLimit: 0, template: {spec: %s}}\n", w.name, pod("Never"))
	default:
		labels := fmt.Sprintf("{app: %s}", w.name)
		return fmt.Sprintf("apiVersion: apps/v1\nkind: Deployment\nmetadata: {name: %s}\nspec: {replicas: 2, selector: {matchLabels: %[2]s}, template: {metadata: {labels: %[2]s}, spec: %[3]s}}\n",
			w.name, labels, pod("Always"))
	}
}

// kubernetes runs images as pods of a node.
func kubernetes(t *testing.T, registry string) runner {
	t.Helper()
	n, count := newNode(t, registry), 0
	return func(t *testing.T, ref string, args ...string) machine.Result {
		count++
		w := workload{kind: "Pod", name: fmt.Sprintf("pod-%d", count), image: pinned(t, ref), args: args}
		n.apply(t, w.yaml())
		return n.end(t, w.name)
	}
}

// pinned is a reference by tag and digest.
func pinned(t *testing.T, ref string) string {
	t.Helper()
	return ref + "@" + strings.TrimSpace(craneRun(t, "digest", ref))
}

// containerStatus is the part of a pod's status that is looked at.
// https://kubernetes.io/docs/reference/generated/kubernetes-api/v1.34/#containerstatus-v1-core
type containerStatus struct {
	State struct {
		Waiting    *struct{ Reason, Message string }
		Terminated *struct{ ExitCode int }
	}
}

// end waits until the container of a pod has ended, or cannot start.
func (n node) end(t *testing.T, pod string) machine.Result {
	t.Helper()
	for deadline := time.Now().Add(3 * time.Minute); ; time.Sleep(200 * time.Millisecond) {
		var p struct {
			Status struct{ ContainerStatuses []containerStatus }
		}
		out := n.must(t, "kubectl", "get", "pod", pod, "--output", "json")
		check(t, json.Unmarshal([]byte(out), &p))
		for _, c := range p.Status.ContainerStatuses {
			switch w := c.State.Waiting; {
			case c.State.Terminated != nil:
				return machine.Result{Stdout: n.must(t, "kubectl", "logs", pod), Code: c.State.Terminated.ExitCode}
			case w != nil && w.Reason != "ContainerCreating" && w.Reason != "PodInitializing":
				return machine.Result{Stderr: w.Reason + ": " + w.Message, Code: 125}
			}
		}
		if time.Now().After(deadline) {
			t.Fatalf("pod %s does not end:\n%s", pod, n.must(t, "kubectl", "describe", "pod", pod))
		}
	}
}

// TestKubernetes runs what people run there.
func TestKubernetes(t *testing.T) {
	if testing.Short() {
		t.Skip("takes half a minute: a node of Kubernetes")
	}
	needWorld(t)
	registry := wpktest.Distribution(t)
	n, w := newNode(t, registry), newWpk(t)
	rust := programs[2]
	ref := registry + "/kubernetes/rust:1.0"
	ref += "@" + w.build(t, rust, "universal", ref)
	t.Run("Job", func(t *testing.T) { n.job(t, workload{"Job", "counts", ref, nil}, "Complete", 0, rust.stdout()) })
	t.Run("failing Job", func(t *testing.T) {
		n.job(t, workload{"Job", "fails", ref, []string{inImage, "panic"}}, "Failed", 1, "asked to panic")
	})
	t.Run("Deployment", func(t *testing.T) {
		n.apply(t, workload{"Deployment", "serves", w.server(t, registry), nil}.yaml())
		n.must(t, "kubectl", "rollout", "status", "deployment/serves", "--timeout=3m")
		if logs := n.must(t, "kubectl", "logs", "--selector", "app=serves"); logs != "serving\nserving\n" {
			t.Errorf("the two pods print %q", logs)
		}
	})
}

func (n node) job(t *testing.T, w workload, condition string, code int, log string) {
	t.Helper()
	n.apply(t, w.yaml())
	n.must(t, "kubectl", "wait", "--for=condition="+condition, "--timeout=3m", "job/"+w.name)
	logs := n.must(t, "kubectl", "logs", "job/"+w.name)
	got := n.must(t, "kubectl", "get", "pods", "--selector", "job-name="+w.name, "--output", "jsonpath={.items[*].status.containerStatuses[*].state.terminated.exitCode}")
	if !strings.Contains(logs, log) || got != fmt.Sprint(code) {
		t.Errorf("exit code %s, want %d; prints %q, want %q in it", got, code, logs, log)
	}
}

// server is a program that does not end.
func (w wpk) server(t *testing.T, registry string) (ref string) {
	t.Helper()
	dir := t.TempDir()
	source := "#include <stdio.h>\n#include <unistd.h>\nint main(void) { puts(\"serving\"); fflush(stdout); for (;;) sleep(60); }\n"
	check(t, os.WriteFile(filepath.Join(dir, "main.c"), []byte(source), 0o600))
	ref = registry + "/kubernetes/server:1.0"
	w.run(t, "build", dir, "--bin", "server", "-t", ref)
	w.run(t, "push", ref)
	return pinned(t, ref)
}
