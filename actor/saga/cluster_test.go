package saga_test

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"corebank/actor"
	"corebank/actor/saga"
	"corebank/eventsource"
	"corebank/eventsource/storage"
	"corebank/internal/bank"
	"corebank/internal/batcher"
	"corebank/internal/contract"
	"corebank/internal/identity/identitytest"
	"corebank/internal/seal"
)

var quiet = slog.New(slog.DiscardHandler)

// cluster is a small bank without a gateway: a log in memory, hosts of actors, a
// topic, and drivers that live and die. It must be made in a synctest bubble:
// time is virtual.
type cluster struct {
	t       *testing.T
	memory  *storage.MemoryLog
	api     *eventsource.API
	topic   *topic
	hosts   []*actor.Host
	drivers []*life // by host; nil while none runs

	mu     sync.Mutex
	places map[bank.AccountID]int
	kept   [][]byte // every checkpoint that was ever saved
	lost   bool     // what is kept now is not found
	stale  bool     // the oldest is found instead of the newest
	// trouble is asked before and after each thing a driver does; an error of
	// its is what the driver sees of it.
	trouble func(ctx context.Context, point string) error
	// slow is how long a driver's call takes to arrive, and to be answered.
	slow  time.Duration
	skew  time.Duration // how wrong the clocks of the hosts are
	limit int           // how many transfers and holds a driver remembers, if not the usual
}

func newCluster(t *testing.T, hosts int) *cluster {
	t.Helper()
	w := &cluster{t: t, memory: storage.NewMemoryLog(), topic: &topic{queues: make(map[chan contract.Batch]bool)},
		places: make(map[bank.AccountID]int), drivers: make([]*life, hosts),
		trouble: func(context.Context, string) error { return nil }}
	storage := w.memory.Open()
	writer := eventsource.NewWriter(storage, quiet)
	relay := eventsource.NewRelay(storage, writer, w.topic, quiet)
	w.api = eventsource.NewAPI(writer, storage, relay.Published)
	w.background(writer.Run)
	w.background(relay.Run)
	synctest.Wait() // until the writer has the log
	for range hosts {
		w.hosts = append(w.hosts, w.newHost())
	}
	return w
}

func (w *cluster) newHost() *actor.Host {
	clock := func() time.Time { return time.Now().Add(w.skew) }
	return actor.NewHost(events{w}, noSnapshots{}, seal.Key{}, clock, identitytest.Believe)
}

// background runs work until the test ends.
func (w *cluster) background(work func(context.Context) error) (stop func()) {
	ctx, cancel := context.WithCancel(context.Background())
	var running sync.WaitGroup
	running.Go(func() {
		if err := work(ctx); err != nil {
			w.t.Errorf("part of the bank failed: %v", err)
		}
	})
	stop = func() { cancel(); running.Wait() }
	w.t.Cleanup(stop)
	return stop
}

// life is one life of a driver.
type life struct {
	*saga.Driver
	stop func()
}

// drive starts a driver beside a host.
func (w *cluster) drive(at int) *life {
	w.t.Helper()
	l := &life{Driver: saga.New(saga.Parts{Log: events{w}, Call: w.callFor(at), Store: checkpointStore{w},
		Here:  func(id bank.AccountID) bool { return w.hostAt(at).Has(id) },
		Clock: time.Now, Salt: uint64(at), Logger: quiet})}
	if w.limit != 0 {
		l.Limit(w.limit, w.limit)
	}
	l.stop = w.background(func(ctx context.Context) error { return l.Run(ctx, w.topic.follow) })
	w.drivers[at] = l
	return l
}

// kill ends a driver; nothing of its memory remains.
func (w *cluster) kill(at int) {
	w.drivers[at].stop()
	w.drivers[at] = nil
}

// until waits, in virtual time, for a condition.
func (w *cluster) until(what string, most time.Duration, condition func() bool) {
	w.t.Helper()
	look := time.NewTicker(10 * time.Millisecond)
	defer look.Stop()
	for began := time.Now(); !condition(); <-look.C {
		if time.Since(began) > most {
			w.t.Fatalf("waited %s for %s", most, what)
		}
	}
}

// pass lets virtual time pass.
func (w *cluster) pass(d time.Duration) { <-time.After(d) }

// host is where an account is placed.
func (w *cluster) host(id bank.AccountID) *actor.Host {
	w.mu.Lock()
	defer w.mu.Unlock()
	return w.hosts[w.places[id]]
}

func (w *cluster) hostAt(at int) *actor.Host {
	w.mu.Lock()
	defer w.mu.Unlock()
	return w.hosts[at]
}

