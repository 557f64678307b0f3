package inspect

import (
	"bytes"
	"encoding/xml"
	"errors"
	"io"
	"slices"
	"strings"
	"testing"

	"github.com/wpkdev/wpk/wasm"
)

func TestCapabilities(t *testing.T) {
	m := &wasm.Module{Imports: []wasm.Import{
		{Module: "wasi_snapshot_preview1", Name: "path_open"},
		{Module: "wasi_snapshot_preview1", Name: "fd_write"},
		{Module: "wasi_snapshot_preview1", Name: "fd_prestat_get"},
		{Module: "wasi_snapshot_preview1", Name: "sock_accept"},
		{Module: "wasi_snapshot_preview1", Name: "clock_time_get"},
		{Module: "wasi_unstable", Name: "random_get"},
		{Module: "env", Name: "log"},
		{Module: "env", Name: "proxy_log"},
		{Module: "wasi", Name: "thread-spawn"},
	}}
	var got []string
	for _, c := range Capabilities(m) {
		got = append(got, c.Name+": "+strings.Join(c.Imports, " "))
		if c.Allows == "" {
			t.Errorf("%s says nothing", c.Name)
		}
	}
	want := []string{
		"files: wasi_snapshot_preview1.path_open", "sockets: wasi_snapshot_preview1.sock_accept",
		"streams: wasi_snapshot_preview1.fd_write", "clocks: wasi_snapshot_preview1.clock_time_get", "random: wasi_unstable.random_get",
		"threads: wasi.thread-spawn", "proxy: env.proxy_log", "plumbing: wasi_snapshot_preview1.fd_prestat_get", "other: env.log",
	}
	if !slices.Equal(got, want) {
		t.Errorf("got %q", got)
	}
	for face, want := range map[string]string{
		"wasi:filesystem/preopens@0.2.0": capFiles, "wasi:sockets/tcp@0.3.0": capSockets, "wasi:http/outgoing-handler@0.2.0": capHTTP, "wasi:http/types@0.2.0": capPlumbing,
		"wasi:cli/environment@0.2.0": capEnv, "wasi:cli/stdin": capStdio, "wasi:cli/exit@0.2.3": capProcess, "wasi:clocks/wall-clock@0.2.0": capClocks,
		"wasi:random/random@0.2.0": capRandom, "wasi:io/poll@0.2.0": capPlumbing, "wasi:keyvalue/store@0.2.0-draft": capStores, "acme:app/api": capOther, "": capOther,
	} {
		c := Capabilities(&wasm.Module{Kind: wasm.Component, Imports: []wasm.Import{{Name: face}}})
		if len(c) != 1 || c[0].Name != want {
			t.Errorf("%s: %+v, want %s", face, c, want)
		}
	}
}

func TestOrigins(t *testing.T) {
	golang, rust, c := []string{"Go"}, []string{"C99", "Rust"}, []string{"C99"}
	for symbol, tt := range map[string]struct {
		languages []string
		want      Origin
	}{
		"main.main":                         {golang, Origin{"Go", "main", "main.main"}},
		"net/http.(*Server).Serve":          {golang, Origin{"Go", "net/http", "net/http.(*Server).Serve"}},
		"(*net/http.Server).Serve":          {golang, Origin{"Go", "net/http", "(*net/http.Server).Serve"}},
		"gopkg.in/yaml%2ev3.Unmarshal":      {golang, Origin{"Go", "gopkg.in/yaml.v3", "gopkg.in/yaml%2ev3.Unmarshal"}},
		"slices.SortFunc[go.shape.[]a/b.T]": {golang, Origin{"Go", "slices", "slices.SortFunc[go.shape.[]a/b.T]"}},
		"type:.eq.main.T":                   {golang, Origin{"Go", "main", "type:.eq.main.T"}},
		"go:buildid":                        {golang, Origin{"Go", "runtime", "go:buildid"}},
		"memeqbody":                         {golang, Origin{"Go", "runtime", "memeqbody"}},
		"_ZN4core3fmt9Formatter3pad17h0123456789abcdefE":                                          {rust, Origin{"Rust", "core", "core::fmt::Formatter::pad"}},
		"_ZN58_$LT$alloc..string..String$u20$as$u20$core..fmt..Debug$GT$3fmt17h0123456789abcdefE": {rust, Origin{"Rust", "alloc", "<alloc::string::String as core::fmt::Debug>::fmt"}},
		"_ZN42_$LT$$RF$T$u20$as$u20$core..fmt..Debug$GT$3fmt17h0123456789abcdefE":                 {rust, Origin{"Rust", "core", "<&T as core::fmt::Debug>::fmt"}},
		"_RNvNtCs1234_7mycrate3foo3bar":                                                           {rust, Origin{"Rust", "mycrate", "mycrate::foo::bar"}},
		"std::io::Write::write_all::h0123456789abcdef":                                            {rust, Origin{"Rust", "std", "std::io::Write::write_all"}},
		"<alloc::vec::Vec<T> as core::ops::Drop>::drop::h0123456789abcdef":                        {rust, Origin{"Rust", "alloc", "<alloc::vec::Vec<T> as core::ops::Drop>::drop"}},
		"malloc":                                {rust, Origin{"C", "", "malloc"}},
		"main":                                  {c, Origin{"C", "", "main"}},
		"a.b":                                   {c, Origin{"C", "", "a.b"}},
		"_ZNKSt3__112basic_stringIcE4sizeEv":    {c, Origin{"C++", "std", "std::__1::basic_string"}},
		"_ZN8tinyxml211XMLDocument5ParseEPKcm":  {c, Origin{"C++", "tinyxml2", "tinyxml2::XMLDocument::Parse"}},
		"_Z3foov":                               {c, Origin{"C++", "", "foo"}},
		"std::__2::vector<int>::push_back(int)": {c, Origin{"C++", "std", "std::__2::vector<int>::push_back(int)"}},
		"void demo::f<int>(int)":                {c, Origin{"C++", "demo", "void demo::f<int>(int)"}},
		"~lib/rt/itcms/__new":                   {nil, Origin{"AssemblyScript", "~lib/rt/itcms", "~lib/rt/itcms/__new"}},
		"":                                      {c, Origin{}},
	} {
		if got := OriginOf(symbol, tt.languages); got != tt.want {
			t.Errorf("%s: %+v", symbol, got)
		}
	}
}

