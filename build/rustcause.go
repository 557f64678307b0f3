package build

import (
	"errors"
	"slices"
	"strings"
)

// What cargo and rustc say, for people: each is matched in the forms that it had from 1.63 to 1.96.
var (
	failedCrate = lazyRegexp("(?m)^error: (?:could not compile|failed to run custom build command for) `([^` ]+)")
	// needsNewer are the ways to say that a project is for a newer Rust: in a dependency, an edition, a lock file. What
	// the groups match tells the version.
	needsNewer = lazyRegexp("requires rustc ([0-9.]+[0-9])|feature `edition([0-9]{4})` is required|" +
		"older than the `([0-9]{4})` edition|lock file version [`']?([4-9])|supported edition values are")
	// noTarget is rustc's word for a standard library that is not there, and for a target that it does not know.
	noTarget = lazyRegexp("the `([\\w-]+)` target may not be installed|(?i:could not find specification for target) \"([\\w-]+)\"")
	// noCCompiler is what the crates cc and cmake say without a compiler that can make WebAssembly.
	noCCompiler = lazyRegexp(`(?i)failed to find tool|ToolNotFound|is .{1,60} (?:not )?installed\?|file not found|unable to create target|unknown target triple`)
	// cargoOffline is what cargo says when it may not or cannot download.
	cargoOffline = lazyRegexp(`(?i)--offline was specified|offline mode|failed to download|Unable to update|network failure|Could not resolve host`)
)

// since are the first versions of Rust that know an edition or a version of the lock file.
var since = map[string]string{"2021": "1.56", "2024": "1.85", "4": "1.78"}

// neededRust returns the version of Rust that a project is for, as far as cargo has told it.
func neededRust(said string) (version string, tooOld bool) {
	for _, m := range needsNewer().FindAllStringSubmatch(said, -1) {
		tooOld = true
		v := strings.Join(m[1:], "")
		if since[v] != "" {
			v = since[v]
		}
		if version == "" || olderThan(version, v) {
			version = v
		}
	}
	return version, tooOld
}

// explain finds the causes of cargo's failure in what it said. When a piece of the toolchain is missing, the error says
// that instead.
func (c *cargoCommand) explain(failed *ToolError, said string) error {
	if needed, ok := neededRust(said); ok {
		failed.Causes = append(failed.Causes, Cause{Kind: CauseOldTool, Subject: strings.TrimSpace("Rust " + needed)})
		return failed
	}
	if m := noTarget().FindStringSubmatch(said); m != nil {
		return c.rust.without(m[1] + m[2])
	}
	crates := failedCrate().FindAllStringSubmatch(said, -1)
	for _, m := range crates {
		if c.ws.has(m[1]) {
			continue // the compiler's words about the user's own code say it all
		}
		var missing *MissingError
		if errors.As(c.cc, &missing) && noCCompiler().MatchString(said) {
			e := *missing
			e.Purpose = "compiles the C code of the dependency " + m[1]
			return &e
		}
		failed.Causes = append(failed.Causes, Cause{Kind: CauseDependency, Subject: m[1]})
	}
	if len(crates) == 0 && cargoOffline().MatchString(said) {
		failed.Causes = append(failed.Causes, Cause{Kind: CauseDownload})
	}
	// A linker misses C functions of Rust's programs as it does those of C's.
	failed.Causes = append(failed.Causes, cCauses(said)...)
	return failed
}

// has reports whether a package belongs to the workspace; nil has none.
func (ws *cargoWorkspace) has(name string) bool {
	return ws != nil && slices.ContainsFunc(ws.Packages, func(p cargoPackage) bool { return p.Name == name })
}

// tooOld is the error when the project is for a newer Rust than the last one that can make WASI programs. Often a newer
// one is there that only lacks the standard library.
func (f *rustFinder) tooOld(r *rustCompiler, failed *ToolError) error {
	needed := r.version
	for _, c := range failed.Causes {
		if _, v, ok := strings.Cut(c.Subject, " "); ok && c.Kind == CauseOldTool {
			needed = v
		}
	}
	for _, other := range f.failed {
		if olderThan(r.version, other.version) && !olderThan(other.version, needed) {
			e := other.without(other.target)
			e.Purpose += " for rustc " + other.version + ", since rustc " + r.version + " is too old for this project"
			return e
		}
	}
	return failed
}

// without is the error for a standard library that a rustc lacks. A rustc of rustup's gets it from rustup.
func (r *rustCompiler) without(target string) *MissingError {
	e := &MissingError{Kind: KindTarget, Name: pieceRustStd, Purpose: "is Rust's standard library for " + target}
	if !strings.HasPrefix(target, "wasm") {
		e.Name = "rust-std" // the machine's own, for build scripts and macros
	}
	if r.fromRustup() {
		e.Rustup = target
	}
	return e
}
