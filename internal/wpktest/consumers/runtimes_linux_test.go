package consumers

import (
	"testing"

	"github.com/wpkdev/wpk/internal/wpktest/machine"
)

// runner runs an image on a consumer; arguments take the place of the image's.
type runner func(t *testing.T, ref string, args ...string) machine.Result

// consumer is a program that runs images, and what is known of it.
type consumer struct {
	name  string                                     // of its test
	title string                                     // in the table
	start func(t *testing.T, registry string) runner // on a new machine
	// refuses are the layouts that it does not run, with words of its error; "…"
	// stands for any others.
	refuses map[string]string
}

var consumers = []consumer{
	{
		name: "podman", title: "Podman 5.4", start: podman(),
		refuses: map[string]string{
			"index":    "no image found in image index for architecture",
			"artifact": "unsupported image-specific operation on artifact",
		},
	},
	{
		name: "podman-platform", title: "the same, `--platform wasi/wasm`", start: podman("--platform", "wasi/wasm"),
		refuses: map[string]string{"artifact": "unsupported image-specific operation on artifact"},
	},
	{
		name: "podman-runtime", title: "the same, `--runtime crun-wasm`", start: podman("--runtime", "crun-wasm"),
		refuses: map[string]string{
			"index":    "no image found in image index for architecture",
			"artifact": "unsupported image-specific operation on artifact",
		},
	},
	{
		name: "containerd1", title: "containerd 1.7 by CRI, handler crun-wasm", start: containerd1,
		refuses: map[string]string{"index": "no match for platform in manifest", "artifact": "no command specified"},
	},
	{
		name: "containerd2", title: "containerd 2.4 by CRI, handler crun-wasm", start: containerd2,
		refuses: map[string]string{
			"image":    "parent snapshot … does not exist",
			"index":    "no match for platform in manifest",
			"artifact": "no command specified",
		},
	},
	{
		name: "docker-containerd", title: "Docker 26, `--runtime crun-wasm`, containerd image store", start: docker(true),
		refuses: map[string]string{"index": "no match for platform in manifest", "artifact": "no command specified"},
	},
	{
		name: "docker-platform", title: "the same, `--platform wasi/wasm`", start: docker(true, "--platform", "wasi/wasm"),
		refuses: map[string]string{"artifact": "No such image"},
	},
	{
		name: "docker-graph", title: "Docker 26, `--runtime crun-wasm`, graph-driver store", start: docker(false),
		refuses: map[string]string{
			"image":    `operating system "wasi" cannot be used on this platform`,
			"index":    "no matching manifest for linux/…",
			"artifact": "unsupported media type application/vnd.wasm.config.v0+json",
		},
	},
	{
		name: "kubernetes", title: "Kubernetes 1.34, RuntimeClass crun-wasm", start: kubernetes,
		refuses: map[string]string{
			"image":    "parent snapshot … does not exist",
			"index":    "no match for platform in manifest",
			"artifact": "no command specified",
		},
	},
}
