package build

// detect chooses the toolchain for the job's folder.
func detect(j *job) (toolchain, error) {
	return nil, &DetectError{Dir: j.Dir, Err: ErrUnknownLanguage}
}
