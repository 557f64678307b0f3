package build

import (
	"os"
	"slices"
	"strings"
	"testing"
)

// TestRustInventoryIsWhatIsCompiled builds a program with crates of every kind beside it.
func TestRustInventoryIsWhatIsCompiled(t *testing.T) {
	needRust(t)
	crate := func(name, more string) string {
		return "[package]\nname = \"" + name + "\"\nversion = \"0.1.0\"\nedition = \"2018\"\nlicense = \"MIT/Apache-2.0\"\n" + more
	}
	dir := project(t, map[string]string{
		"Cargo.toml": crate("app", "[features]\nextra = [\"optional\"]\n[dependencies]\nused = { path = \"used\" }\nhelper = { path = \"helper\" }\noptional = { path = \"optional\", optional = true }\n"+
			"[target.'cfg(unix)'.dependencies]\nnative = { path = \"native\" }\n[dev-dependencies]\ntesting = { path = \"testing\" }\n[build-dependencies]\nscript = { path = \"script\" }\n[workspace]\n"),
		"build.rs":            "fn main() { script::f() }\n",
		"src/main.rs":         "helper::nothing!();\nfn main() { used::f() }\n",
		"used/Cargo.toml":     crate("used", "[dependencies]\ndeep = { path = \"../deep\" }\n"),
		"used/src/lib.rs":     "pub fn f() { deep::f() }\n",
		"deep/Cargo.toml":     crate("deep", ""),
		"deep/src/lib.rs":     "pub fn f() { println!(\"deep\") }\n",
		"helper/Cargo.toml":   crate("helper", "[lib]\nproc-macro = true\n"),
		"helper/src/lib.rs":   "use proc_macro::TokenStream;\n#[proc_macro]\npub fn nothing(t: TokenStream) -> TokenStream { t }\n",
		"optional/Cargo.toml": crate("optional", ""), "optional/src/lib.rs": "",
		"native/Cargo.toml": crate("native", ""), "native/src/lib.rs": "",
		"testing/Cargo.toml": crate("testing", ""), "testing/src/lib.rs": "",
		"script/Cargo.toml": crate("script", ""), "script/src/lib.rs": "pub fn f() {}\n",
	})
	o := Options{Dir: dir, Env: append(os.Environ(), "CARGO_NET_OFFLINE=true"), Cache: t.TempDir(), Inventory: true}
	m, err := Build(t.Context(), o)
	if err != nil {
		t.Fatal(err)
	}
	var got []string
	for _, d := range m.Facts.Dependencies {
		got = append(got, d.Name+" "+string(d.Relation))
		if d.Kind == DependencyCrate && d.License != "MIT OR Apache-2.0" {
			t.Errorf("%s: licence %q", d.Name, d.License)
		}
	}
	if want := []string{"deep indirect", "helper build", "rust-std direct", "script build", "used direct"}; !slices.Equal(got, want) {
		t.Errorf("%q, want %q", got, want)
	}
	if exists(dir, cargoLock) {
		t.Error("a lock file is left")
	}
	if !slices.ContainsFunc(m.Facts.Varies, func(s string) bool { return strings.Contains(s, cargoLock) }) {
		t.Errorf("varies: %q", m.Facts.Varies)
	}
	o.Rust.Features = []string{"extra"}
	if m, err = Build(t.Context(), o); err != nil {
		t.Fatal(err)
	}
	if !slices.ContainsFunc(m.Facts.Dependencies, func(d Dependency) bool { return d.Name == "optional" && d.Relation == RelationDirect }) {
		t.Errorf("a feature's crate is missing: %+v", m.Facts.Dependencies)
	}
}
