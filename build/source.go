package build

import (
	"context"
	"io"
	"net/url"
	"os"
	"strconv"
	"strings"
	"time"
)

// SourceOf is what git knows of a folder, for a module that something else has compiled there. env is the environment
// for git; a folder that git knows nothing of has the zero Source.
func SourceOf(ctx context.Context, dir string, env []string) Source {
	return sourceOf(ctx, &job{Options: Options{Dir: dir, Env: env, Exec: processes{}, Inventory: true}})
}

// sourceOf asks git about the source folder. Whatever stands in the way of an answer (no git, no repository, one that
// belongs to somebody else, no commit yet, a folder that the commit does not have) means that there are no facts; it
// never fails a build.
func sourceOf(ctx context.Context, j *job) Source {
	path, err := j.Exec.LookPath("git", j.Env)
	if err != nil {
		return Source{}
	}
	git := func(args ...string) string {
		// No program that the repository's configuration names may run just because somebody looks at it.
		args = append([]string{"-c", "core.fsmonitor=false", "-c", "core.hooksPath=" + os.DevNull}, args...)
		out, err := output(ctx, j.Exec, Command{Path: path, Args: args, Dir: j.Dir, Env: gitEnv(j.Env)})
		if err != nil {
			return ""
		}
		return out
	}
	s := Source{Revision: git("rev-parse", "--verify", "HEAD^{commit}")}
	// A folder that is not in the commit only happens to lie in somebody's work tree.
	if s.Revision == "" || git("ls-tree", "--name-only", "HEAD", "./") == "" {
		return Source{}
	}
	s.Dirty = git("status", "--porcelain", "--untracked-files=normal", "--", ".") != ""
	s.URL = webURL(git("config", "--get", "remote.origin.url"))
	if j.Inventory {
		s.Folder = strings.TrimSuffix(git("rev-parse", "--show-prefix"), "/")
		if seconds, err := strconv.ParseInt(git("log", "-1", "--no-show-signature", "--format=%ct"), 10, 64); err == nil {
			s.Time = time.Unix(seconds, 0).UTC()
		}
	}
	return s
}

// gitEnv is the environment for questions: git asks nobody, takes no lock, and forgets the repository that it was told
// about when wpk itself runs from one of its hooks.
func gitEnv(env []string) []string {
	env = dropenv(env, "GIT_DIR", "GIT_WORK_TREE", "GIT_INDEX_FILE", "GIT_PREFIX", "GIT_OBJECT_DIRECTORY", "GIT_TRACE*")
	return setenv(env, "GIT_TERMINAL_PROMPT=0", "GIT_OPTIONAL_LOCKS=0")
}

// scpURL is git's short form of an ssh URL: [user@]host:path, with more than a drive's letter before the colon.
var scpURL = lazyRegexp(`^(?:[^@/:]+@)?([^@/:]{2,}):([^:]+)$`)

// webURL turns a remote's URL into the https URL of the same repository, without credentials: it ends up in public
// metadata. A local path names nothing that others could reach and gives "".
func webURL(remote string) string {
	if m := scpURL().FindStringSubmatch(remote); m != nil && !strings.Contains(remote, "://") {
		remote = "ssh://" + m[1] + "/" + strings.TrimPrefix(m[2], "/")
	}
	u, err := url.Parse(remote)
	if err != nil || u.Host == "" {
		return ""
	}
	host := u.Host
	switch u.Scheme {
	case "https", "http":
	case "ssh", "git", "git+ssh", "ssh+git":
		host = u.Hostname() // their ports are not those of the web
	default:
		return ""
	}
	w := url.URL{Scheme: "https", Host: host, Path: strings.TrimSuffix(strings.TrimSuffix(u.Path, "/"), ".git")}
	return w.String()
}

// maxSmall bounds the configuration files that are read.
const maxSmall = 1 << 20

// readSmall is readUpTo for configuration files.
func readSmall(name string) []byte { return readUpTo(name, maxSmall) }

// readUpTo reads a file up to a limit, in bytes; nil when that fails.
func readUpTo(name string, limit int64) []byte {
	f, err := os.Open(name)
	if err != nil {
		return nil
	}
	defer f.Close()
	b, err := io.ReadAll(io.LimitReader(f, limit))
	if err != nil {
		return nil
	}
	return b
}
