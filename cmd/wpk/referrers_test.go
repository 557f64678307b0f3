package main

import (
	"context"
	"fmt"
	"net/http"
	"net/http/httptest"
	"path/filepath"
	"strings"

	ggcr "github.com/google/go-containerregistry/pkg/registry"
	"github.com/rogpeppe/go-internal/testscript"

	"github.com/wpkdev/wpk/internal/evidence"
	"github.com/wpkdev/wpk/registry"
)

// startAPIRegistry starts a registry with the referrers API and puts its host
// into a variable.
func startAPIRegistry(ts *testscript.TestScript, _ bool, args []string) {
	s := httptest.NewServer(ggcr.New(quiet, ggcr.WithReferrersSupport(true)))
	ts.Defer(s.Close)
	ts.Setenv(args[0], strings.TrimPrefix(s.URL, "http://"))
}

// startFailingReferrers starts a registry that fails when it is asked for
// referrers.
func startFailingReferrers(ts *testscript.TestScript, _ bool, _ []string) {
	willing := ggcr.New(quiet)
	s := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if strings.Contains(r.URL.Path, "/referrers/") {
			w.WriteHeader(http.StatusInternalServerError)
			return
		}
		willing.ServeHTTP(w, r)
	}))
	ts.Defer(s.Close)
	ts.Setenv("REGISTRY", strings.TrimPrefix(s.URL, "http://"))
}

// attachPieces lays a piece of each form beside an artifact of the local store,
// or of another place.
func attachPieces(ts *testscript.TestScript, _ bool, args []string) {
	p, err := parsePlace(args[0])
	ts.Check(err)
	var target registry.Target
	if p.store {
		target, err = registry.OpenStore(filepath.Join(ts.Getenv("WPK_DATA_DIR"), "store"))
	} else {
		target, err = registry.Open(context.Background(), p.ref, registry.Options{DockerConfig: ts.MkAbs("docker")})
	}
	ts.Check(err)
	d, err := target.Resolve(context.Background(), p.nameThere())
	ts.Check(err)
	s := subjectOf(p, target, d)
	piece := func(form evidence.Form, mediaType string) evidence.Piece {
		return evidence.Piece{Form: form, MediaType: mediaType, Content: fmt.Appendf(nil, "{%q:1}", form), Annotations: map[string]string{}}
	}
	ts.Check(registry.Attach(context.Background(), s, registry.AttachOptions{},
		piece(evidence.SimpleSigning, evidence.MediaTypeSimpleSigning),
		piece(evidence.Envelope, evidence.MediaTypeEnvelope),
		piece(evidence.Bundle, evidence.MediaTypeBundle)))
	ts.Check(target.Close())
}
