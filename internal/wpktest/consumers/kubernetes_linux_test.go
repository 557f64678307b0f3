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

// pod is a plain one for any image, also for those that wpk manifest refuses.
func pod(name, image string, args []string) string {
	if args == nil {
		args = []string{}
	}
	list, _ := json.Marshal(args) // strings only: it cannot fail
	return fmt.Sprintf("apiVersion: v1\nkind: Pod\nmetadata: {name: %s}\nspec: {runtimeClassName: crun-wasm, restartPolicy: Never, containers: [{name: main, image: %q, args: %s}]}\n",
		name, image, list)
}

// kubernetes runs images as pods of a node.
func kubernetes(t *testing.T, registry string) runner {
	t.Helper()
	n, count := newNode(t, registry), 0
	return func(t *testing.T, ref string, args ...string) machine.Result {
		count++
		name := fmt.Sprintf("pod-%d", count)
		n.apply(t, pod(name, pinned(t, ref), args))
		return n.end(t, name)
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

// TestKubernetes applies what wpk manifest prints, as it is.
func TestKubernetes(t *testing.T) {
	if testing.Short() {
		t.Skip("takes half a minute: a node of Kubernetes")
	}
	needWorld(t)
	registry := wpktest.Distribution(t)
	n, w, rust := newNode(t, registry), newWpk(t), programs[2]
	ref := registry + "/kubernetes/rust:1.0"
	w.build(t, rust, "universal", ref)
	t.Run("Pod", func(t *testing.T) {
		n.apply(t, w.run(t, "manifest", ref, "--kind", "pod", "--restart", "Never", "--name", "once"))
		if r := n.end(t, "once"); r.Stdout != rust.stdout() || r.Code != 0 {
			t.Errorf("%+v", r)
		}
	})
	t.Run("Job", func(t *testing.T) {
		n.apply(t, w.run(t, "manifest", ref, "--kind", "job", "--name", "counts"))
		n.must(t, "kubectl", "wait", "--for=condition=Complete", "--timeout=3m", "job/counts")
		n.jobEnds(t, "counts", 0, rust.stdout())
	})
	t.Run("failing Job", func(t *testing.T) {
		n.apply(t, w.run(t, "manifest", ref, "--kind", "job", "--name", "fails", "--", inImage, "panic"))
		// It is tried again later, and failed is only the last attempt's job.
		n.must(t, "kubectl", "wait", "--for=jsonpath={.status.failed}=1", "--timeout=3m", "job/fails")
		n.jobEnds(t, "fails", 1, "asked to panic")
	})
	t.Run("Deployment", func(t *testing.T) {
		server := w.server(t, registry)
		n.apply(t, w.run(t, "manifest", server, "--kind", "deployment", "--replicas", "2", "--name", "serves"))
		n.must(t, "kubectl", "rollout", "status", "deployment/serves", "--timeout=3m")
		if logs := n.must(t, "kubectl", "logs", "--selector", "app.kubernetes.io/name=serves"); logs != "serving\nserving\n" {
			t.Errorf("the two pods print %q", logs)
		}
	})
}

// jobEnds looks at the one pod of a job.
func (n node) jobEnds(t *testing.T, name string, code int, log string) {
	t.Helper()
	logs := n.must(t, "kubectl", "logs", "job/"+name)
	got := n.must(t, "kubectl", "get", "pods", "--selector", "job-name="+name, "--output", "jsonpath={.items[*].status.containerStatuses[*].state.terminated.exitCode}")
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
	return ref
}
