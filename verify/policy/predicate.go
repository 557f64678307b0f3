package policy

import (
	"net/url"

	"github.com/wpkdev/wpk/internal/strictyaml"
)

// predicateNames are the short names that cosign and policy-controller have for predicate types.
func predicateNames() [][2]string {
	return [][2]string{
		{"custom", "https://cosign.sigstore.dev/attestation/v1"},
		{"slsaprovenance", "https://slsa.dev/provenance/v0.2"},
		{"slsaprovenance02", "https://slsa.dev/provenance/v0.2"},
		{"slsaprovenance1", "https://slsa.dev/provenance/v1"},
		{"spdx", "https://spdx.dev/Document"},
		{"spdxjson", "https://spdx.dev/Document"},
		{"cyclonedx", "https://cyclonedx.org/bom"},
		{"link", "https://in-toto.io/Link/v1"},
		{"vuln", "https://cosign.sigstore.dev/attestation/vuln/v1"},
		{"openvex", "https://openvex.dev/ns"},
	}
}

// predicateType is the type that a short name stands for, or the URI itself.
func predicateType(name string) (full, nearest string, ok bool) {
	var short []string
	for _, n := range predicateNames() {
		if n[0] == name {
			return n[1], "", true
		}
		short = append(short, n[0])
	}
	if u, err := url.ParseRequestURI(name); err == nil && u.Scheme != "" {
		return name, "", true
	}
	return "", strictyaml.Nearest(name, short), false
}
