package sigstore

import (
	"bytes"
	"context"
	"encoding/json"
	"encoding/pem"
	"fmt"
	"io"
	"net"
	"net/http"
	"os"
	"path/filepath"
	"time"

	"golang.org/x/sync/errgroup"

	"github.com/wpkdev/wpk/internal/wpktest"
)

// patience bounds the start of the stack, which takes about a second on an idle machine.
const patience = 60 * time.Second

// server is a program of the stack and the place that answers when it is up.
type server struct {
	program string
	args    []string
	ready   string
}

func up(programs map[string]string, dir string) (_ *Stack, err error) {
	if err := os.MkdirAll(filepath.Join(dir, "tiles"), 0o700); err != nil {
		return nil, err
	}
	s := &Stack{}
	if s.issuer, err = startIssuer(); err != nil {
		return nil, err
	}
	defer func() {
		if err != nil {
			s.Close()
		}
	}()
	s.IssuerURL, s.WorkflowURL = s.issuer.url, s.issuer.url+workflowPath
	s.FulcioChain, s.RekorV1Key, s.CertificateLogKey = filepath.Join(dir, chainFile), filepath.Join(dir, rekor1PublicFile), filepath.Join(dir, certificateLogFile)
	s.Cosign2, _ = wpktest.Tool("cosign2") // who needs one that is not there says so
	s.Cosign3, _ = wpktest.Tool("cosign3")

	keys, err := newKeys(dir)
	if err != nil {
		return nil, err
	}
	ctx, cancel := context.WithTimeout(context.Background(), patience)
	defer cancel()
	var trees trees
	if err := s.startTelling(ctx, programs["trillian-memory"], dir, &trees); err != nil {
		return nil, err
	}
	var tsa struct {
		Address string `json:"address"`
	}
	if err := s.startTelling(ctx, programs["timestamp-memory"], dir, &tsa); err != nil {
		return nil, err
	}
	s.TimestampURL = "http://" + tsa.Address + "/api/v1/timestamp"
	ports, err := freePorts(ctx, 6)
	if err != nil {
		return nil, err
	}
	servers, err := s.servers(dir, keys, &trees, ports)
	if err != nil {
		return nil, err
	}
	if err := s.startAll(ctx, programs, dir, servers); err != nil {
		return nil, err
	}
	return s, s.writeTrust(ctx, dir, keys, "http://127.0.0.1:"+ports[2]+"/test")
}

// servers says how each is started. They know each other by their ports, so all can start at once.
func (s *Stack) servers(dir string, keys *keys, trees *trees, ports []string) ([]server, error) {
	const host = "127.0.0.1"
	url := func(port string) string { return "http://" + net.JoinHostPort(host, port) }
	fulcio, fulcioCalls, ct, rekor1, rekor2, rekor2Calls := ports[0], ports[1], ports[2], ports[3], ports[4], ports[5]
	s.FulcioURL, s.RekorV1URL, s.RekorV2URL = url(fulcio), url(rekor1), url(rekor2)

	trillianHost, trillianPort, err := net.SplitHostPort(trees.Address)
	if err != nil {
		return nil, err
	}
	if err := s.writeFulcioConfig(filepath.Join(dir, "fulcio.json")); err != nil {
		return nil, err
	}
	if err := keys.writeLogConfig(dir, trees.Trees[0]); err != nil {
		return nil, err
	}
	return []server{
		{program: "fulcio", ready: s.FulcioURL + "/api/v1/rootCert", args: []string{
			"serve", "--config-path", "fulcio.json", "--host", host, "--port", fulcio, "--grpc-host", host, "--grpc-port", fulcioCalls,
			"--metrics-port", "0", "--legacy-unix-domain-socket", "@fulcio-" + fulcio,
			"--ca", "fileca", "--fileca-cert", chainFile, "--fileca-key", authorityFile, "--fileca-watch=false",
			"--fileca-key-passwd", "asked for, though the key is not encrypted",
			"--ct-log-url", url(ct) + "/test", "--ct-log-public-key-path", certificateLogFile,
		}},
		{program: "ct_server", ready: url(ct) + "/test/ct/v1/get-roots", args: []string{
			"--log_config", logConfigFile, "--log_rpc_server", trees.Address, "--http_endpoint", net.JoinHostPort(host, ct), "--logtostderr",
		}},
		{program: "rekor-server", ready: s.RekorV1URL + "/api/v1/log", args: []string{
			"serve", "--rekor_server.address", host, "--port", rekor1, "--rekor_server.hostname", "rekor.test", "--rekor_server.signer", rekor1File,
			"--trillian_log_server.address", trillianHost, "--trillian_log_server.port", trillianPort, "--trillian_log_server.tlog_id", trees.Trees[1],
			"--enable_retrieve_api=false",
		}},
		// The host name is the origin of its checkpoints, which clients take from the URL.
		{program: "rekor-server-posix", ready: s.RekorV2URL + "/healthz", args: []string{
			"serve", "--http-address", host, "--http-port", rekor2, "--grpc-address", host, "--grpc-port", rekor2Calls, "--http-metrics-port", "0",
			"--hostname", host, "--storage-dir", filepath.Join(dir, "tiles"), "--signer-filepath", rekor2File,
			"--checkpoint-interval", "500ms", "--batch-max-age", "50ms",
		}},
	}, nil
}

