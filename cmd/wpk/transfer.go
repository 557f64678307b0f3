package main

import (
	"context"
	"errors"
	"fmt"
	"path/filepath"
	"strings"

	ocispec "github.com/opencontainers/image-spec/specs-go/v1"

	"github.com/wpkdev/wpk/pack"
	"github.com/wpkdev/wpk/registry"
)

// place is one end of a copy: a reference, or its name in the local store.
type place struct {
	ref   registry.Ref
	store bool
}

// storePrefix marks a reference as a name in the local store.
const storePrefix = "store:"

func parsePlace(s string) (place, error) {
	name, inStore := strings.CutPrefix(s, storePrefix)
	ref, err := registry.ParseRef(name)
	if err != nil {
		return place{}, err
	}
	if inStore && ref.Transport != registry.Remote {
		return place{}, &valueError{"reference", s, "the local store holds host/repository[:tag] names"}
	}
	return place{ref, inStore}, nil
}

// nameThere is the name that a place goes by in its target.
func (p place) nameThere() string {
	if p.store {
		return p.ref.String()
	}
	return p.ref.Reference()
}

// target opens a place and returns it with the name that it goes by there.
func (a *app) target(ctx context.Context, p place, t transferFlags) (registry.Target, string, error) {
	if p.store {
		store, err := a.store()
		return store, p.nameThere(), err
	}
	target, err := registry.Open(ctx, p.ref, a.registryOptions(t))
	return target, p.nameThere(), err
}

func (a *app) store() (*registry.Store, error) {
	data, err := a.dataDir()
	if err != nil {
		return nil, err
	}
	return registry.OpenStore(filepath.Join(data, "store"))
}

func (a *app) registryOptions(t transferFlags) registry.Options {
	locks := "" // without a home folder there are none, see there
	if cache, err := a.cacheDir(); err == nil {
		locks = filepath.Join(cache, "locks")
	}
	return registry.Options{
		PlainHTTP:    t.plainHTTP,
		Insecure:     t.skipTLS,
		DockerConfig: a.getenv("DOCKER_CONFIG"),
		UserAgent:    "wpk/" + versionOf(),
		Event:        func(e registry.Event) { sayRetry(a.ui, e) },
		Locks:        locks,
	}
}

// transfer is push, pull and copy.
func (a *app) transfer(ctx context.Context, o transferOptions) error {
	src, err := parsePlace(o.from)
	if err != nil {
		return err
	}
	dst, err := parsePlace(o.to)
	if err != nil {
		return err
	}
	src.store = src.store || o.fromStore
	dst.store = dst.store || o.toStore
	if o.fromStore != o.toStore && src.ref.Transport != registry.Remote {
		return &valueError{"reference", o.from, "want host/repository[:tag]; for folders and archives use wpk copy"}
	}
	if dst.ref.Digest == "" && dst.ref.Tag == "" {
		dst.ref.Tag = src.ref.Tag
	}
	trusted, err := a.trust(ctx, o.trust)
	if err != nil {
		return err
	}
	plan := copyPlan{verb: o.verb, src: src, dst: dst, carry: o.carryFlags, trust: trusted}
	res, carried, err := a.copyWith(ctx, plan, o.transferFlags)
	if err == nil && trusted != nil && o.referrers {
		err = trusted.checkArrived(ctx, src, dst, res.Descriptor.Digest, o.transferFlags)
	}
	if err != nil {
		return err
	}
	if !o.json {
		_, err = fmt.Fprintf(a.ui.Out, "%s@%s\n", withoutDigest(dst.ref), res.Descriptor.Digest)
		return err
	}
	return a.printJSON(copyResult{
		Reference: dst.ref.String(), Digest: string(res.Descriptor.Digest),
		Copied: res.Copied, Skipped: res.Skipped, Mounted: res.Mounted,
		Bytes: res.Bytes, Unchanged: res.Unchanged, Referrers: carried,
	})
}

// withoutDigest is a reference as it reads before an "@sha256:…".
func withoutDigest(ref registry.Ref) string {
	ref.Digest = ""
	return ref.String()
}

// verbPull brings strangers' content into the store, and looks at it first.
const verbPull = "pull"

const verbCopy = "copy"

// unreadable says of what it is that a pull refuses because run and inspect
// could not read it: nothing hostile gets a name in the local store.
func unreadable(ref registry.Ref, err error) error {
	var known *registry.Error
	if err == nil || errors.As(err, &known) {
		return err
	}
	return fmt.Errorf("cannot read %s: %w", ref, err)
}

type copyPlan struct {
	verb     string
	src, dst place
	carry    carryFlags
	trust    *trust // verifies the source before anything travels; may be nil
}

// copyRef copies one reference and nothing beside it.
func (a *app) copyRef(ctx context.Context, p copyPlan, t transferFlags) (registry.Result, error) {
	p.carry = carryFlags{}
	res, _, err := a.copyWith(ctx, p, t)
	return res, err
}

// copyWith copies one reference, with what is about it when that is asked for,
// and says so.
func (a *app) copyWith(ctx context.Context, p copyPlan, t transferFlags) (res registry.Result, carried *registry.Carried, err error) {
	src, srcName, err := a.target(ctx, p.src, t)
	if err != nil {
		return res, nil, err
	}
	defer src.Close()
	if p.trust != nil {
		if srcName, err = p.trust.pin(ctx, p.src, src, srcName); err != nil {
			return res, nil, err
		}
	}
	dst, dstName, err := a.target(ctx, p.dst, t)
	if err != nil {
		return res, nil, err
	}
	progress := newTransferProgress(a.ui, p.verb, p.dst.ref.String())
	opts := registry.CopyOptions{Concurrency: t.jobs, Event: progress.event}
	if p.verb == verbPull {
		opts.MaxBlob, opts.Check = pack.MaxBlob, pack.Check
	}
	carry := func(ctx context.Context, root ocispec.Descriptor) (err error) {
		carried, err = a.carry(ctx, p, subjectOf(p.src, src, root), subjectOf(p.dst, dst, root), progress)
		return err
	}
	if p.verb != verbPull && p.carry.any() {
		opts.BeforeTag = carry // a name never stands for something whose signatures are still on their way
	}
	res, err = registry.Copy(ctx, src, srcName, dst, dstName, opts)
	err = unreadable(p.src.ref, err)
	if err == nil && carried == nil {
		err = carry(ctx, res.Descriptor)
	}
	// An archive comes into being when it is closed.
	err = errors.Join(err, dst.Close())
	if err != nil {
		return res, carried, err
	}
	progress.finish(res)
	a.sayCarried(p.verb, carried)
	return res, carried, nil
}