func FuzzOrigin(f *testing.F) {
	for _, s := range []string{"_ZN4core3fmt17h0123456789abcdefE", "_RNvCs_1a", "a/b.(*T).m", "void a::b<c>(d)", "_ZNKSt3__1"} {
		f.Add(s, "Go")
		f.Add(s, "Rust")
		f.Add(s, "")
	}
	f.Fuzz(func(t *testing.T, symbol, language string) {
		if o := OriginOf(symbol, []string{language}); len(o.Package) > 3*len(symbol) || len(o.Name) > 3*len(symbol) {
			t.Fatalf("%q became %+v", symbol, o)
		}
	})
}

func TestShortNames(t *testing.T) {
	for name, want := range map[string]string{
		"void std::__2::get<int, a<b> >::do_get(int, c::d)": "get::do_get",
		"<&T as core::fmt::Debug>::fmt":                     "Debug>::fmt",
		"core::fmt::Formatter::pad":                         "Formatter::pad",
		"std::f":                                            "std::f",
	} {
		if got := shortName(FunctionSize{Origin: Origin{Name: name, Package: "core"}}); got != want {
			t.Errorf("%s: %s", name, got)
		}
	}
	if got := shortName(FunctionSize{Origin: Origin{Name: "net/http.(*Server).Serve", Package: "net/http"}}); got != "(*Server).Serve" {
		t.Error(got)
	}
}

// TestSquarify holds that the parts fill the whole, and lie apart.
func TestSquarify(t *testing.T) {
	sizes := []int64{600, 600, 400, 300, 200, 200, 100, 1, 1}
	whole := rect{10, 20, 6000, 4000}
	var area int64
	all := squarify(sizes, whole)
	for i, r := range all {
		area += r.w * r.h
		if r.x < whole.x || r.y < whole.y || r.x+r.w > whole.x+whole.w || r.y+r.h > whole.y+whole.h {
			t.Errorf("%+v is outside", r)
		}
		for _, other := range all[:i] {
			if r.x < other.x+other.w && other.x < r.x+r.w && r.y < other.y+other.h && other.y < r.y+r.h {
				t.Errorf("%+v is on %+v", r, other)
			}
		}
	}
	if total := whole.w * whole.h; len(all) != len(sizes) || area < total*99/100 || area > total {
		t.Errorf("%d parts cover %d of %d", len(all), area, total)
	}
}

// hostile is a file whose names would break out of an image or a page.
func hostile() Picture {
	bad := "</title><script>alert(1)</script>\x00\u202e" + strings.Repeat("long", 1000)
	return Picture{
		Title: bad, Total: 1 << 40, Bytes: func(int64) string { return "<1 B>" },
		Sizes: &Sizes{
			Sections:  []wasm.SectionSize{{Name: "code", Size: 1 << 39}, {Name: bad, Custom: true, Size: 1 << 39}, {Name: "empty"}},
			Packages:  []PackageSize{{Language: bad, Package: bad, Functions: 1, Size: 1 << 39}},
			Functions: []FunctionSize{{Origin: Origin{Language: bad, Package: bad, Name: bad}, Size: 1 << 39}},
		},
	}
}

func TestPicturesEscape(t *testing.T) {
	for name, draw := range map[string]func(io.Writer, Picture) error{"SVG": WriteSVG, "HTML": WriteHTML} {
		var first, second bytes.Buffer
		if err := errors.Join(draw(&first, hostile()), draw(&second, hostile())); err != nil {
			t.Fatal(err)
		}
		if first.String() != second.String() {
			t.Errorf("%s: two pictures differ", name)
		}
		if text := first.String(); strings.Contains(text, "<script") || strings.ContainsAny(text, "\x00\u202e") || len(text) > 20_000 {
			t.Errorf("%s: %d bytes, %.300s", name, len(text), text)
		}
		if name == "SVG" {
			for d := xml.NewDecoder(&first); ; {
				if _, err := d.Token(); errors.Is(err, io.EOF) {
					break
				} else if err != nil {
					t.Fatal(err)
				}
			}
		}
	}
}
