// Cri runs an image by the runtime behind a CRI socket, as a kubelet does:
//
//	cri [-socket PATH] [-handler NAME] [-timeout 3m] [REF [ARG…]]
//
// Without an image it prints the runtime's name and version if that is ready.
// With one it pulls the image, makes a pod on the host's network, runs a container with
// the arguments in place of the image's own, and prints what that wrote, to
// stdout and to stderr. Its exit code is the container's; 125 when there was no
// container.
package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"os"
	"path/filepath"
	"time"

	"google.golang.org/grpc"
	"google.golang.org/grpc/credentials/insecure"
	cri "k8s.io/cri-api/pkg/apis/runtime/v1"
)

func main() {
	socket := flag.String("socket", "/run/containerd/containerd.sock", "`PATH` of the runtime's socket")
	handler := flag.String("handler", "", "`NAME` of the runtime's handler")
	timeout := flag.Duration("timeout", 3*time.Minute, "`TIME` for all of it")
	flag.Parse()
	code, err := run(*socket, *handler, *timeout, flag.Args())
	if err != nil {
		fmt.Fprintln(os.Stderr, "cri:", err)
		code = 125
	}
	os.Exit(code)
}

func run(socket, handler string, timeout time.Duration, argv []string) (code int, err error) {
	ctx, cancel := context.WithTimeout(context.Background(), timeout)
	defer cancel()
	conn, err := grpc.NewClient("unix://"+socket, grpc.WithTransportCredentials(insecure.NewCredentials()))
	if err != nil {
		return 0, err
	}
	defer conn.Close()
	p := pod{runtime: cri.NewRuntimeServiceClient(conn), images: cri.NewImageServiceClient(conn), handler: handler}
	if len(argv) == 0 {
		return 0, p.version(ctx)
	}
	if p.logs, err = os.MkdirTemp("", "cri-"); err != nil {
		return 0, err
	}
	defer func() { err = errors.Join(err, os.RemoveAll(p.logs)) }()
	image := &cri.ImageSpec{Image: argv[0], RuntimeHandler: handler}
	if _, err := p.images.PullImage(ctx, &cri.PullImageRequest{Image: image}, grpc.WaitForReady(true)); err != nil {
		return 0, fmt.Errorf("pull: %w", err)
	}
	return p.run(ctx, image, argv[1:])
}

// pod is a sandbox with one container.
type pod struct {
	runtime cri.RuntimeServiceClient
	images  cri.ImageServiceClient
	handler string
	logs    string // a folder
}

// version prints it once the runtime says that it runs pods.
func (p pod) version(ctx context.Context) error {
	status, err := p.runtime.Status(ctx, &cri.StatusRequest{})
	if err != nil {
		return err
	}
	for _, c := range status.GetStatus().GetConditions() {
		if c.Type == cri.RuntimeReady && !c.Status {
			return fmt.Errorf("not ready: %s", c.Message)
		}
	}
	v, err := p.runtime.Version(ctx, &cri.VersionRequest{})
	if err != nil {
		return err
	}
	fmt.Println(v.RuntimeName, v.RuntimeVersion)
	return nil
}

const logName = "container.log"

func (p pod) run(ctx context.Context, image *cri.ImageSpec, args []string) (code int, err error) {
	name := filepath.Base(p.logs) // of its own
	config := &cri.PodSandboxConfig{
		Metadata:     &cri.PodSandboxMetadata{Name: name, Namespace: "default", Uid: name},
		LogDirectory: p.logs,
		Linux: &cri.LinuxPodSandboxConfig{SecurityContext: &cri.LinuxSandboxSecurityContext{
			NamespaceOptions: &cri.NamespaceOption{Network: cri.NamespaceMode_NODE},
		}},
	}
	sandbox, err := p.runtime.RunPodSandbox(ctx, &cri.RunPodSandboxRequest{Config: config, RuntimeHandler: p.handler})
	if err != nil {
		return 0, fmt.Errorf("sandbox: %w", err)
	}
	defer func() {
		_, stopped := p.runtime.StopPodSandbox(ctx, &cri.StopPodSandboxRequest{PodSandboxId: sandbox.PodSandboxId})
		_, removed := p.runtime.RemovePodSandbox(ctx, &cri.RemovePodSandboxRequest{PodSandboxId: sandbox.PodSandboxId})
		err = errors.Join(err, stopped, removed)
	}()
	container, err := p.runtime.CreateContainer(ctx, &cri.CreateContainerRequest{
		PodSandboxId:  sandbox.PodSandboxId,
		SandboxConfig: config,
		Config: &cri.ContainerConfig{
			Metadata: &cri.ContainerMetadata{Name: "main"},
			Image:    image,
			Args:     args,
			LogPath:  logName,
		},
	})
	if err != nil {
		return 0, fmt.Errorf("container: %w", err)
	}
	if _, err := p.runtime.StartContainer(ctx, &cri.StartContainerRequest{ContainerId: container.ContainerId}); err != nil {
		return 0, fmt.Errorf("start: %w", err)
	}
	if code, err = p.wait(ctx, container.ContainerId); err != nil {
		return 0, err
	}
	return code, printLog(filepath.Join(p.logs, logName))
}

// wait asks until the container has ended.
func (p pod) wait(ctx context.Context, id string) (int, error) {
	for {
		res, err := p.runtime.ContainerStatus(ctx, &cri.ContainerStatusRequest{ContainerId: id})
		if err != nil {
			return 0, fmt.Errorf("status: %w", err)
		}
		if res.Status.State == cri.ContainerState_CONTAINER_EXITED {
			return int(res.Status.ExitCode), nil
		}
		select {
		case <-ctx.Done():
			return 0, ctx.Err()
		case <-time.After(50 * time.Millisecond):
		}
	}
}
