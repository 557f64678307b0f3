package build

import (
	"context"
	"path/filepath"
	"slices"
	"strings"
)

// The pieces of Rust, as [MissingError] names them. The linker is pieceLinker, C's.
const (
	pieceRustc   = "rustc"
	pieceCargo   = "cargo"
	pieceRustStd = "rust-std-wasm32"
)

// complete finds what a rustc needs beside itself.
func (f *rustFinder) complete(ctx context.Context, r *rustCompiler) error {
	if r.cargo = f.cargoOf(r); r.cargo == "" {
		return f.withLinker(r, &MissingError{Kind: KindTool, Name: pieceCargo, Purpose: "builds Rust projects"})
	}
	if !f.links(r) {
		return &MissingError{Kind: KindTool, Name: pieceLinker, Purpose: "links WebAssembly"}
	}
	said, err := f.answers.about(r.cargo, func() ([]string, error) {
		version, err := f.ask(ctx, r.cargo, "-V") // "cargo 1.65.0", and a revision in parentheses
		return []string{filepath.Join(r.sysroot, "bin", "cargo"), version}, err
	})
	if err == nil && len(said) == 2 {
		if fields := strings.Fields(said[1]); len(fields) > 1 {
			r.cargoVersion = fields[1]
		}
	}
	return context.Cause(ctx)
}

// cargoOf finds the cargo of a rustc: the one beside it, of the same version if its name has one, else the first on
// PATH. A cargo and a rustc of different versions need not understand each other.
func (f *rustFinder) cargoOf(r *rustCompiler) string {
	dir, base := filepath.Split(r.path)
	for _, name := range []string{filepath.Join(dir, strings.Replace(base, "rustc", "cargo", 1)), filepath.Join(dir, "cargo"), "cargo"} {
		if p, err := f.Exec.LookPath(name, f.Env); err == nil && p != r.path {
			return p
		}
	}
	return ""
}

// links finds a linker. rustc itself looks for rust-lld in its sysroot and on PATH. The one in the sysroot is its own; the
// one on PATH is any lld's, and may be years older than rustc and the C library. So the linker of rustc's own LLVM comes
// before that, if it is there, and any other after. Those must be named, unless the caller has named one.
func (f *rustFinder) links(r *rustCompiler) bool {
	if r.target == rustComponentTarget || getenv(f.Env, r.variable("LINKER")) != "" {
		return true
	}
	if own, _ := filepath.Glob(filepath.Join(globQuote(r.sysroot), "lib", "rustlib", "*", "bin", "rust-lld*")); slices.ContainsFunc(own, f.has) {
		return true
	}
	if p, err := f.Exec.LookPath(pieceLinker+"-"+r.llvm, f.Env); err == nil && r.llvm != "" {
		r.linker = p
		return true
	}
	if f.has("rust-lld") {
		return true
	}
	for _, name := range llvmNames(pieceLinker) {
		if p, err := f.Exec.LookPath(name, f.Env); err == nil {
			r.linker = p
			return true
		}
	}
	return false
}

// linksComponents finds the linker that makes components, which comes with rustup's toolchains:
// https://doc.rust-lang.org/rustc/platform-support/wasm32-wasip2.html
func (f *rustFinder) linksComponents(r *rustCompiler) bool {
	const linker = "wasm-component-ld"
	at := *r
	at.target = rustComponentTarget
	if getenv(f.Env, at.variable("LINKER")) != "" || f.has(linker) {
		return true
	}
	own, _ := filepath.Glob(filepath.Join(globQuote(r.sysroot), "lib", "rustlib", "*", "bin", linker+"*"))
	return slices.ContainsFunc(own, f.has)
}

func (f *rustFinder) has(program string) bool {
	_, err := f.Exec.LookPath(program, f.Env)
	return err == nil
}

// missing names what stands between this machine and WASI programs. A rustc of rustup's gets its pieces from rustup;
// the distribution's, once it is there, from the distribution.
func (f *rustFinder) missing() error {
	if file, channel := toolchainFile(f.Dir); f.mute && channel != "" {
		return &MissingError{
			Kind: KindTool, Name: pieceRustc, Purpose: file + " asks for the toolchain " + channel, Rustup: rustTargets[0], Toolchain: channel,
		}
	}
	if len(f.failed) == 0 {
		return f.withLinker(&rustCompiler{}, &MissingError{
			Kind: KindTool, Name: pieceRustc, Purpose: "compiles Rust", Also: []string{pieceCargo, pieceRustStd},
		})
	}
	own := slices.IndexFunc(f.failed, func(r *rustCompiler) bool { return !r.fromRustup() })
	r := f.failed[max(own, 0)]
	e := r.without(r.target)
	e.Looked = f.asked()
	if own < 0 {
		return e
	}
	if f.cargoOf(r) == "" {
		e.Also = []string{pieceCargo}
	}
	return f.withLinker(r, e)
}

// asked are the compilers that were asked for the library.
func (f *rustFinder) asked() []string {
	var all []string
	for _, r := range f.failed {
		all = append(all, strings.TrimSpace(r.path+" "+r.version))
	}
	return all
}

// withLinker adds the linker to what is missing, when it is.
func (f *rustFinder) withLinker(r *rustCompiler, e *MissingError) error {
	if !f.links(r) {
		e.Also = append(e.Also, pieceLinker)
	}
	return e
}

// fromRustup reports whether rustup manages a rustc: it keeps each toolchain below one folder.
func (r *rustCompiler) fromRustup() bool {
	return filepath.Base(filepath.Dir(r.sysroot)) == "toolchains"
}
