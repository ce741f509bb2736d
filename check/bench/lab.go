package bench

import (
	"context"
	"errors"
	"fmt"
	"net"
	"os"
	"path/filepath"
	"strings"
	"sync"

	"corebank/localbank/supervisor"
)

// lab has what the scenarios of a group share: each thing is started when it is
// first asked for, and all of it is stopped by close.
type lab struct {
	Config
	dir     string
	log     *logParts
	bank    *wholeBank
	till    *till          // accounts for loads over all of them
	notes   []string       // what a reader of the report has to know
	closers []func() error // last first
}

func newLab(c Config, group string) *lab {
	return &lab{Config: c, dir: filepath.Join(c.Dir, group)}
}

// note tells the user, and whoever reads the report.
func (l *lab) note(format string, arguments ...any) {
	text := fmt.Sprintf(format, arguments...)
	l.notes = append(l.notes, text)
	fmt.Fprintf(l.Log, "  %s\n", text)
}

func (l *lab) close() error {
	var failed error
	for i := len(l.closers) - 1; i >= 0; i-- {
		failed = errors.Join(failed, l.closers[i]())
	}
	l.closers = nil
	return failed
}

// load is the run's load, with as many clients as the scenario wants unless the
// user wants others.
func (l *lab) load(clients int) Load {
	if l.Clients > 0 {
		clients = l.Clients
	}
	return Load{Clients: clients, Rate: l.Rate, Warmup: l.Warmup, Time: l.Time}
}

// measure puts a load on do, and counts what the processes use meanwhile.
func (l *lab) measure(ctx context.Context, load Load, unit string, processes map[string]int, do operation) (Sample, error) {
	var used spent
	o, err := load.run(ctx, do, func() func() {
		before := lookAt(processes)
		return func() { used = lookAt(processes).minus(before) }
	})
	if err != nil {
		return Sample{}, err
	}
	return sampleOf(o, unit, used)
}

// start runs processes until the lab is closed, and returns their ids.
func (l *lab) start(ctx context.Context, processes ...supervisor.Process) (map[string]int, error) {
	logs := filepath.Join(l.dir, "logs")
	if err := os.MkdirAll(logs, 0o700); err != nil {
		return nil, err
	}
	var mu sync.Mutex
	ids := make(map[string]int)
	group, err := supervisor.New(logs, func(e supervisor.Event) {
		mu.Lock()
		defer mu.Unlock()
		switch e.State {
		case supervisor.Started:
			ids[e.Process] = e.PID
		case supervisor.Died:
			fmt.Fprintf(l.Log, "  %s died: %v\n", e.Process, e.Err)
		}
	}, processes...)
	if err != nil {
		return nil, err
	}
	running, stop := context.WithCancel(context.WithoutCancel(ctx))
	ended, ready := make(chan error, 1), make(chan struct{})
	go func() { ended <- group.Run(running, func() { close(ready) }) }()
	l.closers = append(l.closers, func() error { stop(); return <-ended })
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

// environment is ours without what would lead the processes to somebody else's
// bank.
func environment(more ...string) []string {
	var kept []string
	for _, entry := range os.Environ() {
		name, _, _ := strings.Cut(entry, "=")
		foreign := strings.HasPrefix(name, "COREBANK_") || strings.HasPrefix(name, "MONGODB_") || strings.HasPrefix(name, "DAPR_")
		if name == "COREBANK_DAPRD_DIR" || !foreign {
			kept = append(kept, entry)
		}
	}
	return append(kept, more...)
}

// freeAddress is an address on this machine where nobody listens.
func freeAddress() (string, error) {
	lis, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return "", err
	}
	defer lis.Close()
	return lis.Addr().String(), nil
}
