package simulation

import (
	"context"
	"fmt"
	"maps"
	"slices"
	"sync"
	"sync/atomic"
	"time"

	"corebank/check/laws"
	"corebank/check/workload"
	"corebank/internal/bank"
	"corebank/internal/contract"
)

// world is what all components of one run share.
type world struct {
	seed    uint64
	parts   Parts
	weather weather
	began   time.Time
	// ctx ends with the run, and with it everything that is under way.
	ctx    context.Context
	end    context.CancelFunc
	names  map[string]string // of accounts
	people []person
	// foreign has an account in another currency, absent has none, and the auditor opens one only to see what
	// happens.
	foreign, absent, auditor person

	cluster     *cluster // of machines with copies of the log, or nil
	disks       []*disk  // of the log; of each of several partitions, and then of their sequence
	snapshots   *snapshotStore
	checkpoints *snapshotStore // of the drivers of transfers
	views       *generations
	memory      sync.Map // of what a test breaks, beyond the lives of processes
	// workload is what the clients ask for.
	workload *workload.Workload
	topic    *topic

	copies  earlier        // of the log
	running sync.WaitGroup // everything that ends with ctx
	late    sync.WaitGroup // calls that are still to arrive
	healed  atomic.Bool
	stopped atomic.Bool   // no process is started again
	healing chan struct{} // closed when it heals

	mu       sync.Mutex
	durable  map[event]time.Duration // since when
	versions map[bank.AccountID]int64
	reserved map[time.Duration]struct{}
	steps    []step
	found    laws.Findings
	counts   map[fault]int
	asked    []attempt
	batches  []*batch // the atomic ones
	sights   []sight
	shown    []shown // by the views, since the log was put back last
	// lastPutBack is when an earlier copy of the log was put in its place; 0 for never.
	lastPutBack time.Duration

	sources     []*source       // all that ever were, oldest first
	hosts       []*host         // by slot; nil while it is down
	located     map[string]int  // the host of each actor, by slot
	skews       []time.Duration // how wrong clocks were, and 0
	gateways    []*gateway
	projectors  []*projecting
	subscribers []*subscriber
}

// slotted are the processes that have a slot, dead or alive.
func (w *world) slotted() (all []*process) {
	w.mu.Lock()
	defer w.mu.Unlock()
	for _, h := range w.hosts {
		all = append(all, h.process)
	}
	for _, g := range w.gateways {
		all = append(all, g.process)
	}
	for _, p := range w.projectors {
		all = append(all, p.process)
	}
	return all
}

// person is a customer with one account.
type person struct {
	name       string
	account    bank.AccountID
	currency   bank.Currency
	externalID string // that they want for it; "" for none
}

// opening is how they open it: under their name as the key.
func (p person) opening() *laws.Request {
	return laws.NewRequest(p.account, p.name,
		bank.OpenAccount{Owner: p.name, Currency: p.currency, ExternalID: p.externalID})
}

// event names a record, wherever it stands.
type event struct {
	account bank.AccountID
	version int64
}

// landed notes that a record is durable now.
func (w *world) landed(r contract.Record) {
	now := w.now()
	w.mu.Lock()
	defer w.mu.Unlock()
	w.durable[event{r.Account, r.Version}] = now
}

// lastAnswered is the last version of an account that an event source has answered with. What is durable and was not
// answered with yet, no one can miss.
func (w *world) lastAnswered(id bank.AccountID) int64 {
	w.mu.Lock()
	defer w.mu.Unlock()
	return w.versions[id]
}

func (w *world) noteAnswered(id bank.AccountID, version int64) {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.versions[id] = max(w.versions[id], version)
}

// noteAppended notes what the answers to appends say.
func (w *world) noteAppended(appends []contract.Append, results []contract.AppendResult) {
	for i, a := range appends {
		if results[i].Status != contract.Appended {
			continue
		}
		for stream := range a.Streams {
			w.noteAnswered(stream.Account, stream.ExpectedVersion+int64(len(stream.Records)))
		}
	}
}

