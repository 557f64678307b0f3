package policy

import (
	"fmt"
	"strings"

	"github.com/wpkdev/wpk/verify"
)

// Draft is a policy to begin with.
type Draft struct {
	Name       string
	Images     []string // globs
	Keys       []string // public keys in PEM
	Identities []verify.Identity
	Warn       bool // mode: warn
	// What wpk.dev/require is to hold; what is empty is shown as a comment.
	Architectures []string
	Capabilities  []string
	MaxAge        string
	MinVersion    string
	Sources       []string
}

// YAML writes the draft with comments for whoever goes on with it.
func (d Draft) YAML() []byte {
	b := new(strings.Builder)
	fmt.Fprintf(b, `# Who may have signed which artifacts. wpk verify --policy reads this file, and so does
# sigstore's policy-controller in a cluster: kubectl apply -f FILE
apiVersion: %s
kind: %s
metadata:
  name: %s
  annotations:
    # Conditions that wpk checks; a cluster leaves them alone.
    %s: |
      # The signer must have named the repository that the artifact is taken from. A mirror
      # names the original: repository: [ghcr.io/acme/app]. wpk names it; cosign 3 names none in
      # a bundle, so leave this out for what that signs.
      repository: [same]
`, versionBeta, kindImagePolicy, scalar(d.Name), annotationRequire)
	d.conditions(b)
	b.WriteString("spec:\n  # * stands for anything but /, ** for anything. In a cluster names end in @sha256:…, so end\n  # the patterns with **. An artifact that no policy is for is refused.\n  images:\n")
	for _, image := range d.Images {
		fmt.Fprintf(b, "  - glob: %s\n", scalar(image))
	}
	if d.Warn {
		b.WriteString("  mode: warn # tell, and let pass\n")
	} else {
		b.WriteString("  mode: enforce # warn tells, and lets pass\n")
	}
	b.WriteString("  # Any one of these is enough.\n  authorities:\n")
	for i, key := range d.Keys {
		fmt.Fprintf(b, "  - name: key-%d\n    key:\n", i+1)
		if parsed, err := parseKey([]byte(key)); err == nil {
			fmt.Fprintf(b, "      hashAlgorithm: %s\n", hashName(parsed))
		}
		fmt.Fprintf(b, "      data: |\n        %s\n", strings.ReplaceAll(strings.TrimSpace(key), "\n", "\n        "))
	}
	for i, id := range d.Identities {
		fmt.Fprintf(b, "  - name: identity-%d\n    keyless:\n      url: %s\n      identities:\n", i+1, publicFulcio)
		dash := "- "
		for _, f := range [][2]string{{"subject", id.Subject}, {"subjectRegExp", id.SubjectPattern}, {"issuer", id.Issuer}, {"issuerRegExp", id.IssuerPattern}} {
			if f[1] != "" {
				fmt.Fprintf(b, "      %s%s: %s\n", dash, f[0], scalar(f[1]))
				dash = "  "
			}
		}
		b.WriteString("    ctlog:\n      url: https://rekor.sigstore.dev\n")
	}
	return []byte(b.String())
}

// conditions writes those of wpk, the unused ones as comments.
func (d Draft) conditions(b *strings.Builder) {
	for _, c := range []struct {
		what, used, example string
	}{
		{"Going back to an old version whose signature is good: how old, and which version at least.", one("maxAge: ", d.MaxAge), "maxAge: 90d"},
		{"", one("minVersion: ", d.MinVersion), "minVersion: 1.0.0"},
		{"Where it must have run, as a signed test result tells.", list("smoke: {architectures: [", d.Architectures, "]}"), "smoke: {architectures: [amd64, arm64]}"},
		{"All that the module may do outside of itself, in the words of wpk inspect.", list("imports: {capabilities: [", d.Capabilities, "]}"), "imports: {capabilities: [streams, clocks, random, exit, plumbing]}"},
		{"Where its source is, by certificate or signed provenance.", list("sourceRepository: [", d.Sources, "]"), "sourceRepository: ['https://github.com/acme/app']"},
	} {
		if c.what != "" {
			fmt.Fprintf(b, "      # %s\n", c.what)
		}
		if c.used != "" {
			fmt.Fprintf(b, "      %s\n", c.used)
			continue
		}
		fmt.Fprintf(b, "      # %s\n", c.example)
	}
}

func one(key, value string) string {
	if value == "" {
		return ""
	}
	return key + scalar(value)
}

func list(open string, items []string, end string) string {
	if len(items) == 0 {
		return ""
	}
	quoted := make([]string, len(items))
	for i, item := range items {
		quoted[i] = scalar(item)
	}
	return open + strings.Join(quoted, ", ") + end
}

// scalar is a text of YAML on one line, whatever is in it.
func scalar(s string) string {
	return "'" + strings.ReplaceAll(oneLine(s), "'", "''") + "'"
}
