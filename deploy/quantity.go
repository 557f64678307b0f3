package deploy

import (
	"math/big"
	"strings"
)

// maxQuantity bounds the text of a quantity: a number that long is not meant.
const maxQuantity = 32

// quantity reads a number as Kubernetes writes it: "64Mi", "250m", "1.5", "2e3". It returns nil for anything else, and
// for what is above the 63 bits that Kubernetes counts with.
// https://kubernetes.io/docs/reference/kubernetes-api/common-definitions/quantity/
func quantity(s string) *big.Rat {
	if len(s) > maxQuantity {
		return nil
	}
	digits := strings.TrimLeft(s, "+-")
	if len(s)-len(digits) > 1 {
		return nil
	}
	digits = digits[:len(digits)-len(strings.TrimLeft(digits, "0123456789."))]
	scale := suffixScale(s[strings.Index(s, digits)+len(digits):])
	if scale == nil || strings.Trim(digits, ".") == "" || strings.Count(digits, ".") > 1 {
		return nil
	}
	n, ok := new(big.Rat).SetString(strings.TrimSuffix(digits, "."))
	if !ok {
		return nil
	}
	if n.Mul(n, scale); strings.HasPrefix(s, "-") {
		n.Neg(n)
	}
	if !roundUp(n).IsInt64() {
		return nil
	}
	return n
}

// suffixScale is what a suffix multiplies by; nil when it is none.
func suffixScale(suffix string) *big.Rat {
	if binary, ok := strings.CutSuffix(suffix, "i"); ok {
		power := strings.Index("KMGTPE", binary)
		if len(binary) != 1 || power < 0 {
			return nil
		}
		return new(big.Rat).SetInt(new(big.Int).Lsh(big.NewInt(1), uint(10*(power+1)))) // #nosec G115 -- at most 60
	}
	if e := strings.TrimLeft(suffix, "eE"); len(suffix)-len(e) == 1 && e != "" {
		if len(strings.TrimLeft(e, "+-0")) > 2 {
			return nil
		}
		n, ok := new(big.Rat).SetString("1e" + e)
		if !ok {
			return nil
		}
		return n
	}
	power, ok := map[string]string{
		"n": "-9", "u": "-6", "m": "-3", "": "0", "k": "3", "M": "6", "G": "9", "T": "12", "P": "15", "E": "18",
	}[suffix]
	if !ok {
		return nil
	}
	n, _ := new(big.Rat).SetString("1e" + power)
	return n
}

// roundUp is the smallest whole number that is not below n.
func roundUp(n *big.Rat) *big.Int {
	q, rest := new(big.Int).DivMod(n.Num(), n.Denom(), new(big.Int))
	if rest.Sign() > 0 {
		q.Add(q, big.NewInt(1))
	}
	return q
}
