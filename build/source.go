package build

import "context"

// sourceOf asks git about the source folder.
func sourceOf(context.Context, *job) Source { return Source{} }