// place puts an account on a host, as Dapr would.
func (w *cluster) moveActor(id bank.AccountID, at int) {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.places[id] = at
}

// receiver is who is called, in the context of a call.
type receiver struct{}

var errBroken = errors.New("connection reset")

// callFor carries the calls of the driver beside a host.
func (w *cluster) callFor(at int) batcher.Call {
	return func(ctx context.Context, id bank.AccountID, batch contract.CommandBatch) (contract.CommandReply, error) {
		ctx = context.WithValue(ctx, receiver{}, id)
		for _, c := range batch.Commands {
			if err := w.trouble(ctx, fmt.Sprintf("before %s by %d", c.Type, at)); err != nil {
				return contract.CommandReply{}, err
			}
		}
		w.pass(w.slow)
		reply, err := w.host(id).Execute(ctx, id, batch)
		w.pass(w.slow)
		for _, c := range batch.Commands {
			if err := w.trouble(ctx, fmt.Sprintf("after %s by %d", c.Type, at)); err != nil {
				return contract.CommandReply{}, err
			}
		}
		return reply, err
	}
}

// events is the event source.
type events struct{ w *cluster }

func (e events) Append(ctx context.Context, a contract.Append) (contract.AppendResult, error) {
	results, err := e.AppendAll(ctx, []contract.Append{a})
	if err != nil {
		return contract.AppendResult{}, err
	}
	return results[0], nil
}

func (e events) AppendAll(ctx context.Context, appends []contract.Append) ([]contract.AppendResult, error) {
	if err := e.w.trouble(ctx, "before append"); err != nil {
		return nil, err
	}
	reply, err := e.w.api.Append(ctx, contract.AppendRequest{Appends: appends})
	if err != nil {
		return nil, err
	}
	return reply.Results, e.w.trouble(ctx, "after append")
}

func (e events) ReadAll(ctx context.Context, r contract.ReadAllRequest) (contract.Records, error) {
	if err := e.w.trouble(ctx, "read"); err != nil {
		return contract.Records{}, err
	}
	return e.w.api.ReadAll(ctx, r)
}

func (e events) ReadStream(ctx context.Context, r contract.ReadStreamRequest) (contract.Records, error) {
	return e.w.api.ReadStream(ctx, r)
}

func (e events) FindKeys(ctx context.Context, r contract.FindKeysRequest) (contract.Records, error) {
	return e.w.api.FindKeys(ctx, r)
}

func (e events) Ready(ctx context.Context) (contract.Readiness, error) {
	return e.w.api.Ready(ctx, struct{}{})
}

// noSnapshots stores no snapshots.
type noSnapshots struct{}

func (noSnapshots) Load(context.Context, bank.AccountID) ([]byte, error) { return nil, nil }
func (noSnapshots) Save(context.Context, bank.AccountID, []byte) error   { return nil }

// checkpointStore has all checkpoints of the drivers.
type checkpointStore struct{ w *cluster }

func (s checkpointStore) Load(context.Context) ([]byte, error) {
	s.w.mu.Lock()
	defer s.w.mu.Unlock()
	switch {
	case s.w.lost || len(s.w.kept) == 0:
		return nil, nil
	case s.w.stale:
		return s.w.kept[0], nil
	}
	return s.w.kept[len(s.w.kept)-1], nil
}

func (s checkpointStore) Save(ctx context.Context, data []byte) error {
	if err := s.w.trouble(ctx, "save"); err != nil {
		return err
	}
	s.w.mu.Lock()
	s.w.kept = append(s.w.kept, data)
	s.w.mu.Unlock()
	return s.w.trouble(ctx, "saved")
}

// topic hands each batch to all who follow it.
type topic struct {
	mu     sync.Mutex
	queues map[chan contract.Batch]bool
	silent bool // loses everything
}

func (p *topic) Publish(_ context.Context, batch contract.Batch) error {
	p.mu.Lock()
	defer p.mu.Unlock()
	for q := range p.queues {
		if p.silent || len(q) == cap(q) {
			continue // lost
		}
		q <- batch
	}
	return nil
}

func (p *topic) follow(ctx context.Context, handle func(context.Context, contract.Batch) error) error {
	q := make(chan contract.Batch, 1000)
	p.mu.Lock()
	p.queues[q] = true
	p.mu.Unlock()
	defer func() {
		p.mu.Lock()
		delete(p.queues, q)
		p.mu.Unlock()
	}()
	for {
		select {
		case <-ctx.Done():
			return nil
		case batch := <-q:
			_ = handle(ctx, batch) // what failed is noticed with the next one
		}
	}
}

func (p *topic) hush(silent bool) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.silent = silent
}
