// Timestamp-memory is the server of Sigstore's timestamp authority with a key in memory, for tests. The published program
// listens for metrics on port 2112 of all addresses, and ends when that is taken, by another test for example. It prints
// one line of JSON with its address, and ends when its standard input does, that is with whoever started it.
package main

import (
	"encoding/json"
	"fmt"
	"io"
	"net"
	"os"
	"strconv"
	"time"

	"github.com/sigstore/timestamp-authority/v2/pkg/server"
	"github.com/spf13/viper"
)

// policy is the one that the published program has unless told otherwise.
const policy = "1.3.6.1.4.1.57264.2"

type ready struct {
	Address string `json:"address"`
}

func main() {
	if err := run(os.Stdin, os.Stdout); err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
}

func run(stdin io.Reader, stdout io.Writer) error {
	for name, value := range map[string]any{
		"timestamp-signer": "memory", "timestamp-signer-hash": "sha256", "default-policy-oid": policy, "accepted-policy-oids": []string{policy},
		"max-request-body-size": 1 << 20,
	} {
		viper.Set(name, value)
	}
	srv := server.NewRestAPIServer("127.0.0.1", 0, []string{"http"}, false, time.Minute, time.Minute)
	if err := srv.Listen(); err != nil {
		return err
	}
	told := ready{Address: net.JoinHostPort(srv.Host, strconv.Itoa(srv.Port))}
	if err := json.NewEncoder(stdout).Encode(told); err != nil {
		return err
	}
	go func() {
		_, _ = io.Copy(io.Discard, stdin) // however it ends, nobody is there any more
		os.Exit(0)
	}()
	return srv.Serve()
}
