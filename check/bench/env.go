package bench

import (
	"context"
	"errors"
	"fmt"
	"net"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"sync/atomic"

	"google.golang.org/grpc"
	"google.golang.org/grpc/credentials/insecure"

	"corebank/internal/app"
	"corebank/localbank/supervisor"
)

// env is what the scenarios of a group share. Each part is started on first use;
// close stops them all.
type env struct {
	Config
	dir      string
	log      *logProcesses
	bank     *runningBank
	accounts *loadAccounts  // of the loads over all accounts
	notes    []string       // for readers of the report
	closers  []func() error // called in reverse order
}

func newEnv(c Config, group string) *env {
	return &env{Config: c, dir: filepath.Join(c.Dir, group)}
}

// note shows a text now and in the report.
func (e *env) note(format string, arguments ...any) {
	e.notes = append(e.notes, fmt.Sprintf(format, arguments...))
	e.progress(format, arguments...)
}

// progress shows what the run is doing.
func (e *env) progress(format string, arguments ...any) {
	fmt.Fprintf(e.Log, "  "+format+"\n", arguments...)
}

func (e *env) onClose(closer func() error) { e.closers = append(e.closers, closer) }

func (e *env) close() error {
	var failed error
	for i := len(e.closers) - 1; i >= 0; i-- {
		failed = errors.Join(failed, e.closers[i]())
	}
	e.closers = nil
	return failed
}

// load is the run's load. The scenario's number of clients applies unless the
// user gave one.
func (e *env) load(clients int) Load {
	if e.Clients > 0 {
		clients = e.Clients
	}
	return Load{Clients: clients, Rate: e.Rate, Warmup: e.Warmup, Time: e.Time}
}

// oneClient is the load of a single client that never waits for its turn.
func (e *env) oneClient() Load { return Load{Clients: 1, Warmup: e.Warmup, Time: e.Time} }

// measure puts a load on do and counts the processor time meanwhile.
func (e *env) measure(ctx context.Context, load Load, unit string, processes map[string]int, do operation) (Sample,
	error) {
	var used cpuTimes
	o, err := load.run(ctx, do, func() func() {
		before := cpuTimesOf(processes)
		return func() { used = cpuTimesOf(processes).minus(before) }
	})
	if err != nil {
		return Sample{}, err
	}
	return sampleOf(o, unit, used)
}

// start runs processes until close and returns their ids.
func (e *env) start(ctx context.Context, processes ...supervisor.Process) (map[string]int, error) {
	logs, err := e.logsDir()
	if err != nil {
		return nil, err
	}
	var mu sync.Mutex
	ids := make(map[string]int)
	group, err := supervisor.New(logs, func(event supervisor.Event) {
		mu.Lock()
		defer mu.Unlock()
		switch event.State {
		case supervisor.Started:
			ids[event.Process] = event.PID
		case supervisor.Died:
			e.progress("%s died: %v", event.Process, event.Err)
		}
	}, processes...)
	if err != nil {
		return nil, err
	}
	running, stop := context.WithCancel(context.WithoutCancel(ctx))
	ended, ready := make(chan error, 1), make(chan struct{})
	go func() { ended <- group.Run(running, func() { close(ready) }) }()
	e.onClose(func() error { stop(); return <-ended })
	select {
	case <-ready:
		mu.Lock()
		defer mu.Unlock()
		return ids, nil
	case err := <-ended:
		ended <- nil
		return nil, err
	case <-ctx.Done():
		return nil, ctx.Err()
	}
}

func (e *env) logsDir() (string, error) {
	logs := filepath.Join(e.dir, "logs")
	return logs, os.MkdirAll(logs, 0o700)
}

// dial opens a gRPC connection until close.
func (e *env) dial(address string) (*grpc.ClientConn, error) {
	connection, err := grpc.NewClient(address, grpc.WithTransportCredentials(insecure.NewCredentials()))
	if err == nil {
		e.onClose(connection.Close)
	}
	return connection, err
}

// environment is our environment without variables that would lead the processes
// to another bank.
func environment(more ...string) []string {
	var kept []string
	for _, entry := range os.Environ() {
		name, _, _ := strings.Cut(entry, "=")
		foreign := strings.HasPrefix(name, "COREBANK_") || strings.HasPrefix(name, "MONGODB_") ||
			strings.HasPrefix(name, "DAPR_")
		if name == "COREBANK_DAPRD_DIR" || !foreign {
			kept = append(kept, entry)
		}
	}
	return append(kept, more...)
}

// freeAddresses fills in addresses on this machine where nothing listens.
func freeAddresses(addresses ...*string) error {
	for _, address := range addresses {
		listener, err := net.Listen("tcp", "127.0.0.1:0")
		if err != nil {
			return err
		}
		defer listener.Close()
		*address = listener.Addr().String()
	}
	return nil
}

// answersOK fails unless a URL answers 200.
func answersOK(ctx context.Context, url string) error {
	return app.CheckHealth(ctx, url, http.StatusOK)
}

// inParallel calls do for 0 to n-1 from several goroutines. Each goroutine stops
// at its first failure.
func inParallel(goroutines, n int, do func(i int) error) error {
	failures := make([]error, min(goroutines, n))
	var next atomic.Int64
	var group sync.WaitGroup
	for g := range failures {
		group.Go(func() {
			for i := int(next.Add(1)) - 1; i < n && failures[g] == nil; i = int(next.Add(1)) - 1 {
				failures[g] = do(i)
			}
		})
	}
	group.Wait()
	return errors.Join(failures...)
}
