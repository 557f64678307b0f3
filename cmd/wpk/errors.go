package main

import (
	"context"
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"syscall"

	"github.com/spf13/cobra"

	"github.com/wpkdev/wpk/build"
	"github.com/wpkdev/wpk/build/runtimepack"
	"github.com/wpkdev/wpk/deploy"
	"github.com/wpkdev/wpk/internal/project"
	"github.com/wpkdev/wpk/internal/ui"
	"github.com/wpkdev/wpk/pack"
	"github.com/wpkdev/wpk/registry"
	"github.com/wpkdev/wpk/registry/server"
	"github.com/wpkdev/wpk/smoke"
	"github.com/wpkdev/wpk/smoke/engine"
	"github.com/wpkdev/wpk/smoke/runner"
	"github.com/wpkdev/wpk/wasm"
)

// The exit codes, one per kind of cause. docs/exit-codes.md lists them. The
// codes of run are in run.go.
const (
	exitOK          = 0
	exitFailure     = 1   // anything without a code of its own
	exitUsage       = 2   // the command line, a reference or a flag's value
	exitMissing     = 3   // a toolchain, emulator or runner is not installed
	exitBuild       = 4   // the project does not compile, or what to build is not clear
	exitNotFound    = 5   // no such artifact, file or folder
	exitRefused     = 6   // the registry refused: login, rights, size, content
	exitUnreachable = 7   // the registry cannot be reached or fails
	exitContent     = 8   // bytes that are not what they should be
	exitStorage     = 9   // the store or a file cannot be written
	exitSmoke       = 10  // the matrix ran and did not pass; 11 to 15 are in verifyerrors.go
	exitInterrupted = 130 // Ctrl-C
)

// report prints an error on one line with a hint on the next, and returns the
// exit code for it.
func (a *app) report(ctx context.Context, cmd *cobra.Command, err error) int {
	var exit *exitError
	if errors.As(err, &exit) {
		return exit.code
	}
	if errors.Is(ctx.Err(), context.Canceled) {
		a.printError("interrupted", "")
		return exitInterrupted
	}
	code, hint := explain(cmd, err)
	a.printError(oneLine(err), hint)
	var stopped *stoppedError
	if cmd.Annotations[guestExit] != "" && !errors.As(err, &stopped) {
		return exitRunFailed
	}
	return code
}

func (a *app) printError(text, hint string) {
	quiet := a.ui.Quiet
	a.ui.Quiet = false
	a.ui.Say("%s %s", ui.Paint(a.ui.Color, ui.Bad, "error:"), text)
	if hint != "" {
		a.ui.Say("%s %s", ui.Paint(a.ui.Color, ui.Warn, "hint:"), hint)
	}
	a.ui.Quiet = quiet
}

// oneLine is an error's text without line breaks and control characters:
// some of it may come from a registry.
func oneLine(err error) string {
	return ui.Printable(strings.Join(strings.FieldsFunc(err.Error(), func(r rune) bool { return r == '\n' || r == '\r' }), "; "))
}

// explain maps an error to its exit code and a hint, which may be empty. It is
// the only place that does.
func explain(cmd *cobra.Command, err error) (code int, hint string) {
	for _, f := range []func(error) (int, string){explainVerify, explainUsage, explainSign, explainAttest, explainPython, explainJavaScript, explainBuild, explainSmoke, explainRegistry, explainContent, explainSystem} {
		if code, hint = f(err); code != 0 {
			break
		}
	}
	if code == exitUsage && hint == "" {
		hint = "see " + cmd.CommandPath() + " --help"
	}
	if code == 0 {
		code = exitFailure
	}
	return code, hint
}

func explainUsage(err error) (int, string) {
	var usage *usageError
	var value *valueError
	var ref *registry.RefError
	var option *pack.OptionError
	var fit *pack.ModuleError
	var workload *deploy.OptionError
	var file *project.Error
	switch {
	case errors.As(err, &file):
		return exitUsage, fileHint(file)
	case errors.As(err, &fit):
		return exitUsage, "wpk inspect shows what a module exports; --layout universal takes any module"
	case errors.As(err, &usage), errors.As(err, &value), errors.As(err, &option), errors.As(err, &workload):
		return exitUsage, ""
	case errors.As(err, &ref):
		return exitUsage, "a reference is host/repository:tag, oci:FOLDER:tag or oci-archive:FILE:tag; a module's file is ./FILE.wasm"
	}
	return 0, ""
}

