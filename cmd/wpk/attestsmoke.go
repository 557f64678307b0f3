package main

import (
	"github.com/opencontainers/go-digest"

	"github.com/wpkdev/wpk/attest"
)

// smokeRecord is the last matrix of an artifact that ran on this machine.
type smokeRecord struct {
	Format int          `json:"format"`
	Smoke  attest.Smoke `json:"smoke"` // without a subject
}

// smokeSuffix tells the record of a matrix from that of a build.
const smokeSuffix = ".smoke"

// rememberSmoke writes down the result of a matrix, for wpk attest. A bare file
// is no artifact, and that the cache cannot be written is no reason to fail.
func (a *app) rememberSmoke(d digest.Digest, r smokeResult, args []string, exitCode uint32) {
	if d == "" {
		return
	}
	s := attest.Smoke{Module: r.Report.Digest, Args: args, ExitCode: exitCode, Version: versionOf()}
	for _, c := range r.Cells {
		t := attest.Test{OS: "linux", Arch: c.Arch, Engine: "wazero " + c.Engine, OK: c.OK, Skipped: c.Skipped != ""}
		if c.Emulated {
			t.Emulator = "qemu"
		}
		s.Tests = append(s.Tests, t)
	}
	_ = a.writeRecord(smokeRecord{recordFormat, s}, d.String()+smokeSuffix)
}

// testResult is the statement of what has run.
func (a *app) testResult(at *evidenceSubject) ([]byte, error) {
	var r smokeRecord
	found, err := a.readRecord(at.desc.Digest.String()+smokeSuffix, &r)
	if err != nil {
		return nil, err
	}
	if !found || r.Format != recordFormat {
		return nil, &unknownRunError{at.place.ref.String()}
	}
	r.Smoke.Subject = at.about()
	return attest.TestResult(r.Smoke)
}

// unknownRunError is an artifact that did not run on this machine.
type unknownRunError struct{ ref string }

func (e *unknownRunError) Error() string { return e.ref + " was not run by wpk smoke on this machine" }
