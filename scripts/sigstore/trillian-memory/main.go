// Trillian-memory is a Trillian log server with its sequencer in one process and its storage in memory, for tests: what
// the certificate transparency log and Rekor's first version write to. It makes a tree for each, prints one line of JSON
// with its address and the ids of the trees, and ends when its standard input does, that is with whoever started it.
package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net"
	"os"
	"strconv"
	"time"

	"github.com/google/trillian"
	"github.com/google/trillian/extension"
	tlog "github.com/google/trillian/log"
	"github.com/google/trillian/monitoring"
	"github.com/google/trillian/quota"
	"github.com/google/trillian/server"
	"github.com/google/trillian/server/admin"
	"github.com/google/trillian/server/interceptor"
	"github.com/google/trillian/storage/memory"
	"github.com/google/trillian/util/clock"
	"google.golang.org/grpc"
	"google.golang.org/protobuf/types/known/durationpb"
)

// interval is how often waiting leaves are put into the trees: clients of Rekor wait for that.
const interval = 50 * time.Millisecond

type ready struct {
	Address string   `json:"address"`
	Trees   []string `json:"trees"`
}

func main() {
	if err := run(os.Stdin, os.Stdout); err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
}

func run(stdin io.Reader, stdout io.Writer) error {
	ctx, cancel := context.WithCancel(context.Background())
	defer cancel()
	var lc net.ListenConfig
	listener, err := lc.Listen(ctx, "tcp", "127.0.0.1:0")
	if err != nil {
		return err
	}

	trees, metrics := memory.NewTreeStorage(), monitoring.InertMetricFactory{}
	registry := extension.Registry{
		AdminStorage:  memory.NewAdminStorage(trees),
		LogStorage:    memory.NewLogStorage(trees, metrics),
		QuotaManager:  quota.Noop(),
		MetricFactory: metrics,
	}
	calls := interceptor.New(registry.AdminStorage, registry.QuotaManager, false, metrics)
	srv := grpc.NewServer(grpc.UnaryInterceptor(calls.UnaryInterceptor))
	logs, admins := server.NewTrillianLogRPCServer(registry, clock.System), admin.New(registry, nil)
	trillian.RegisterTrillianLogServer(srv, logs)
	trillian.RegisterTrillianAdminServer(srv, admins)

	told := ready{Address: listener.Addr().String()}
	for range 2 {
		id, err := newTree(ctx, admins, logs)
		if err != nil {
			return err
		}
		told.Trees = append(told.Trees, id)
	}
	go tlog.NewOperationManager(tlog.OperationInfo{
		Registry: registry, BatchSize: 256, NumWorkers: 1, RunInterval: interval, TimeSource: clock.System,
	}, tlog.NewSequencerManager(registry, 0)).OperationLoop(ctx)
	go func() {
		_, _ = io.Copy(io.Discard, stdin) // however it ends, nobody is there any more
		srv.Stop()
	}()
	if err := json.NewEncoder(stdout).Encode(told); err != nil {
		return err
	}
	if err := srv.Serve(listener); !errors.Is(err, grpc.ErrServerStopped) {
		return err
	}
	return nil
}

func newTree(ctx context.Context, admins *admin.Server, logs *server.TrillianLogRPCServer) (string, error) {
	tree, err := admins.CreateTree(ctx, &trillian.CreateTreeRequest{Tree: &trillian.Tree{
		TreeState: trillian.TreeState_ACTIVE, TreeType: trillian.TreeType_LOG, MaxRootDuration: durationpb.New(0),
	}})
	if err != nil {
		return "", err
	}
	_, err = logs.InitLog(ctx, &trillian.InitLogRequest{LogId: tree.GetTreeId()})
	return strconv.FormatInt(tree.GetTreeId(), 10), err
}
