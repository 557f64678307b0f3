package consumers

import (
	"crypto/rand"
	"crypto/rsa"
	"crypto/x509"
	"encoding/pem"
	"fmt"
	"strings"
	"testing"

	"github.com/wpkdev/wpk/internal/wpktest/machine"
)

// node is a machine with all of Kubernetes on it.
type node struct{ *machine.Machine }

// The node's files and addresses. Its address is one that no network has, as
// Kubernetes wants one beside the loopback's.
const (
	etc       = "/etc/kubernetes/"
	nodeIP    = "192.0.2.1"
	apiServer = "https://127.0.0.1:6443"
)

const kubeletConfig = `apiVersion: kubelet.config.k8s.io/v1beta1
kind: KubeletConfiguration
address: 127.0.0.1
authentication: {anonymous: {enabled: true}, webhook: {enabled: false}}
authorization: {mode: AlwaysAllow}
cgroupDriver: cgroupfs
cgroupsPerQOS: false
enforceNodeAllocatable: []
failSwapOn: false
failCgroupV1: false
containerRuntimeEndpoint: unix:///run/containerd/containerd.sock
localStorageCapacityIsolation: false
imageGCHighThresholdPercent: 100
evictionHard: {}
resolvConf: /etc/resolv.conf
`

const bridge = `{"cniVersion": "1.0.0", "name": "pods", "plugins": [{
	"type": "bridge", "bridge": "cni0", "isGateway": true,
	"ipam": {"type": "host-local", "subnet": "10.44.0.0/24"}
}]}
`

const kubeConfig = `apiVersion: v1
kind: Config
clusters: [{name: here, cluster: {server: "%s", insecure-skip-tls-verify: true}}]
users: [{name: %[2]s, user: {token: %[2]s}}]
contexts: [{name: here, context: {cluster: here, user: %[2]s}}]
current-context: here
`

const runtimeClass = `apiVersion: node.k8s.io/v1
kind: RuntimeClass
metadata: {name: crun-wasm}
handler: crun-wasm
`

// newNode starts etcd, the control plane, containerd and a kubelet, and waits
// until the node is ready.
func newNode(t *testing.T, registry string) node {
	t.Helper()
	// The kubelet reads the control groups as this machine has them, crun wants
	// the one of cgroup2: containerd gets a view of its own.
	n := node{newMachine(t, machine.Options{Programs: containerd2Programs(t), HostGroups: true})}
	config := fmt.Sprintf(containerd2Config, pushPause(t, registry), crunWasm) + `[plugins.'io.containerd.cri.v1.runtime'.cni]
bin_dirs = ["/usr/lib/cni"]
conf_dir = "/etc/cni/net.d"
`
	key, public := serviceKeys(t)
	for name, text := range map[string]string{
		etc + "service.key":            key,
		etc + "service.pub":            public,
		etc + "tokens.csv":             "admin,admin,1,\"system:masters\"\nkubelet,system:node:node1,2,\"system:nodes\"\n",
		"/root/.kube/config":           fmt.Sprintf(kubeConfig, apiServer, "admin"),
		etc + "kubelet.conf":           fmt.Sprintf(kubeConfig, apiServer, "kubelet"),
		etc + "kubelet.yaml":           kubeletConfig,
		"/etc/cni/net.d/pods.conflist": bridge,
		"/etc/containerd/config.toml":  config,
		"/etc/hosts":                   "127.0.0.1 localhost node1\n",
		"/etc/resolv.conf":             "",
	} {
		n.WriteFile(t, name, text, 0o600)
	}
	n.WriteFile(t, crunWasm, crunWasmScript, 0o755)
	n.must(t, "mount", "--make-rshared", "/")
	n.must(t, "ip", "address", "replace", nodeIP+"/32", "dev", "lo")
	n.start(t)
	return n
}

func (n node) start(t *testing.T) {
	t.Helper()
	admin := "--kubeconfig=/root/.kube/config"
	logs := []string{
		n.Daemon(t, "etcd", "--data-dir", "/var/lib/etcd", "--unsafe-no-fsync"),
		n.Daemon(t, "kube-apiserver", "--etcd-servers=http://127.0.0.1:2379", "--cert-dir=/run/kubernetes",
			"--bind-address=127.0.0.1", "--advertise-address="+nodeIP, "--token-auth-file="+etc+"tokens.csv", "--authorization-mode=AlwaysAllow",
			"--service-account-key-file="+etc+"service.pub", "--service-account-signing-key-file="+etc+"service.key",
			"--service-account-issuer="+apiServer, "--service-cluster-ip-range=10.96.0.0/24", "--disable-admission-plugins=ServiceAccount"),
		n.Daemon(t, "unshare", "--mount", "--propagation", "slave", "sh", "-c",
			"umount -l /sys/fs/cgroup && mount -t cgroup2 none /sys/fs/cgroup && exec containerd"),
	}
	n.Wait(t, logs, "kubectl", "get", "--raw", "/readyz")
	n.Wait(t, logs, "cri")
	logs = append(logs,
		n.Daemon(t, "kube-controller-manager", admin, "--service-account-private-key-file="+etc+"service.key", "--leader-elect=false", "--bind-address=127.0.0.1"),
		n.Daemon(t, "kube-scheduler", admin, "--leader-elect=false", "--bind-address=127.0.0.1"),
		n.Daemon(t, "kubelet", "--config="+etc+"kubelet.yaml", "--kubeconfig="+etc+"kubelet.conf", "--hostname-override=node1", "--node-ip="+nodeIP),
	)
	n.Wait(t, logs, "kubectl", "wait", "--for=condition=Ready", "--timeout=1s", "node/node1")
	t.Log(strings.TrimSpace(n.must(t, "kubectl", "get", "nodes", "--no-headers", "--output", "wide")))
	n.apply(t, runtimeClass)
}

// must runs a program of the node that must not fail.
func (n node) must(t *testing.T, name string, args ...string) string {
	t.Helper()
	r := n.Run(t, name, args...)
	if r.Code != 0 {
		t.Fatalf("%s %q: exit code %d\n%s%s", name, args, r.Code, r.Stdout, r.Stderr)
	}
	return r.Stdout
}

// apply hands YAML to Kubernetes as it is.
func (n node) apply(t *testing.T, yaml string) {
	t.Helper()
	n.WriteFile(t, "/tmp/applied.yaml", yaml, 0o600)
	n.must(t, "kubectl", "apply", "--filename", "/tmp/applied.yaml")
}

// serviceKeys sign what Kubernetes gives to its pods.
func serviceKeys(t *testing.T) (private, public string) {
	t.Helper()
	key, err := rsa.GenerateKey(rand.Reader, 2048)
	check(t, err)
	der, err := x509.MarshalPKIXPublicKey(&key.PublicKey)
	check(t, err)
	block := func(kind string, der []byte) string {
		return string(pem.EncodeToMemory(&pem.Block{Type: kind, Bytes: der}))
	}
	return block("RSA PRIVATE KEY", x509.MarshalPKCS1PrivateKey(key)), block("PUBLIC KEY", der)
}
