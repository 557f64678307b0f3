package build

import (
	"context"
	"errors"
	"fmt"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"sync"
)

// A searcher is an Executor that remembers which programs it has not found, for the error that names one of them, and
// which have run.
type searcher struct {
	Executor
	mu     sync.Mutex
	missed []string
	ran    map[string]string // the programs that did, by their names without version
}

func (s *searcher) Run(ctx context.Context, c Command) error {
	s.mu.Lock()
	if s.ran == nil {
		s.ran = map[string]string{}
	}
	s.ran[(driver{path: c.Path}).name()] = c.Path
	s.mu.Unlock()
	return s.Executor.Run(ctx, c)
}

func (s *searcher) LookPath(name string, env []string) (string, error) {
	path, err := s.Executor.LookPath(name, env)
	if err != nil {
		s.mu.Lock()
		defer s.mu.Unlock()
		if !slices.Contains(s.missed, name) {
			s.missed = append(s.missed, name)
		}
	}
	return path, err
}

// explain says in the error for a missing program where it was looked for, unless whoever made the error has said so.
func (s *searcher) explain(err error) error {
	var missing *MissingError
	if errors.As(err, &missing) && missing.Kind == KindTool && missing.Looked == nil {
		missing.Looked = s.places(append([]string{missing.Name}, missing.AnyOf...))
	}
	return err
}

// places tells where the pieces were looked for: their own names and those with a version behind them.
func (s *searcher) places(pieces []string) []string {
	var places, names []string
	for _, missed := range s.missed {
		base := strings.TrimSuffix(filepath.Base(missed), ".exe")
		if !slices.ContainsFunc(pieces, func(p string) bool { return base == p || versionSuffix().ReplaceAllString(base, "") == p }) {
			continue
		}
		if base == missed {
			names = append(names, missed)
		} else if filepath.IsAbs(missed) {
			places = append(places, missed)
		}
	}
	if len(names) > 0 {
		places = append(places, strings.Join(ranges(names), ", ")+" on PATH")
	}
	return places
}

// ranges shortens clang-20, clang-19, clang-18 to "clang-20 to clang-18".
func ranges(names []string) []string {
	var short []string
	for i := 0; i < len(names); {
		end := i
		for end+1 < len(names) && follows(names[end], names[end+1]) {
			end++
		}
		if end-i < 2 {
			end = i
			short = append(short, names[i])
		} else {
			short = append(short, fmt.Sprintf("%s to %s", names[i], names[end]))
		}
		i = end + 1
	}
	return short
}

// follows reports whether b is a with the version before.
func follows(a, b string) bool {
	va, vb := versionSuffix().FindString(a), versionSuffix().FindString(b)
	na, aerr := strconv.Atoi(strings.TrimPrefix(va, "-"))
	nb, berr := strconv.Atoi(strings.TrimPrefix(vb, "-"))
	return aerr == nil && berr == nil && strings.TrimSuffix(a, va) == strings.TrimSuffix(b, vb) && nb == na-1
}