// durableSince is when a record became durable.
func (w *world) durableSince(id bank.AccountID, version int64) (at time.Duration, durable bool) {
	w.mu.Lock()
	defer w.mu.Unlock()
	at, durable = w.durable[event{id, version}]
	return at, durable
}

// step is one line of the trace. It is written out only when somebody asks.
type step struct {
	at     time.Duration
	who    string
	format string
	args   []any
}

func (s step) String() string {
	return fmt.Sprintf("%12.6fs  %-22s %s", s.at.Seconds(), s.who, fmt.Sprintf(s.format, s.args...))
}

// now is the virtual time since the run began.
func (w *world) now() time.Duration { return time.Since(w.began) }

// note adds a line to the trace. args must not change any more.
func (w *world) note(who, format string, args ...any) {
	now := w.now()
	w.mu.Lock()
	defer w.mu.Unlock()
	w.steps = append(w.steps, step{at: now, who: who, format: format, args: args})
}

// violated notes that a law does not hold.
func (w *world) violated(law laws.Law, format string, args ...any) {
	w.note("VIOLATION", "of %s: %s", law, fmt.Sprintf(format, args...))
	w.mu.Lock()
	defer w.mu.Unlock()
	w.found.Violated(law, format, args...)
}

// trace are the steps so far, each instant's in alphabetical order: within one, the Go scheduler decides who is
// first.
func (w *world) trace() []string {
	w.mu.Lock()
	defer w.mu.Unlock()
	texts := make(map[time.Duration][]string)
	for _, s := range w.steps {
		texts[s.at] = append(texts[s.at], s.String())
	}
	var all []string
	for _, at := range slices.Sorted(maps.Keys(texts)) {
		all = append(all, slices.Sorted(slices.Values(texts[at]))...)
	}
	return all
}

// reserve is the instant after d, or the first free one after it: no two components act at the same time.
func (w *world) reserve(d time.Duration) time.Duration {
	at := w.now() + max(d, 1)
	w.mu.Lock()
	defer w.mu.Unlock()
	for {
		if _, is := w.reserved[at]; !is {
			w.reserved[at] = struct{}{}
			return at
		}
		at++
	}
}

// sleep lets d pass. Its error is that ctx ended first.
func (w *world) sleep(ctx context.Context, d time.Duration) error {
	select {
	case <-ctx.Done():
		return ctx.Err()
	case <-time.After(w.reserve(d) - w.now()):
		return nil
	}
}

// endure lets a bad time of d pass, or what is left of it until everything heals. Its error is that ctx ended
// first.
func (w *world) endure(ctx context.Context, th *thread, d time.Duration) error {
	select {
	case <-ctx.Done():
		return ctx.Err()
	case <-time.After(w.reserve(d) - w.now()):
		return nil
	case <-w.healing:
		return w.sleep(ctx, th.between(1, 1000))
	}
}

// later does something after up to most, as messages do that were held up somewhere: the sender no longer waits.
func (w *world) later(th *thread, most time.Duration, do func(context.Context)) {
	fork, delay := th.fork("late"), th.between(0, most)
	w.late.Go(func() {
		if w.sleep(w.ctx, delay) == nil {
			do(fork.in(w.ctx))
		}
	})
}

// until waits for a condition, which a healthy bank fulfils within most.
func (w *world) until(what string, most time.Duration, condition func() bool) bool {
	deadline := w.now() + most
	for !condition() {
		if w.now() > deadline {
			w.violated(laws.Heals, "waited %s after healing for %s", most, what)
			return false
		}
		if w.sleep(w.ctx, 50*time.Millisecond) != nil {
			return false
		}
	}
	return true
}

// name is how the trace calls an account or another actor.
func (w *world) name(id string) string {
	if name, known := w.names[id]; known {
		return name
	}
	return id
}
