package registry

import "errors"

func openArchive(path string) (Target, error) { return nil, errors.ErrUnsupported }
