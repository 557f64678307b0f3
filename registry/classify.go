package registry

import (
	"context"
	"encoding/json"
	"errors"
	"io"
	"net"
	"net/http"
	"net/url"
	"os"
	"strings"
	"unicode"

	ocispec "github.com/opencontainers/image-spec/specs-go/v1"
	"oras.land/oras-go/v2/errdef"
	"oras.land/oras-go/v2/registry/remote/auth"
	"oras.land/oras-go/v2/registry/remote/errcode"
)

// localError makes an [*Error] of a failure on this machine's disk, nil of nil.
// An error that is one already is better informed and stays as it is.
func localError(op, ref string, err error) error {
	var known *Error
	if err == nil || errors.As(err, &known) {
		return err
	}
	return &Error{Op: op, Ref: ref, Kind: localKind(err), Err: err}
}

func localKind(err error) error {
	switch {
	case errors.Is(err, ErrNotFound), errors.Is(err, os.ErrNotExist):
		return ErrNotFound
	case errors.Is(err, ErrCorrupt):
		return ErrCorrupt
	case errors.Is(err, ErrStore), isStoreFailure(err):
		return ErrStore
	}
	return nil
}

// remoteError makes an [*Error] of whatever oras or net/http return. ctx is that
// of the request: its end is not the registry's fault.
func remoteError(ctx context.Context, op, ref string, err error) error {
	if err == nil {
		return nil
	}
	e := &Error{Op: op, Ref: ref, Err: err}
	var (
		known      *Error
		answer     *errcode.ErrorResponse
		address    *url.Error
		credential *credentialError
		network    net.Error
	)
	switch {
	case ctx.Err() != nil:
		e.Err = context.Cause(ctx)
	case errors.As(err, &known):
		e.Status, e.Kind, e.Err = known.Status, known.Kind, known.Err
	case errors.As(err, &answer):
		e.Status, e.Kind, e.Err = answer.StatusCode, statusKind(answer.StatusCode), answerOf(answer)
	case errors.Is(err, errdef.ErrNotFound):
		e.Status, e.Kind, e.Err = http.StatusNotFound, ErrNotFound, nil
	case errors.Is(err, auth.ErrBasicCredentialNotFound):
		e.Status, e.Kind, e.Err = http.StatusUnauthorized, ErrUnauthorized, nil
	case errors.As(err, &credential):
		e.Kind, e.Err = ErrUnauthorized, credential
	case errors.As(err, &address):
		// Without the address: after a redirect it may carry somebody's signature.
		e.Kind, e.Err = ErrUnreachable, address.Err
	case errors.As(err, &network), isConnectionLost(err), isCutShort(err):
		e.Kind = ErrUnreachable
	default:
		e.Kind = ErrServer // an answer that oras cannot accept
	}
	return e
}

// statusKind maps an HTTP status that is not a success.
func statusKind(status int) error {
	switch {
	case status == http.StatusUnauthorized:
		return ErrUnauthorized
	case status == http.StatusForbidden:
		return ErrDenied
	case status == http.StatusNotFound:
		return ErrNotFound
	case status == http.StatusRequestEntityTooLarge:
		return ErrTooLarge
	case status == http.StatusTooManyRequests:
		return ErrRateLimited
	case status >= 400 && status < 500:
		return ErrRejected
	}
	return ErrServer
}

// answerOf keeps what the registry said, made fit for a terminal; nil when it
// said nothing.
func answerOf(response *errcode.ErrorResponse) error {
	if len(response.Errors) == 0 {
		return nil
	}
	const codeLimit, messageLimit = 64, 400
	messages := make([]string, len(response.Errors))
	for i, e := range response.Errors {
		messages[i] = e.Message
		// GitLab's message is the same for every manifest; its detail says why.
		if detail, ok := e.Detail.(string); ok && detail != "" && detail != e.Message {
			messages[i] += ": " + detail
		}
	}
	return &AnswerError{
		Code:    printable(response.Errors[0].Code, codeLimit),
		Message: printable(strings.Join(messages, "; "), messageLimit),
	}
}

// manifestError adds to an error of a push what it was that the registry does
// not take.
func manifestError(err error, d ocispec.Descriptor, raw []byte) error {
	var e *Error
	if !errors.As(err, &e) || !refusesContent(e.Status) {
		return err
	}
	var m ocispec.Manifest
	if json.Unmarshal(raw, &m) != nil {
		return err
	}
	refused := &ManifestError{Descriptor: d, ArtifactType: m.ArtifactType, Err: e.Err}
	if !isIndex(d.MediaType) {
		refused.ConfigType = m.Config.MediaType
	}
	e.Err = refused
	return e
}

// refusesContent knows the statuses by which registries say that they do not
// like what was sent.
func refusesContent(status int) bool {
	switch status {
	case http.StatusBadRequest, http.StatusMethodNotAllowed, http.StatusNotAcceptable,
		http.StatusUnsupportedMediaType, http.StatusUnprocessableEntity:
		return true
	}
	return false
}

// printable returns at most limit characters of foreign text, on one line and
// without anything that a terminal would obey.
func printable(s string, limit int) string {
	var b strings.Builder
	for _, r := range s {
		if limit--; limit < 0 {
			b.WriteString("…")
			break
		}
		if !unicode.IsPrint(r) {
			r = ' '
		}
		b.WriteRune(r)
	}
	return strings.TrimSpace(b.String())
}

// quoteless is printable for a name that stands in a message without quotes.
func quoteless(s string) string { return printable(s, maxRefLength) }

// isCutShort recognizes a connection closed in the middle of an answer.
func isCutShort(err error) bool {
	return errors.Is(err, io.ErrUnexpectedEOF) || errors.Is(err, io.EOF)
}

// isTemporary reports whether the same thing may well succeed in a moment.
func isTemporary(err error) bool {
	var e *Error
	if !errors.As(err, &e) || e.Kind == nil {
		return false
	}
	return isTemporaryStatus(e.Status) ||
		errors.Is(e.Kind, ErrUnreachable) && e.Err != nil && isTemporaryNetwork(e.Err)
}

func isTemporaryStatus(status int) bool {
	switch status {
	case http.StatusRequestTimeout, http.StatusTooManyRequests,
		http.StatusBadGateway, http.StatusServiceUnavailable, http.StatusGatewayTimeout:
		return true
	}
	return false
}

// isTemporaryNetwork leaves out refused connections, unknown hosts and TLS: they
// do not heal within seconds.
func isTemporaryNetwork(err error) bool {
	var network net.Error
	return isConnectionLost(err) || isCutShort(err) || errors.As(err, &network) && network.Timeout()
}