func fileHint(e *project.Error) string {
	switch base := filepath.Base(e.File); {
	case e.Nearest != "":
		return "did you mean " + e.Nearest + "?"
	case base != "wpk.yaml" && base != "wpk.yml":
		return "docs/policy.md tells what a policy may hold"
	}
	return "docs/wpk-yaml.md lists the keys"
}

func explainBuild(err error) (int, string) {
	if code, hint := explainRuntime(err); code != 0 {
		return code, hint
	}
	var missing *build.MissingError
	var tool *build.ToolError
	var several *build.AmbiguousError
	var detect *build.DetectError
	var result *build.ResultError
	var target *build.TargetError
	var gem *build.GemError
	var size *build.SizeError
	switch {
	case errors.As(err, &gem):
		return exitBuild, "use a gem in pure Ruby instead, or leave this one out: bundle config set --local without GROUP && bundle clean"
	case errors.As(err, &size):
		return exitBuild, sizeHint(size)
	case errors.As(err, &target):
		return exitBuild, targetHint(target)
	case errors.As(err, &missing):
		return exitMissing, missingHint(missing)
	case errors.Is(err, build.ErrCgo):
		return exitBuild, cgoHint(err)
	case errors.As(err, &several):
		flag := "--package"
		switch several.What {
		case "programs":
			flag = "--bin"
		case "entry points":
			flag = "--entry"
		}
		return exitBuild, "choose one: " + flag + " " + strings.Join(several.Candidates, ", "+flag+" ")
	case errors.As(err, &tool):
		return exitBuild, toolHint(tool)
	case errors.As(err, &detect):
		return exitBuild, detectHint(detect)
	case errors.Is(err, build.ErrNoProgram):
		return exitBuild, "name the target to build with --bin NAME"
	case errors.Is(err, build.ErrNoWorld):
		return exitBuild, "put the library's WIT into DIR/wit, or name it: --wit FILE; docs/components.md tells more"
	case errors.Is(err, build.ErrOtherTarget):
		return exitBuild, "leave --target out, or say what the project makes"
	case errors.As(err, &result):
		return exitBuild, ""
	}
	return 0, ""
}

// explainRuntime explains what is wrong with a runtime pack, or lacks one.
func explainRuntime(err error) (int, string) {
	var missing *build.MissingError
	var abi *runtimepack.ABIError
	var format *runtimepack.FormatError
	var language *wrongLanguageError
	var state *stateError
	switch {
	case errors.As(err, &missing) && missing.Kind == build.KindRuntime:
		return exitMissing, "wpk toolchain build " + missing.Name + ", or wpk toolchain install REF for one in a registry"
	case errors.As(err, &abi) && abi.ABI > runtimepack.ABI:
		return exitContent, "the pack is for a newer wpk; wpk toolchain list shows those that fit"
	case errors.As(err, &abi):
		return exitContent, "the pack is for an older wpk: install or build a newer one"
	case errors.As(err, &language), errors.As(err, &format), errors.Is(err, pack.ErrNoRuntime):
		return exitContent, ""
	case errors.Is(err, runtimepack.ErrNoRecipe):
		return exitUsage, "--recipes FOLDER takes recipes of your own"
	case errors.As(err, &state):
		return exitStorage, "remove the file, and choose again with wpk toolchain install"
	}
	return 0, ""
}

