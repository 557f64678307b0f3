package main

import (
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"time"

	"github.com/wpkdev/wpk/attest"
	"github.com/wpkdev/wpk/build"
)

// unknownBuildError is an artifact of which this machine does not know how it
// was built.
type unknownBuildError struct {
	ref string
	err error
}

var (
	errNoRecord = errors.New("it was not built by wpk on this machine, or too long ago")
	errOtherNow = errors.New("built once more it is another artifact: the sources or the tools have changed since")
	errGone     = errors.New("its sources are not there any more")
)

func (e *unknownBuildError) Error() string {
	return fmt.Sprintf("cannot tell how %s was built: %v", e.ref, e.err)
}
func (e *unknownBuildError) Unwrap() error { return e.err }

// whatIsKnown collects what statements are made of.
func (a *app) whatIsKnown(ctx context.Context, at *evidenceSubject, builderID string) (*attest.Build, error) {
	d := at.desc.Digest
	r, err := a.recall(d)
	if err != nil {
		return nil, err
	}
	if r == nil {
		return nil, &unknownBuildError{at.place.ref.String(), errNoRecord}
	}
	if !r.Whole {
		if r, err = a.buildAgain(ctx, at, r); err != nil {
			return nil, err
		}
	}
	return a.buildOf(at.about(), r, builderID)
}

// buildAgain takes the inventory that the build has left out, since it takes
// longer: it does the same again, which must give the same artifact.
func (a *app) buildAgain(ctx context.Context, at *evidenceSubject, r *buildRecord) (*buildRecord, error) {
	if info, err := os.Stat(r.Replay.Dir); err != nil || !info.IsDir() {
		return nil, &unknownBuildError{at.place.ref.String(), errGone}
	}
	self, err := os.Executable()
	if err != nil {
		return nil, err
	}
	work, remove, err := privateTemp()
	if err != nil {
		return nil, err
	}
	defer remove()
	args := append([]string{r.Recipe.Command, "--quiet", "--inventory", "--tag=oci:" + filepath.Join(work, "again") + ":again"}, r.Replay.Args...)
	a.ui.Say("attest: building once more, to see what is inside; wpk build --inventory does so at once")
	c := exec.CommandContext(ctx, self, args...)
	c.Dir, c.Env, c.Stderr = r.Replay.Dir, a.env, a.ui
	if err := c.Run(); err != nil {
		return nil, &unknownBuildError{at.place.ref.String(), fmt.Errorf("%w: wpk %s: %w", errOtherNow, r.Recipe.Command, err)}
	}
	again, err := a.recall(at.desc.Digest)
	if err != nil {
		return nil, err
	}
	if again == nil || !again.Whole || again.Module.Digest != r.Module.Digest {
		return nil, &unknownBuildError{at.place.ref.String(), errOtherNow}
	}
	return again, nil
}

// buildOf is a record as statements are made of it.
func (a *app) buildOf(s attest.Subject, r *buildRecord, builderID string) (*attest.Build, error) {
	created, err := a.documentTime(r)
	if err != nil {
		return nil, err
	}
	b := a.builder()
	b.Version = r.Version
	if builderID != "" {
		b.ID = builderID
	}
	return &attest.Build{Subject: s, Module: r.Module, Facts: r.Facts, Recipe: r.Recipe, Builder: b, Time: created}, nil
}

// documentTime is what documents say that they were made at: SOURCE_DATE_EPOCH,
// else the time of the sources' commit, else 1970.
func (a *app) documentTime(r *buildRecord) (time.Time, error) {
	if t := r.Facts.Source.Time; r.Recipe.SourceDateEpoch == "" && !t.IsZero() {
		return t, nil
	}
	return a.sourceDate()
}

// localBuilder is who built when no CI run did.
const localBuilder = "https://github.com/wpkdev/wpk/blob/main/docs/attest.md#local-builder"

// builder is who builds, as the CI service says in the environment. Nothing
// vouches for that but the identity of the signature.
// https://docs.github.com/actions/reference/variables-reference
// https://docs.gitlab.com/ci/variables/predefined_variables/
// https://buildkite.com/docs/pipelines/configure/environment-variables
func (a *app) builder() attest.Builder {
	b := attest.Builder{ID: localBuilder, Platform: runtime.GOOS + "/" + runtime.GOARCH}
	switch {
	case a.getenv("GITHUB_ACTIONS") == "true" && a.getenv("GITHUB_WORKFLOW_REF") != "":
		server := a.getenv("GITHUB_SERVER_URL")
		b.ID = server + "/" + a.getenv("GITHUB_WORKFLOW_REF")
		b.Invocation = server + "/" + a.getenv("GITHUB_REPOSITORY") + "/actions/runs/" + a.getenv("GITHUB_RUN_ID") + "/attempts/" + a.getenv("GITHUB_RUN_ATTEMPT")
	case a.getenv("GITLAB_CI") == "true" && a.getenv("CI_PROJECT_URL") != "":
		b.ID = a.getenv("CI_PROJECT_URL") + "/-/runners/" + a.getenv("CI_RUNNER_ID")
		b.Invocation = a.getenv("CI_JOB_URL")
	case a.getenv("BUILDKITE") == "true" && a.getenv("BUILDKITE_BUILD_URL") != "":
		b.ID = "https://buildkite.com/" + a.getenv("BUILDKITE_ORGANIZATION_SLUG") + "/" + a.getenv("BUILDKITE_PIPELINE_SLUG")
		b.Invocation = a.getenv("BUILDKITE_BUILD_URL") + "#" + a.getenv("BUILDKITE_JOB_ID")
	}
	return b
}

// keep writes down how an artifact was built. Only who wants to attest it must
// have that; for others it is no reason to fail.
func (a *app) keep(o *sealFlags, c recorded, m *build.Module, digests ...string) (*buildRecord, error) {
	r := &buildRecord{Module: attest.Module{Digest: m.Digest, Size: int64(len(m.Wasm))}, Facts: m.Facts, Whole: o.looks(), Version: versionOf()}
	var err error
	if r.Replay, err = c.replay(); err == nil {
		r.Recipe.Command = c.command.Name()
		if o.looks() {
			var varies []string
			r.Recipe, varies, err = c.recipe(a.getenv("SOURCE_DATE_EPOCH"), m.Facts.Source)
			r.Facts.Varies = append(r.Facts.Varies, varies...)
		}
	}
	if err == nil {
		err = a.remember(*r, digests...)
	}
	if err != nil && o.looks() {
		return nil, fmt.Errorf("cannot write down how it was built: %w", err)
	}
	return r, nil
}
