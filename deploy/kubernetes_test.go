package deploy

import (
	"testing"

	"k8s.io/apimachinery/pkg/api/resource"
	"k8s.io/apimachinery/pkg/util/validation"
)

// FuzzNames compares with what Kubernetes itself says of a name.
func FuzzNames(f *testing.F) {
	for _, s := range []string{"", "a", "a-b", "-a", "a.b", "a..b", "A_b", "1", "..a", "a=b", ".", "_x", "é", "a\n"} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, s string) {
		for what, is := range map[string][2]bool{
			"label":       {isLabel(s), len(validation.IsDNS1123Label(s)) == 0},
			"subdomain":   {isSubdomain(s), len(validation.IsDNS1123Subdomain(s)) == 0},
			"label value": {isLabelValue(s), len(validation.IsValidLabelValue(s)) == 0},
			"variable":    {isEnvName(s), len(validation.IsEnvVarName(s)) == 0},
		} {
			if is[0] != is[1] {
				t.Errorf("%q is a %s: %t, Kubernetes says %t", s, what, is[0], is[1])
			}
		}
	})
}

// FuzzQuantity compares with how Kubernetes reads a quantity, which takes more: it cuts what is too long or too large.
func FuzzQuantity(f *testing.F) {
	for _, s := range []string{"64Mi", "250m", "2", "1.5", ".5", "2.", "-1", "+3", "1e3", "1E3", "2e-2", "1E", "5Ei", "9Ei", "Mi", "", "1n", "0.1u", "1 ", "1e", "0x1", "1_0", "--1"} {
		f.Add(s)
	}
	limit := resource.MustParse("9E")
	f.Fuzz(func(t *testing.T, s string) {
		ours := quantity(s)
		theirs, err := resource.ParseQuantity(s)
		switch {
		case ours == nil && err != nil:
		case err != nil:
			t.Errorf("%q is %s, Kubernetes says %v", s, ours, err)
		case ours == nil && len(s) <= maxQuantity && theirs.Sign() > 0 && theirs.Cmp(limit) < 0:
			t.Errorf("%q is none, Kubernetes says %s", s, theirs.String())
		case ours != nil && ours.Sign() > 0 && roundUp(ours).Int64() != theirs.Value():
			t.Errorf("%q rounds to %s, Kubernetes says %d", s, roundUp(ours), theirs.Value())
		}
	})
}
