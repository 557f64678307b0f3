package build

import (
	"encoding/json"
	"go/version"
	"maps"
	"path/filepath"
	"slices"
	"strings"
)

// cargoStrips is the first cargo that leaves the standard library's debug information out of release builds by itself.
const cargoStrips = "1.77"

// cargoEnv is the environment for cargo. The variables with the caller's flags are left out, since their flags come
// after ours on the command line, and so are those that would lead cargo to another folder than the job's.
func (r *rustCompiler) cargoEnv(j *job) []string {
	epoch := getenv(j.Env, "SOURCE_DATE_EPOCH")
	if epoch == "" {
		epoch = "0"
	}
	env := dropenv(j.Env, "RUSTFLAGS", "CARGO_ENCODED_RUSTFLAGS", "CARGO_BUILD_RUSTFLAGS", "CARGO_TARGET_DIR", "CARGO_BUILD_TARGET*", "CARGO_BUILD_BUILD_DIR")
	env = setenv(env, "RUSTC="+r.path, "CARGO_INCREMENTAL=0", "SOURCE_DATE_EPOCH="+epoch)
	if r.linker != "" {
		env = setenv(env, r.variable("LINKER")+"="+r.linker)
	}
	return env
}

// variable is the name of cargo's variable for a setting of the target.
func (r *rustCompiler) variable(setting string) string {
	return "CARGO_TARGET_" + strings.ToUpper(strings.ReplaceAll(r.target, "-", "_")) + "_" + setting
}

// shapingEnv are the variables that shape the module.
func (r *rustCompiler) shapingEnv(env []string) []string {
	var shaping []string
	for _, kv := range env {
		k, _, _ := strings.Cut(kv, "=")
		if k == "SOURCE_DATE_EPOCH" || k == r.variable("RUSTFLAGS") || matchKey(k, "CARGO_PROFILE_*") {
			shaping = append(shaping, kv)
		}
	}
	slices.Sort(shaping)
	return shaping
}

// callersFlags are the flags for rustc from the caller's environment, of which cargo takes the first that is set:
// https://doc.rust-lang.org/cargo/reference/config.html#buildrustflags
func callersFlags(env []string) []string {
	if encoded := getenv(env, "CARGO_ENCODED_RUSTFLAGS"); encoded != "" {
		return strings.Split(encoded, "\x1f")
	}
	return strings.Fields(getenv(env, "RUSTFLAGS"))
}

// rustFlags are the flags of rustc, ours and then the caller's and the options', but for those that only name folders of
// this machine.
// Debug information goes, the standard library's above all, since it is many times the program's size; the names of
// functions stay, for readable traps. A cargo that does so itself also knows what the project's profile says about it.
// Who asks for debug information keeps everything.
func (c *cargoCommand) rustFlags() []string {
	theirs := callersFlags(c.Env)
	asked := c.Rust.Profile == "dev" || slices.ContainsFunc(theirs, func(f string) bool { return f == "-g" || strings.Contains(f, "debuginfo") })
	for _, f := range c.Rust.LDFlags {
		theirs = append(theirs, "-Clink-arg="+f)
	}
	if asked || !olderThan(c.rust.cargoVersion, cargoStrips) {
		return theirs
	}
	return append([]string{"-Cstrip=debuginfo"}, theirs...)
}

// olderThan compares versions of Rust, which are numbered like Go's. A development version passes: it is new.
func olderThan(have, than string) bool {
	return version.IsValid("go"+have) && version.Compare("go"+have, "go"+than) < 0
}

// remaps are the flags that replace the folders which rustc would write into the module, for the places of panics. The
// last one that fits counts, so a folder comes after the one that it lies in. Code of the standard library gets the
// name that it has where its sources are not installed.
func (c *cargoCommand) remaps() []string {
	names := map[string]string{
		filepath.Join(c.rust.sysroot, "lib", "rustlib", "src", "rust"): "/rustc/" + c.rust.commit,
		c.ws.Root:  ".",
		c.kept.dir: "work",
	}
	if home := cargoHome(c.Env); home != "" {
		names[home] = "cargo"
		if resolved, err := realPath(home); err == nil {
			names[resolved] = "cargo"
		}
	}
	dirs := slices.Sorted(maps.Keys(names))
	flags := make([]string, len(dirs))
	for i, dir := range dirs {
		flags[i] = "--remap-path-prefix=" + dir + "=" + names[dir]
	}
	return flags
}

// cargoHome is where cargo keeps the sources of dependencies.
func cargoHome(env []string) string {
	if home := getenv(env, "CARGO_HOME"); home != "" {
		return home
	}
	for _, k := range []string{"HOME", "USERPROFILE"} {
		if home := getenv(env, k); home != "" {
			return filepath.Join(home, ".cargo")
		}
	}
	return ""
}

// config is a setting of cargo with flags for rustc, as TOML. The variables for flags would either hide those in the
// project's own configuration or cut a folder's name at a space; flags for a condition that holds for every WASI target
// come after them. See https://doc.rust-lang.org/cargo/reference/config.html#targetcfgrustflags
func (*rustCompiler) config(flags []string) string {
	list, _ := json.Marshal(flags) // a list of strings is the same in JSON and TOML
	return `target."cfg(all(target_os=\"wasi\"))".rustflags=` + string(list)
}
