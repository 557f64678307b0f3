// Kube is a Kubernetes node and its control plane as one program: the name or
// the first argument says which part it is. Built from the published modules,
// for machines that reach a module proxy and no registry of images.
package main

import (
	"context"
	"fmt"
	"os"
	"path/filepath"

	"github.com/spf13/cobra"
	"k8s.io/component-base/cli"
	apiserver "k8s.io/kubernetes/cmd/kube-apiserver/app"
	controllers "k8s.io/kubernetes/cmd/kube-controller-manager/app"
	scheduler "k8s.io/kubernetes/cmd/kube-scheduler/app"
	kubelet "k8s.io/kubernetes/cmd/kubelet/app"

	_ "k8s.io/component-base/logs/json/register"
	_ "k8s.io/component-base/metrics/prometheus/clientgo"
	_ "k8s.io/component-base/metrics/prometheus/version"
)

func main() {
	os.Exit(run(filepath.Base(os.Args[0])))
}

func run(name string) int {
	var part *cobra.Command
	switch name {
	case "kube-apiserver":
		part = apiserver.NewAPIServerCommand()
	case "kube-controller-manager":
		part = controllers.NewControllerManagerCommand()
	case "kube-scheduler":
		part = scheduler.NewSchedulerCommand()
	case "kubelet":
		part = kubelet.NewKubeletCommand(context.Background())
	default:
		fmt.Fprintf(os.Stderr, "%s is none of kube-apiserver, kube-controller-manager, kube-scheduler, kubelet\n", name)
		return 2
	}
	return cli.Run(part)
}
