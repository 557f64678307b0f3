package main

import (
	"errors"

	"github.com/wpkdev/wpk/attest"
)

// exitDiffers is a rebuild that gave something else.
const exitDiffers = 16

// explainAttest explains what cannot be attested or built again.
func explainAttest(err error) (int, string) {
	var unknown *unknownBuildError
	var run *unknownRunError
	var differs *differsError
	var source *sourceError
	switch {
	case errors.As(err, &differs):
		return exitDiffers, "the lines above say what differs; with the tools that are named there it would be the same"
	case errors.As(err, &run):
		return exitNotFound, "wpk smoke " + run.ref
	case errors.Is(err, errNoRecord):
		return exitNotFound, "build it here with wpk build --inventory, or attest what another tool has found out: --predicate FILE --predicate-type URI"
	case errors.As(err, &unknown):
		return exitNotFound, "build and attest in one go: wpk build --sign --attest " + typeProvenance + "," + typeSPDX
	case errors.As(err, &source):
		return source.code, source.hint
	case errors.Is(err, attest.ErrStatement), errors.Is(err, attest.ErrProvenance), errors.Is(err, attest.ErrBuildType):
		return exitContent, "only provenance that wpk has made says enough to build again"
	case errors.Is(err, attest.ErrPredicate):
		return exitUsage, "--predicate takes a file with a JSON object"
	}
	return 0, ""
}
