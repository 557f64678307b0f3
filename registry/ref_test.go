package registry

import (
	"errors"
	"strings"
	"testing"
)

const someDigest = "sha256:e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"

func TestParseRef(t *testing.T) {
	tests := []struct{ in, want, path, reference string }{
		{"alpine", "docker.io/library/alpine:latest", "", "latest"},
		{"hello:1.0", "docker.io/library/hello:1.0", "", "1.0"},
		{"acme/hello", "docker.io/acme/hello:latest", "", "latest"},
		{"index.docker.io/hello", "docker.io/library/hello:latest", "", "latest"},
		{"localhost/x", "localhost/x:latest", "", "latest"},
		{"localhost:5000/demo/hello:1.0", "localhost:5000/demo/hello:1.0", "", "1.0"},
		{"127.0.0.1:5000/x", "127.0.0.1:5000/x:latest", "", "latest"},
		{"[::1]:5000/x:y", "[::1]:5000/x:y", "", "y"},
		{"[::1]/x", "[::1]/x:latest", "", "latest"},
		{"GHCR.io/a/b-c__d.e:V1", "ghcr.io/a/b-c__d.e:V1", "", "V1"},
		{"ghcr.io/a/b@" + someDigest, "ghcr.io/a/b@" + someDigest, "", someDigest},
		{"ghcr.io/a/b:1@" + someDigest, "ghcr.io/a/b:1@" + someDigest, "", someDigest},
		{"oci:out", "oci:out", "out", ""},
		{"oci:out:1.0", "oci:out:1.0", "out", "1.0"},
		{"oci:./a.b/c:1@" + someDigest, "oci:./a.b/c:1@" + someDigest, "./a.b/c", someDigest},
		{`oci:C:\images\x`, `oci:C:\images\x`, `C:\images\x`, ""},
		{`oci:C:\images\x:1.0`, `oci:C:\images\x:1.0`, `C:\images\x`, "1.0"},
		{"oci:C:/images/x:1.0", "oci:C:/images/x:1.0", "C:/images/x", "1.0"},
		{"oci:/home/me@work/x", "oci:/home/me@work/x", "/home/me@work/x", ""},
		{"oci-archive:a.tar", "oci-archive:a.tar", "a.tar", ""},
		{"oci-archive:/tmp/a.tar:1", "oci-archive:/tmp/a.tar:1", "/tmp/a.tar", "1"},
	}
	for _, tt := range tests {
		ref, err := ParseRef(tt.in)
		if err != nil {
			t.Errorf("%s: %v", tt.in, err)
			continue
		}
		if ref.String() != tt.want || ref.Path != tt.path || ref.Reference() != tt.reference {
			t.Errorf("%s: got %s, path %q, reference %q", tt.in, ref, ref.Path, ref.Reference())
		}
	}
}

func TestParseRefErrors(t *testing.T) {
	tests := []struct {
		in     string
		offset int
		reason string
	}{
		{"", 0, "empty"},
		{"https://ghcr.io/a/b", 0, "scheme"},
		{"ghcr.io/Acme/hello", 8, `upper case 'A'`},
		{"ghcr.io/acme/hellO:1", 17, `upper case 'O'`},
		{"ghcr.io/", 8, "repository is missing"},
		{"localhost:5000", 14, "repository is missing"},
		{"ghcr.io/:1", 8, "repository is missing"},
		{"/x", 0, "host is missing"},
		{"ghcr.io/a//b", 10, "empty"},
		{"ghcr.io/a/b:", 12, "tag after \":\" is empty"},
		{"ghcr.io/a/b:-x", 12, "cannot stand there"},
		{"ghcr.io/a/b:x y", 13, "cannot stand there"},
		{"ghcr.io/a/b:" + strings.Repeat("x", 129), 12, "129 characters"},
		{"ghcr.io/a/b@sha256:abc", 12, "not a digest"},
		{"ghcr.io/a/b@md5:d41d8cd98f00b204e9800998ecf8427e", 12, "not a digest"},
		{"ghcr.io:99999/a", 8, "not a port"},
		{"gh cr.io/a", 2, "not possible in a host"},
		{"ghcr..io/a", 0, "not a host name"},
		{"[::1/a", 0, "not possible in a host"},
		{"Acme/hello", 0, "upper case 'A'"},
		{"ghcr.io/a/-b", 10, "cannot stand there"},
		{"ghcr.io/a/b.-c", 11, "cannot stand there"},
		{"ghcr.io/a/ü", 10, "not possible in a repository"},
		{"ghcr.io/" + strings.Repeat("a", 256), 8, "256 characters"},
		{"oci:", 4, "path is missing"},
		{"oci::1", 4, "path is missing"},
		{"oci:x:", 6, "tag after"},
		{"oci:x@sha256:12", 6, "not a digest"},
		{"oci-archive:", 12, "path is missing"},
	}
	for _, tt := range tests {
		_, err := ParseRef(tt.in)
		var e *RefError
		if !errors.As(err, &e) {
			t.Errorf("%q: got %v, want a RefError", tt.in, err)
			continue
		}
		if !strings.Contains(e.Reason, tt.reason) || e.Offset != tt.offset {
			t.Errorf("%q: got %v (offset %d), want %q at %d", tt.in, e, e.Offset, tt.reason, tt.offset)
		}
		if strings.ContainsAny(e.Error(), "\n\r\x1b") {
			t.Errorf("%q: control characters in %q", tt.in, e)
		}
	}
}

func TestIsLoopback(t *testing.T) {
	for host, want := range map[string]bool{
		"localhost": true, "LOCALHOST:5000": true, "127.0.0.1": true, "127.9.9.9:1": true, "[::1]:5000": true, "[::1]": true,
		"localhost.example": false, "127.0.0.1.example": false, "10.0.0.1:5000": false, "[::2]": false, "": false, "ghcr.io": false,
	} {
		if got := isLoopbackHost(host); got != want {
			t.Errorf("%q: %v", host, got)
		}
	}
}

// FuzzParseRef checks that nothing panics, that every failure is a RefError
// pointing into the input, and that String gives the same reference back.
func FuzzParseRef(f *testing.F) {
	for _, s := range []string{
		"alpine", "localhost:5000/a/b:1@" + someDigest, "oci:C:\\x:1", "oci-archive:a@b:c.tar", "[::1]:1/a", "A/b", "::", "oci:a:b:c", "oci:/:x", "a:1/b",
	} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, s string) {
		ref, err := ParseRef(s)
		if err != nil {
			var e *RefError
			if !errors.As(err, &e) || e.Offset < 0 || e.Offset > len(s) {
				t.Fatalf("%q: %#v", s, err)
			}
			return
		}
		again, err := ParseRef(ref.String())
		if err != nil || again != ref {
			t.Fatalf("%q became %#v, then %#v, %v", s, ref, again, err)
		}
	})
}
