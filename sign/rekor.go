package sign

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"path"

	"github.com/go-openapi/strfmt"
	protobundle "github.com/sigstore/protobuf-specs/gen/pb-go/bundle/v1"
	"github.com/sigstore/rekor/pkg/generated/client/entries"
	"github.com/sigstore/rekor/pkg/generated/models"
	sgsign "github.com/sigstore/sigstore-go/pkg/sign"
)

const rekorService = "Rekor"

// log is a log as sigstore-go asks it.
func (s *Signer) log(l Log) sgsign.Transparency {
	version := max(l.Version, 1)
	return transparency{s, l, version}
}

// transparency asks a log, and says which one failed.
type transparency struct {
	signer  *Signer
	log     Log
	version uint32
}

// GetTransparencyLogEntry implements [sgsign.Transparency].
func (t transparency) GetTransparencyLogEntry(ctx context.Context, keyOrCert []byte, b *protobundle.Bundle) error {
	rekor := sgsign.NewRekor(&sgsign.RekorOptions{
		BaseURL: t.log.URL, Version: t.version, Timeout: patience,
		Client: rekorClient{t.signer.transport(ctx, rekorService, t.log.URL)},
	})
	err := rekor.GetTransparencyLogEntry(ctx, keyOrCert, b)
	var service *ServiceError
	if err == nil || errors.As(err, &service) || ctx.Err() != nil {
		return err
	}
	return &ServiceError{Service: rekorService, URL: t.log.URL, Err: err}
}

// rekorClient is the little of Rekor v1's API that a signer needs. The generated client would follow redirects and read
// answers of any size.
// https://github.com/sigstore/rekor/blob/v1.5.4/openapi.yaml
type rekorClient struct{ t transport }

// CreateLogEntry implements [sgsign.RekorClient]. An entry that is there already is a conflict, which names it.
func (c rekorClient) CreateLogEntry(p *entries.CreateLogEntryParams, _ ...entries.ClientOption) (*entries.CreateLogEntryCreated, error) {
	body, err := json.Marshal(p.ProposedEntry)
	if err != nil {
		return nil, err
	}
	c.t.expect = http.StatusConflict
	resp, err := c.send(http.MethodPost, "api/v1/log/entries", body)
	if err != nil {
		return nil, err
	}
	defer resp.Body.Close()
	if resp.StatusCode == http.StatusConflict {
		conflict := entries.NewCreateLogEntryConflict()
		conflict.Location = strfmt.URI(resp.Header.Get("Location"))
		return nil, conflict
	}
	uuid, entry, err := readEntry(resp)
	if err != nil {
		return nil, err
	}
	return &entries.CreateLogEntryCreated{ETag: uuid, Payload: models.LogEntry{uuid: entry}}, nil
}

// GetLogEntryByUUID implements [sgsign.RekorClient].
func (c rekorClient) GetLogEntryByUUID(p *entries.GetLogEntryByUUIDParams, _ ...entries.ClientOption) (*entries.GetLogEntryByUUIDOK, error) {
	resp, err := c.send(http.MethodGet, path.Join("api/v1/log/entries", url.PathEscape(path.Base(p.EntryUUID))), nil)
	if err != nil {
		return nil, err
	}
	defer resp.Body.Close()
	uuid, entry, err := readEntry(resp)
	if err != nil {
		return nil, err
	}
	return &entries.GetLogEntryByUUIDOK{Payload: models.LogEntry{uuid: entry}}, nil
}

func (c rekorClient) send(method, where string, body []byte) (*http.Response, error) {
	address, err := url.JoinPath(c.t.url, where)
	if err != nil {
		return nil, err
	}
	r, err := http.NewRequestWithContext(c.t.ctx, method, address, bytes.NewReader(body))
	if err != nil {
		return nil, err
	}
	r.Header.Set("Content-Type", "application/json")
	r.Header.Set("Accept", "application/json")
	return c.t.RoundTrip(r)
}

// readEntry reads the one entry of an answer, and checks that nothing is missing that is looked at later.
func readEntry(resp *http.Response) (string, models.LogEntryAnon, error) {
	var all models.LogEntry
	if err := json.NewDecoder(resp.Body).Decode(&all); err != nil {
		return "", models.LogEntryAnon{}, err
	}
	if len(all) != 1 {
		return "", models.LogEntryAnon{}, fmt.Errorf("an answer with %d entries", len(all))
	}
	for uuid, e := range all {
		v := e.Verification
		if e.Body == nil || e.IntegratedTime == nil || e.LogID == nil || e.LogIndex == nil || v == nil || len(v.SignedEntryTimestamp) == 0 {
			return "", e, errors.New("an entry that is not whole")
		}
		if p := v.InclusionProof; p == nil || p.LogIndex == nil || p.RootHash == nil || p.TreeSize == nil || p.Checkpoint == nil {
			return "", e, errors.New("an entry without a whole proof")
		}
		return uuid, e, nil
	}
	return "", models.LogEntryAnon{}, errors.New("an answer without an entry")
}