func detectHint(e *build.DetectError) string {
	switch {
	case errors.Is(e, build.ErrNoPythonEntry):
		return entryHint(e)
	case errors.Is(e, build.ErrNoRubyScript):
		return "name the script: --bin FILE, or --bin NAME for one in exe or bin"
	case errors.Is(e, build.ErrNoRustProgram):
		return "wpk builds programs: src/main.rs, src/bin/NAME.rs, or a [[bin]] in Cargo.toml; --package and --bin choose one"
	case errors.Is(e, build.ErrNoRustReactor):
		return "a reactor is a library: [lib] crate-type = [\"cdylib\"] in Cargo.toml, and exported functions"
	case errors.Is(e, build.ErrNoGoModule):
		return "go mod init NAME"
	case errors.Is(e, build.ErrNoMainPackage):
		return "wpk builds programs; for a library of exported functions add a package main and --reactor"
	}
	return "wpk build DIR wants one of: " + strings.Join(e.Looked, ", ")
}

// missingHint is the command that installs what a build lacks.
func missingHint(e *build.MissingError) string {
	if e.Kind == build.KindTarget && strings.HasPrefix(e.Version, "go") {
		return "get " + e.Version + " or newer: https://go.dev/dl"
	}
	if hint := otherHint(e); hint != "" {
		return hint
	}
	if e.Rustup != "" || strings.HasPrefix(e.Name, "rust") || e.Name == "cargo" {
		return rustHint(e)
	}
	if e.Kind == build.KindSource {
		return "put the source package into a folder (apt-get source --download-only " + e.Name + "), and name it with --sources FOLDER"
	}
	pieces := append([]string{e.Name}, e.Also...)
	if e.Name == "clang" {
		// Projects with libraries will want it next.
		pieces = append(pieces, "llvm-ar")
	}
	command := installCommand(e.Version, pieces...)
	switch {
	case e.Name == "wasi-adapter" && command != "":
		return command + ", which has one; or name the file: WPK_WASI_ADAPTER=FILE"
	case command != "":
		return command
	case e.Kind == build.KindTarget && strings.HasPrefix(e.Name, "wasm32-"):
		return "without --cc and WASI_SDK_PATH, wpk looks for a compiler that can"
	case len(e.AnyOf) > 0:
		return "install " + e.Name + " or any of: " + strings.Join(e.AnyOf, ", ")
	}
	return "install " + e.Name + " and put it on PATH"
}

func explainSmoke(err error) (int, string) {
	var failed *smokeError
	var stopped *stoppedError
	var emulator *smoke.MissingEmulatorError
	var noRunner *smoke.MissingRunnerError
	var arch *runner.UnknownArchError
	var host *smoke.HostError
	var wrong *smoke.WrongRunError
	var imports *engine.ImportError
	var component *componentError
	errors.As(err, &component)
	switch {
	case errors.As(err, &arch):
		return exitUsage, ""
	case errors.As(err, &host):
		return exitMissing, "emulation needs Linux with qemu-user; --arch chooses architectures"
	case errors.As(err, &wrong), errors.Is(err, engine.ErrDigest):
		return exitContent, ""
	case errors.Is(err, engine.ErrCache):
		return exitStorage, "remove the folder, or keep the cache elsewhere with WPK_CACHE_DIR=FOLDER"
	case errors.Is(err, engine.ErrNoCompiler):
		return exitUsage, "--engine interpreter runs everywhere"
	case errors.As(err, &failed):
		return exitSmoke, ""
	case errors.As(err, &stopped):
		return stopped.exitCode(), limitHint(stopped.result.Stop)
	case errors.As(err, &emulator):
		if command := installCommand("", "qemu"); command != "" {
			return exitMissing, command
		}
		return exitMissing, "emulation needs Linux with qemu-user; --arch chooses architectures"
	case errors.As(err, &noRunner):
		return exitMissing, "install Go, or a release of wpk, which carries the runners; --arch chooses architectures"
	case errors.As(err, &imports):
		return exitContent, "wpk inspect shows what the module imports; it runs only with a host that offers that"
	case errors.Is(err, engine.ErrComponent):
		return exitContent, componentHint(component)
	case errors.Is(err, engine.ErrNoEntry):
		return exitContent, "wpk runs commands (_start) and reactors (_initialize)"
	case errors.Is(err, engine.ErrNotWasm), errors.Is(err, engine.ErrTooLarge):
		return exitContent, ""
	}
	return 0, ""
}

