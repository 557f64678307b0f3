package build

import (
	"runtime"
	"slices"
	"strings"
)

// getenv returns a variable of an environment, "" when it is not set. As for a process, the last one counts.
func getenv(env []string, key string) string {
	for _, kv := range slices.Backward(env) {
		if k, v, ok := strings.Cut(kv, "="); ok && sameKey(k, key) {
			return v
		}
	}
	return ""
}

// setenv returns env with the variables replaced or added.
func setenv(env []string, vars ...string) []string {
	keys := make([]string, len(vars))
	for i, kv := range vars {
		keys[i], _, _ = strings.Cut(kv, "=")
	}
	return append(dropenv(env, keys...), vars...)
}

// dropenv returns env without the variables. A key that ends in "*" stands for all that begin so.
func dropenv(env []string, keys ...string) []string {
	kept := make([]string, 0, len(env))
	for _, kv := range env {
		k, _, _ := strings.Cut(kv, "=")
		if !slices.ContainsFunc(keys, func(key string) bool { return matchKey(k, key) }) {
			kept = append(kept, kv)
		}
	}
	return kept
}

func matchKey(k, key string) bool {
	if prefix, ok := strings.CutSuffix(key, "*"); ok {
		return len(k) >= len(prefix) && sameKey(k[:len(prefix)], prefix)
	}
	return sameKey(k, key)
}

// sameKey compares names of variables: Windows does not tell "Path" from "PATH".
func sameKey(a, b string) bool {
	if runtime.GOOS == "windows" {
		return strings.EqualFold(a, b)
	}
	return a == b
}
