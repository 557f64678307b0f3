package deploy

import "strings"

const (
	lowerAndDigits = "abcdefghijklmnopqrstuvwxyz0123456789"
	alphanumeric   = lowerAndDigits + "ABCDEFGHIJKLMNOPQRSTUVWXYZ"
)

// isLabel reports whether a name can be one label of a host name.
// https://kubernetes.io/docs/concepts/overview/working-with-objects/names/#dns-label-names
func isLabel(s string) bool { return len(s) <= 63 && isWord(s, lowerAndDigits, "-") }

// isSubdomain reports whether a name can be that of an object: labels of any length with dots between them.
// https://kubernetes.io/docs/concepts/overview/working-with-objects/names/#dns-subdomain-names
func isSubdomain(s string) bool {
	if len(s) > 253 {
		return false
	}
	for label := range strings.SplitSeq(s, ".") {
		if !isWord(label, lowerAndDigits, "-") {
			return false
		}
	}
	return true
}

// isLabelValue reports whether a text can be the value of a label, which may be empty.
// https://kubernetes.io/docs/concepts/overview/working-with-objects/labels/#syntax-and-character-set
func isLabelValue(s string) bool {
	return s == "" || len(s) <= 63 && isWord(s, alphanumeric, "-_.")
}

// isEnvName reports whether every version of Kubernetes takes a text for the name of a variable.
func isEnvName(s string) bool {
	return s != "" && !strings.ContainsAny(s[:1], "0123456789") && strings.Trim(s, alphanumeric+"-_.") == "" &&
		s != "." && !strings.HasPrefix(s, "..")
}

// isWord reports whether a text is of ends alone, with the characters of middle only between two of them.
func isWord(s, ends, middle string) bool {
	return s != "" && strings.Trim(s, ends+middle) == "" &&
		strings.ContainsAny(s[:1], ends) && strings.ContainsAny(s[len(s)-1:], ends)
}
