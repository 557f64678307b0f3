package build

import (
	"bytes"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"github.com/wpkdev/wpk/wasm"
)

// TargetError tells that a project is for a kind of WebAssembly that is no WASI.
type TargetError struct {
	Target string // what the project is for, as its toolchain calls it: "wasm32-unknown-unknown"
	Where  string // what says so: a file, a variable or a dependency
}

func (e *TargetError) Error() string {
	return fmt.Sprintf("%s makes this a project for %s, whose modules need the JavaScript that belongs to them", e.Where, e.Target)
}

// browserTargets are the targets of Rust whose modules run in web pages, or in whatever else they were written for, and
// in no engine with WASI.
var browserTargets = []string{"wasm32-unknown-unknown", "wasm32-unknown-emscripten", "wasm32v1-none", "asmjs-unknown-emscripten"}

// refuseBrowserTarget refuses a project whose configuration chooses such a target. A WASI program would be another one
// than its author means; the variable that overrides the configuration says that it is meant.
func refuseBrowserTarget(j *job) error {
	target, where := getenv(j.Env, "CARGO_BUILD_TARGET"), "CARGO_BUILD_TARGET"
	if target == "" {
		target, where = configuredTarget(j.Dir)
	}
	if slices.Contains(browserTargets, target) {
		return &TargetError{Target: target, Where: where}
	}
	return nil
}

// configuredTarget returns the default target of the nearest configuration, in the project's folder or above:
// https://doc.rust-lang.org/cargo/reference/config.html#hierarchical-structure
func configuredTarget(dir string) (target, where string) {
	names := []string{".cargo/config", ".cargo/config.toml"} // of both, cargo takes the first
	upwards(dir, names, func(name string, config []byte) bool {
		target, where = buildTarget(config), name
		return target != ""
	})
	return target, where
}

// upwards reads the files of these names in a folder and those above it, until one is what is looked for.
func upwards(dir string, names []string, found func(name string, content []byte) bool) {
	for {
		for _, name := range names {
			content := readSmall(filepath.Join(dir, filepath.FromSlash(name)))
			if content != nil && found(name, content) {
				return
			}
		}
		parent := filepath.Dir(dir)
		if parent == dir {
			return
		}
		dir = parent
	}
}

// buildTarget finds build.target in a configuration. Whether that is valid TOML is for cargo to say; of several
// targets the first one counts.
func buildTarget(config []byte) string {
	table := ""
	for line := range bytes.Lines(config) {
		text := strings.TrimSpace(string(line))
		if name, ok := strings.CutPrefix(text, "["); ok {
			name, _, _ = strings.Cut(name, "]")
			table = strings.TrimSpace(name) + "."
			continue
		}
		key, value, _ := strings.Cut(text, "=")
		if strings.TrimLeft(table, ".")+strings.ReplaceAll(key, " ", "") != "build.target" {
			continue
		}
		if t := firstQuoted(value); t != "" {
			return t
		}
	}
	return ""
}

// firstQuoted returns what stands in the first quotes, of either kind.
func firstQuoted(text string) string {
	i := strings.IndexAny(text, `"'`)
	if i < 0 {
		return ""
	}
	in, _, closed := strings.Cut(text[i+1:], text[i:i+1])
	if !closed {
		return ""
	}
	return in
}

// reactorFlags make a library a reactor. Rust links a cdylib without any start code: its initializers would run before
// every call of an exported function, and hosts that expect _initialize would find none. The object with it lies beside
// the one for programs, which Rust does link.
func (c *cargoCommand) reactorFlags() []string {
	if !c.Rust.Reactor || c.rust.target == rustComponentTarget {
		return nil
	}
	start := filepath.Join(c.rust.sysroot, "lib", "rustlib", c.rust.target, "lib", "self-contained", "crt1-reactor.o")
	return []string{"-Clink-arg=" + start, "-Clink-arg=--export=_initialize"}
}

// bindgenImports are the modules that wasm-bindgen's imports come from, before its tool replaces them.
var bindgenImports = []string{"__wbindgen_placeholder__", "__wbindgen_externref_xform__"}

// check looks at the finished module for what no build tool tells: imports that only a web page has, and folders of this
// machine, which a program gets by env!("CARGO_MANIFEST_DIR") or from a dependency outside its workspace.
func (c *cargoCommand) check(path string) ([]Warning, error) {
	b, err := os.ReadFile(path)
	if err != nil {
		return nil, err
	}
	if bytes.Contains(b, []byte("__wbindgen_")) {
		if m, err := wasm.Decode(b); err == nil && slices.ContainsFunc(m.Imports, func(i wasm.Import) bool { return slices.Contains(bindgenImports, i.Module) }) {
			return nil, &TargetError{Target: browserTargets[0], Where: "the dependency wasm-bindgen"}
		}
	}
	warnings := c.toolchainWarnings()
	for _, dir := range []string{c.ws.Root, c.kept.dir, cargoHome(c.Env)} {
		if dir != "" && bytes.Contains(b, []byte(dir+string(filepath.Separator))) {
			warnings = append(warnings, Warning{
				Where: filepath.Base(path),
				Text:  "the module names the folder " + dir + ", and will differ from one built elsewhere",
			})
		}
	}
	return warnings, nil
}

// toolchainWarnings tell that a toolchain file was not followed: only rustup's programs read it.
func (c *cargoCommand) toolchainWarnings() []Warning {
	name, channel := toolchainFile(c.Dir)
	if channel == "" || c.rust.fromRustup() || !strings.Contains(channel, ".") && !strings.HasPrefix(channel, "nightly") || strings.HasPrefix(c.rust.version+".", channel+".") {
		return nil
	}
	return []Warning{{Where: name, Text: fmt.Sprintf("asks for Rust %s; built with %s, the one here that can make WASI programs", channel, c.rust.version)}}
}

// toolchainFile returns the file that tells rustup which toolchain a project wants, and the channel that it names:
// https://rust-lang.github.io/rustup/overrides.html#the-toolchain-file
func toolchainFile(dir string) (file, channel string) {
	upwards(dir, rustupFiles, func(name string, content []byte) bool {
		file, channel = name, channelOf(string(content))
		return true
	})
	return file, channel
}

var rustupFiles = []string{"rust-toolchain", "rust-toolchain.toml"} // of both, rustup takes the first

// channelOf returns the channel of a toolchain file, which in its old form has nothing else.
func channelOf(text string) string {
	for line := range strings.Lines(text) {
		key, value, ok := strings.Cut(line, "=")
		if ok && strings.TrimSpace(key) == "channel" {
			return firstQuoted(value)
		}
	}
	if text = strings.TrimSpace(text); !strings.ContainsAny(text, "=[\n") {
		return text
	}
	return ""
}
