package pack

import (
	"maps"
	"path"
	"slices"
	"strings"

	v1 "github.com/google/go-containerregistry/pkg/v1"
)

// check refuses options that would make an image which some consumer does not
// start, or one that depends on something unsaid.
func (o *Options) check() error {
	if err := checkName(o.Name); err != nil {
		return err
	}
	if err := o.Config.check(o.ModulePath()); err != nil {
		return err
	}
	if err := checkAnnotations(o.Annotations); err != nil {
		return err
	}
	if t := o.created(); t.Unix() < 0 || t.Year() > 9999 {
		return &OptionError{"Created", t.String(), "is not between 1970 and 9999"}
	}
	if err := checkPlatforms(o.Platforms); err != nil {
		return err
	}
	return checkFiles(o.Files, o.ModulePath())
}

// checkName allows what no runtime gives a meaning: runwasi, for one, takes
// what follows a "#" for the name of a function.
func checkName(name string) error {
	const safe = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789._-+~"
	switch {
	case name == "":
		return nil
	case strings.ContainsFunc(name, func(r rune) bool { return !strings.ContainsRune(safe, r) }):
		return &OptionError{"Name", name, "may have letters, digits and ._-+~ only"}
	case strings.HasPrefix(name, ".") || len(name) > 100:
		return &OptionError{"Name", name, "is not a plain file name of at most 100 bytes"}
	}
	return nil
}

func (c *Config) check(module string) error {
	if len(c.Entrypoint) > 0 && c.Entrypoint[0] != module {
		return &OptionError{"Config.Entrypoint", c.Entrypoint[0], "is not " + module + ", the file that runtimes open as the module"}
	}
	for _, args := range [][]string{c.Entrypoint, c.Cmd} {
		for _, a := range args {
			if strings.ContainsRune(a, 0) {
				return &OptionError{"Config.Cmd", a, "has a NUL byte"}
			}
		}
	}
	if c.WorkingDir != "" && !isCleanPath(c.WorkingDir) {
		return &OptionError{"Config.WorkingDir", c.WorkingDir, "is not an absolute, clean path"}
	}
	for key := range c.Labels {
		if key == "" {
			return &OptionError{"Config.Labels", key, "is an empty key"}
		}
	}
	return checkEnv(c.Env)
}

func checkEnv(env []string) error {
	seen := map[string]bool{}
	for _, kv := range env {
		key, _, ok := strings.Cut(kv, "=")
		switch {
		case !ok || key == "" || strings.ContainsRune(kv, 0):
			return &OptionError{"Config.Env", kv, "is not KEY=VALUE"}
		case seen[key]:
			return &OptionError{"Config.Env", kv, "sets a variable a second time"}
		}
		seen[key] = true
	}
	return nil
}

// checkAnnotations keeps out the annotation that crun-wasm fails on ("override
// already configured global handler") and those that the layout sets itself.
func checkAnnotations(a map[string]string) error {
	for _, key := range slices.Sorted(maps.Keys(a)) {
		switch key {
		case "":
			return &OptionError{"Annotations", key, "is an empty key"}
		case annotationHandler:
			return &OptionError{"Annotations", key, "makes crun-wasm refuse the image"}
		}
		if ownAnnotation(key) {
			return &OptionError{"Annotations", key, "belongs to the layout"}
		}
	}
	return nil
}

func ownAnnotation(key string) bool {
	return key == annotationVariant || key == annotationZstd || key == annotationPlatform
}

// PlainAnnotations are those of an image that say something of its content, and
// not how it is packed: Options takes them for another layout.
func PlainAnnotations(all map[string]string) map[string]string {
	plain := map[string]string{}
	for key, value := range all {
		if key != "" && key != annotationHandler && !ownAnnotation(key) {
			plain[key] = value
		}
	}
	return plain
}

// annotationHandler makes crun choose its handler, which crun-wasm has done.
const annotationHandler = "run.oci.handler"

func checkPlatforms(platforms []v1.Platform) error {
	seen := map[string]bool{}
	for _, p := range platforms {
		switch key := p.String(); {
		case p.OS != "linux" || p.Architecture == "":
			return &OptionError{"Platforms", key, "is not linux/<architecture>"}
		case seen[key]:
			return &OptionError{"Platforms", key, "is there a second time"}
		default:
			seen[key] = true
		}
	}
	return nil
}

func checkFiles(files []File, module string) error {
	paths := map[string]bool{module: true}
	for _, f := range files {
		switch {
		case !isCleanPath(f.Path) || f.Path == "/":
			return &OptionError{"Files", f.Path, "is not an absolute, clean path"}
		case strings.HasPrefix(path.Base(f.Path), whiteout):
			return &OptionError{"Files", f.Path, "is a name that deletes files in an image"}
		case paths[f.Path]:
			return &OptionError{"Files", f.Path, "is there a second time"}
		}
		paths[f.Path] = true
	}
	for _, f := range files {
		for dir := path.Dir(f.Path); dir != "/"; dir = path.Dir(dir) {
			if paths[dir] {
				return &OptionError{"Files", f.Path, "lies in " + dir + ", which is a file"}
			}
			if strings.HasPrefix(path.Base(dir), whiteout) {
				return &OptionError{"Files", f.Path, "lies in a folder whose name deletes files in an image"}
			}
		}
	}
	return nil
}

// isCleanPath reports whether p is absolute, has slashes only and nothing
// that would have to be resolved.
func isCleanPath(p string) bool {
	return path.IsAbs(p) && path.Clean(p) == p && !strings.ContainsAny(p, "\x00\\")
}