func limitHint(stop engine.Stop) string {
	switch stop {
	case engine.StopTime:
		return "--timeout sets the limit"
	case engine.StopMemory:
		return "--memory sets the limit"
	}
	return ""
}

func explainRegistry(err error) (int, string) {
	host := "HOST"
	var e *registry.Error
	if errors.As(err, &e) {
		if ref, perr := registry.ParseRef(e.Ref); perr == nil && ref.Host != "" {
			host = ref.Host
		}
	}
	switch {
	case errors.Is(err, registry.ErrUnauthorized):
		return exitRefused, "log in first: docker login " + host + " (or podman, oras, crane: wpk reads Docker's config and helpers)"
	case errors.Is(err, registry.ErrDenied):
		return exitRefused, "the account may not do this here; check its rights and the repository's name"
	case errors.Is(err, registry.ErrTooLarge):
		return exitRefused, "the registry, or a proxy before it, limits the size of an upload"
	case errors.Is(err, registry.ErrRejected):
		return exitRefused, rejectedHint(err)
	case errors.Is(err, registry.ErrNotFound) && e != nil && e.Status != 0:
		return exitNotFound, "check the name and the tag; some registries want a repository to be created first"
	case errors.Is(err, registry.ErrNotFound):
		return exitNotFound, "wpk list shows the local store"
	case errors.Is(err, registry.ErrRateLimited):
		return exitUnreachable, "wait, or log in for a higher limit: docker login " + host
	case errors.Is(err, registry.ErrServer):
		return exitUnreachable, "the registry's fault; try again later"
	case errors.Is(err, registry.ErrUnreachable):
		return exitUnreachable, "check the host name and the network; a registry without TLS needs --plain-http"
	case errors.Is(err, registry.ErrCorrupt):
		return exitContent, "remove the damaged copy and fetch it again: wpk remove REF, then wpk pull REF"
	case errors.Is(err, registry.ErrStore):
		return exitStorage, storageHint(err)
	}
	return 0, ""
}

func explainContent(err error) (int, string) {
	var digest *pack.DigestError
	var invalid *pack.InvalidError
	var limit *pack.LimitError
	var format *wasm.FormatError
	var choice *pack.ChoiceError
	var size *registry.SizeError
	var cannot *cannotStartError
	var occupied *occupiedError
	switch {
	case errors.As(err, &choice):
		return exitContent, "choose one: --module " + choice.Modules[0]
	case errors.As(err, &size):
		return exitContent, "wpk copy takes content of any size"
	case errors.As(err, &cannot):
		return exitContent, cannot.hint()
	case errors.As(err, &occupied):
		return exitStorage, "--replace-export replaces what an earlier export has written, and nothing else"
	case errors.As(err, &digest):
		return exitContent, "the content was damaged on its way or at rest; fetch it again"
	case errors.Is(err, pack.ErrNoModule):
		return exitContent, "is it a WebAssembly image? its Entrypoint must name the module"
	case errors.As(err, &invalid), errors.As(err, &limit), errors.As(err, &format):
		return exitContent, ""
	}
	return 0, ""
}

func explainSystem(err error) (int, string) {
	var path *fs.PathError
	var link *os.LinkError
	switch {
	case errors.Is(err, fs.ErrNotExist):
		return exitNotFound, ""
	case errors.Is(err, server.ErrNotLoopback):
		return exitUsage, "--allow-remote-clients lets them in"
	case errors.Is(err, syscall.EADDRINUSE):
		return exitFailure, "--addr 127.0.0.1:0 takes a free port"
	case errors.Is(err, errNoHome):
		return exitStorage, "set WPK_DATA_DIR and WPK_CACHE_DIR"
	case errors.As(err, &path), errors.As(err, &link):
		return exitStorage, storageHint(err)
	}
	return 0, ""
}

func storageHint(err error) string {
	switch {
	case errors.Is(err, syscall.ENOSPC):
		return "free some space, or keep the store elsewhere with WPK_DATA_DIR=FOLDER"
	case errors.Is(err, fs.ErrPermission), errors.Is(err, syscall.EROFS):
		return "make the folder writable, or keep the store elsewhere with WPK_DATA_DIR=FOLDER"
	}
	return ""
}
