// Command transit serves Vault's own transit engine, in memory, on a free port of loopback, which it prints. The token
// is "root".
package main

import (
	"context"
	"encoding/json"
	"fmt"
	"log"
	"net"
	"net/http"
	"strings"

	"github.com/hashicorp/go-hclog"
	"github.com/hashicorp/vault/builtin/logical/transit"
	"github.com/hashicorp/vault/sdk/framework"
	"github.com/hashicorp/vault/sdk/logical"
)

func main() {
	storage := &logical.InmemStorage{}
	config := &logical.BackendConfig{
		StorageView: storage, System: logical.TestSystemView(), Logger: hclog.NewNullLogger(), Config: map[string]string{},
	}
	engine, err := transit.Backend(context.Background(), config)
	if err != nil {
		log.Fatal(err)
	}
	for _, p := range engine.Paths { // what newer versions of Vault's library demand, and older engines lack
		if p.ExistenceCheck == nil {
			p.ExistenceCheck = func(context.Context, *logical.Request, *framework.FieldData) (bool, error) { return false, nil }
		}
	}
	if err := engine.Setup(context.Background(), config); err != nil {
		log.Fatal(err)
	}
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		log.Fatal(err)
	}
	fmt.Println("http://" + listener.Addr().String())
	log.Fatal(http.Serve(listener, serve(engine, storage))) //nolint:gosec // a test's own
}

// serve answers as Vault does for an engine that is mounted at transit/.
func serve(engine logical.Backend, storage logical.Storage) http.HandlerFunc {
	return func(w http.ResponseWriter, r *http.Request) {
		path, ok := strings.CutPrefix(r.URL.Path, "/v1/transit/")
		if !ok || r.Header.Get("X-Vault-Token") != "root" {
			http.Error(w, `{"errors":["permission denied"]}`, http.StatusForbidden)
			return
		}
		q := &logical.Request{Operation: logical.ReadOperation, Path: path, Storage: storage, Data: map[string]any{}}
		if r.Method != http.MethodGet {
			q.Operation = logical.UpdateOperation
			if err := json.NewDecoder(r.Body).Decode(&q.Data); err != nil {
				http.Error(w, `{"errors":["no JSON"]}`, http.StatusBadRequest)
				return
			}
		}
		resp, err := engine.HandleRequest(r.Context(), q)
		w.Header().Set("Content-Type", "application/json")
		switch {
		case err != nil || resp.IsError():
			if err == nil {
				err = resp.Error()
			}
			w.WriteHeader(http.StatusBadRequest)
			_ = json.NewEncoder(w).Encode(map[string]any{"errors": []string{err.Error()}})
		case resp == nil && q.Operation == logical.ReadOperation:
			w.WriteHeader(http.StatusNotFound)
			_, _ = w.Write([]byte(`{"errors":[]}`))
		case resp == nil:
			w.WriteHeader(http.StatusNoContent)
		default:
			_ = json.NewEncoder(w).Encode(map[string]any{"data": resp.Data})
		}
	}
}
