package pyproject

import (
	"fmt"
	"maps"
	"slices"
	"strconv"
	"strings"

	"github.com/wpkdev/wpk/build/internal/pep440"
	"github.com/wpkdev/wpk/build/internal/pypi"
)

// poetry is the table of Poetry before its version 2, which has [project].
// https://python-poetry.org/docs/dependency-specification/
type poetry struct {
	Name         string              `toml:"name"`
	Version      string              `toml:"version"`
	Dependencies map[string]any      `toml:"dependencies"`
	Extras       map[string][]string `toml:"extras"`
	Scripts      map[string]any      `toml:"scripts"`
	Packages     []struct {
		Include string `toml:"include"`
		From    string `toml:"from"`
	} `toml:"packages"`
}

func (p *Project) poetry(t *poetry, o Options) error {
	p.Name, p.Version = t.Name, t.Version
	var wanted []string
	for _, extra := range o.Extras {
		list, ok := t.Extras[extra]
		if !ok {
			return refuse("extra %q: there is no such list in tool.poetry.extras", extra)
		}
		for _, name := range list {
			wanted = append(wanted, pypi.Normalize(name))
		}
	}
	for _, name := range slices.Sorted(maps.Keys(t.Dependencies)) {
		choices, isList := t.Dependencies[name].([]any) // one table for each marker
		if !isList {
			choices = []any{t.Dependencies[name]}
		}
		for _, v := range choices {
			if err := p.poetryDependency(name, v, wanted); err != nil {
				return err
			}
		}
	}
	scripts := map[string]string{}
	for name, v := range t.Scripts {
		switch v := v.(type) {
		case string:
			scripts[name] = v
		case map[string]any:
			if reference, ok := v["reference"].(string); ok && v["type"] == "console" {
				scripts[name] = reference
			}
		}
	}
	return p.commands(scripts)
}

func (p *Project) poetryDependency(name string, v any, wanted []string) error {
	table, ok := v.(map[string]any)
	if !ok {
		table = map[string]any{"version": v}
	}
	for key := range table {
		if !slices.Contains([]string{"version", "extras", "markers", "python", "optional", "allow-prereleases", "source", "platform"}, key) {
			return refuse("tool.poetry.dependencies.%s: %s is not supported; wpk takes wheels", name, key)
		}
	}
	version, _ := table["version"].(string)
	set, err := poetryVersions(version)
	if err != nil {
		return refuse("tool.poetry.dependencies.%s: %v", name, err)
	}
	if name == "python" {
		p.Python = set
		return nil
	}
	if optional, _ := table["optional"].(bool); optional && !slices.Contains(wanted, pypi.Normalize(name)) {
		return nil
	}
	text := name
	if extras, ok := table["extras"].([]any); ok {
		text += "[" + strings.Join(texts(extras), ",") + "]"
	}
	text += set.String()
	markers, _ := table["markers"].(string)
	if python, _ := table["python"].(string); python != "" {
		only, err := poetryVersions(python)
		if err != nil {
			return refuse("tool.poetry.dependencies.%s: %v", name, err)
		}
		for condition := range strings.SplitSeq(only.String(), ",") {
			markers = and(markers, pythonMarker(condition))
		}
	}
	if markers != "" {
		text += " ; " + markers
	}
	return p.require(text, "tool.poetry.dependencies."+name)
}

func and(a, b string) string {
	switch {
	case a == "" || b == "":
		return a + b
	}
	return "(" + a + ") and " + b
}

// pythonMarker turns ">=3.8" into a marker.
func pythonMarker(condition string) string {
	version := strings.TrimLeft(condition, "<>=!~")
	if version == "" {
		return ""
	}
	return fmt.Sprintf("python_full_version %s %q", condition[:len(condition)-len(version)], version)
}

// poetryVersions reads "^1.2", "~1.2", "1.*", "*", "1.2.3" and the standard conditions, separated by commas.
func poetryVersions(s string) (pep440.Specifiers, error) {
	if strings.Contains(s, "|") {
		return pep440.Specifiers{}, fmt.Errorf("%q: alternatives are not supported", s)
	}
	var parts []string
	for part := range strings.SplitSeq(s, ",") {
		switch part = strings.TrimSpace(part); {
		case part == "" || part == "*":
		case strings.HasPrefix(part, "^"), strings.HasPrefix(part, "~") && !strings.HasPrefix(part, "~="):
			low := strings.TrimSpace(part[1:])
			high, err := above(low, part[0])
			if err != nil {
				return pep440.Specifiers{}, err
			}
			parts = append(parts, ">="+low, "<"+high)
		case strings.ContainsAny(part[:1], "<>=!~"):
			parts = append(parts, part)
		default:
			parts = append(parts, "=="+part)
		}
	}
	return pep440.ParseSpecifiers(strings.Join(parts, ","))
}

// above is the first version that "^1.2.3" (the leftmost number but zeros may not change) or "~1.2.3" (the second may
// not) does not allow.
func above(version string, op byte) (string, error) {
	var numbers []int
	for part := range strings.SplitSeq(version, ".") {
		n, err := strconv.Atoi(part)
		if err != nil || n < 0 {
			return "", fmt.Errorf("%c%s: want numbers with dots between", op, version)
		}
		numbers = append(numbers, n)
	}
	i := min(1, len(numbers)-1)
	if op == '^' {
		if i = slices.IndexFunc(numbers, func(n int) bool { return n > 0 }); i < 0 {
			i = len(numbers) - 1
		}
	}
	parts := make([]string, i+1)
	for k := range i + 1 {
		parts[k] = strconv.Itoa(numbers[k])
	}
	parts[i] = strconv.Itoa(numbers[i] + 1)
	return strings.Join(parts, "."), nil
}