// writeFulcioConfig: the second issuer is one of workflows, whose claims become extensions of the certificate.
func (s *Stack) writeFulcioConfig(path string) error {
	issuer := func(url, kind string) map[string]string {
		return map[string]string{"IssuerURL": url, "ClientID": audience, "Type": kind}
	}
	config, err := json.Marshal(map[string]any{"OIDCIssuers": map[string]any{
		s.IssuerURL: issuer(s.IssuerURL, "email"), s.WorkflowURL: issuer(s.WorkflowURL, "github-workflow"),
	}})
	if err != nil {
		return err
	}
	return os.WriteFile(path, config, 0o600)
}

// trees is what trillian-memory prints.
type trees struct {
	Address string   `json:"address"`
	Trees   []string `json:"trees"`
}

// startTelling starts a program that prints a line of JSON when it is up.
func (s *Stack) startTelling(ctx context.Context, program, dir string, into any) error {
	p, err := startProcess(dir, program)
	if err != nil {
		return err
	}
	s.processes = append(s.processes, p)
	for {
		said, err := p.output()
		if err != nil {
			return err
		}
		for line := range bytes.Lines(said) { // some may be of a log
			if bytes.HasPrefix(line, []byte("{")) && bytes.HasSuffix(line, []byte("\n")) {
				return json.Unmarshal(line, into)
			}
		}
		if err := p.pause(ctx); err != nil {
			return err
		}
	}
}

func (s *Stack) startAll(ctx context.Context, programs map[string]string, dir string, servers []server) error {
	ready, ctx := errgroup.WithContext(ctx)
	for _, srv := range servers {
		p, err := startProcess(dir, programs[srv.program], srv.args...)
		if err != nil {
			return err
		}
		s.processes = append(s.processes, p)
		ready.Go(func() error {
			for {
				if _, err := get(ctx, srv.ready); err == nil {
					return nil
				}
				if err := p.pause(ctx); err != nil {
					return err
				}
			}
		})
	}
	if err := ready.Wait(); err != nil {
		return err
	}
	for _, p := range s.processes { // who answered may be another one's server on a port that ours did not get
		if err := p.ended(); err != nil {
			return err
		}
	}
	return nil
}

func get(ctx context.Context, url string) ([]byte, error) {
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, url, nil)
	if err != nil {
		return nil, err
	}
	res, err := http.DefaultClient.Do(req)
	if err != nil {
		return nil, err
	}
	defer res.Body.Close()
	if res.StatusCode != http.StatusOK {
		return nil, fmt.Errorf("GET %s: %s", url, res.Status)
	}
	return io.ReadAll(io.LimitReader(res.Body, 1<<20))
}

// freePorts holds all of them until the last one is found, so that they differ.
func freePorts(ctx context.Context, n int) ([]string, error) {
	var lc net.ListenConfig
	ports := make([]string, n)
	for i := range ports {
		l, err := lc.Listen(ctx, "tcp", "127.0.0.1:0")
		if err != nil {
			return nil, err
		}
		defer l.Close()
		if _, ports[i], err = net.SplitHostPort(l.Addr().String()); err != nil {
			return nil, err
		}
	}
	return ports, nil
}

func writePEM(path, kind string, blocks ...[]byte) error {
	var out bytes.Buffer
	for _, der := range blocks {
		if err := pem.Encode(&out, &pem.Block{Type: kind, Bytes: der}); err != nil {
			return err
		}
	}
	return os.WriteFile(path, out.Bytes(), 0o600)
}
