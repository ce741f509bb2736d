package simulation

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"os"
	"slices"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"corebank/check/laws"
	"corebank/check/workload"
	"corebank/eventsource/storage"
	"corebank/internal/bank"
	"corebank/internal/contract"
)

// Report is what came of a run.
type Report struct {
	Seed uint64
	// Findings are where laws did not hold; none is what we want.
	Findings []laws.Finding
	// Trace is what happened, line by line, in order.
	Trace func() []string
	// Faults counts the faults that happened.
	Faults map[fault]int
	// Partitions is how many the log had.
	Partitions int
	// Asked counts the requests of clients, repeated ones each time; Records what is in the log; Lasted is the
	// virtual time that it took.
	Asked, Records int
	Lasted         time.Duration
}

// Run simulates the bank of a seed with the parts as they are given. It must not be called in a bubble.
func Run(t *testing.T, seed uint64, parts Parts) (report Report) {
	defer func() {
		if p := recover(); p != nil {
			panic(fmt.Sprintf("seed %d: %v", seed, p))
		}
	}()
	files := "" // of event sources, if they have any
	if parts.Machines {
		var err error
		if files, err = os.MkdirTemp(memoryFiles, "simulation"); err != nil {
			t.Fatal(err)
		}
		defer os.RemoveAll(files)
	}
	synctest.Test(t, func(t *testing.T) { report = build(t, seed, parts, files).run() })
	return report
}

// build makes the world of a seed: how many there are of what, and its weather.
func build(t *testing.T, seed uint64, parts Parts, files string) *world {
	w := &world{seed: seed, parts: parts, began: time.Now(), healing: make(chan struct{}), skews: []time.Duration{0},
		names: make(map[string]string), located: make(map[string]int),
		durable: make(map[event]time.Duration), versions: make(map[bank.AccountID]int64),
		reserved: make(map[time.Duration]struct{}), counts: make(map[fault]int)}
	w.ctx, w.end = context.WithCancel(t.Context())
	dice := w.thread("world", nil)
	w.weather = forecast(dice.Rand)
	w.hosts = make([]*host, 1+dice.IntN(3))
	w.gateways = make([]*gateway, 1+dice.IntN(2))
	w.projectors = make([]*projecting, 1+dice.IntN(2))
	for _, name := range []string{"ada", "bob", "cleo", "dan"}[:1+dice.IntN(4)] {
		p := w.person(dice, name, "EUR")
		p.externalID = []string{"", "", "of " + name, "wanted by many"}[w.thread("external id of "+name, nil).IntN(4)]
		w.people = append(w.people, p)
	}
	w.foreign, w.absent = w.person(dice, "eve", "USD"), w.person(dice, "absent", "EUR")
	w.auditor = w.person(dice, "auditor", "EUR")
	if parts.Machines {
		w.formatMachines(files)
	} else {
		w.format(1 + max(0, w.thread("partitions", nil).IntN(5)-2)) // mostly one
	}
	w.snapshots = &snapshotStore{saved: make(map[bank.AccountID][][]byte)}
	w.checkpoints = &snapshotStore{saved: make(map[bank.AccountID][][]byte)}
	w.views = newGenerations(w)
	w.topic = &topic{world: w}
	w.workload = &workload.Workload{Currency: "EUR", Payment: payment, Expiry: expiry, Destinations: w.accounts,
		Refusing: []bank.AccountID{w.foreign.account, w.absent.account}, Journals: true}
	return w
}

// payment is the most that is paid mostly, in cents, and expiry how long a hold lasts, at most, that expires in a
// run.
const (
	payment = 100
	expiry  = 8 * time.Second
)

// accounts are those of the people.
func (w *world) accounts() []bank.AccountID {
	all := make([]bank.AccountID, len(w.people))
	for i, p := range w.people {
		all[i] = p.account
	}
	return all
}

// format makes the log's disks.
func (w *world) format(partitions int) {
	if partitions == 1 {
		w.disks = []*disk{{world: w, log: storage.NewMemoryLog()}}
		return
	}
	for number := 1; number <= partitions; number++ {
		w.disks = append(w.disks,
			&disk{world: w, log: storage.NewMemoryLog(), part: storage.Partition{Number: number, Of: partitions}})
	}
	w.disks = append(w.disks,
		&disk{world: w, sequence: storage.NewMemorySequenceLog(), part: storage.Partition{Of: partitions}})
}

// person makes a customer, whose account is on a host from the beginning.
func (w *world) person(dice *thread, name string, currency bank.Currency) person {
	p := person{name: name, account: bank.NewAccountID(customer, name), currency: currency}
	w.names[string(p.account)] = name
	w.located[string(p.account)] = dice.IntN(len(w.hosts))
	return p
}

// run lets the bank work in bad weather, heals it, and checks the laws.
func (w *world) run() Report {
	dice := w.thread("run", nil)
	w.start(dice.Rand)
	storm, calm := context.WithCancel(w.ctx)
	w.running.Go(func() { w.chaos(storm) })
	w.running.Go(func() { w.look(storm) })
	w.startClients(dice).Wait()
	calm()
	w.heal()
	w.settle()
	records := w.check()
	w.end()
	w.late.Wait()
	w.running.Wait()
	time.Sleep(afterTime)
	return Report{Seed: w.seed, Findings: w.found.Kept, Trace: w.trace, Faults: w.counts, Partitions: len(w.logs()),
		Asked: len(w.asked), Records: records, Lasted: w.now()}
}

// start starts every process once.
func (w *world) start(dice *rand.Rand) {
	if w.cluster != nil {
		w.cluster.start()
	} else {
		for _, d := range w.disks {
			w.startSource(d)
		}
	}
	for slot := range w.hosts {
		w.startHost(slot, 1)
	}
	for slot := range w.gateways {
		w.startGateway(slot, 1)
	}
	for slot := range w.projectors {
		w.startProjector(slot, 1, w.topic.queue())
	}
	w.subscribe("", 0)
	w.subscribe(w.people[0].account, time.Duration(dice.Int64N(int64(5*time.Second))))
}

// busyDay is how rarely a run has so many requests that actors save snapshots while they work.
const busyDay = 200

// startClients sends clients to work.
func (w *world) startClients(dice *thread) *sync.WaitGroup {
	working := new(sync.WaitGroup)
	clients := 2 + dice.IntN(3)
	busy := dice.IntN(busyDay) == 0
	for i := range clients {
		name := fmt.Sprintf("client %d", i+1)
		c := &client{world: w, name: name, th: w.thread(name, nil)}
		for k := i; k < len(w.people); k += clients {
			c.opens = append(c.opens, w.people[k])
		}
		if i == 0 {
			c.opens = append(c.opens, w.foreign)
		}
		requests, pause := 4+dice.IntN(10), 700*time.Millisecond
		if busy {
			requests, pause = 100, 20*time.Millisecond
		}
		working.Go(func() { c.work(requests, pause) })
	}
	return working
}

// Times that a healed bank may take.
const (
	healTime   = 30 * time.Second
	settleTime = 30 * time.Second
	// afterTime is longer than dead gateways still try to call actors: each line of theirs may have one call on its
	// way and one waiting, and the commands of a batch that were late go one after the other.
	afterTime = 5 * time.Minute
)

// heal ends all faults and brings all processes back.
func (w *world) heal() {
	w.healed.Store(true)
	close(w.healing)
	w.note("world", "heals")
	w.mu.Lock()
	for _, h := range w.hosts {
		h.skew.Store(0)
	}
	w.mu.Unlock()
	w.late.Wait() // what was held up arrives now
	w.until("all processes to be back", healTime, func() bool {
		return !slices.ContainsFunc(w.slotted(), func(p *process) bool { return p.dead.Load() })
	})
	if w.cluster != nil {
		w.cluster.heal()
		return
	}
	w.fence()
	for _, d := range w.disks {
		w.until("an event source that holds the log"+d.name(), healTime, func() bool {
			live := w.sourcesOf(d)
			return len(live) == 1 && live[0].owner.Ready().Ready && live[0].holds()
		})
	}
}

// holds reports whether an event source is the one that took its disk over last.
func (s *source) holds() bool { return s.disk.heldBy(s.drive) }

// fence lets every event source that has lost the log find out about it: what it tries to write has to fail, and it
// has to end.
func (w *world) fence() {
	w.until("all event sources to be ready", healTime, func() bool {
		return !slices.ContainsFunc(w.liveSources(), func(s *source) bool { return !s.owner.Ready().Ready })
	})
	for _, s := range w.liveSources() {
		if s.holds() {
			continue
		}
		if w.poke(s) {
			w.violated(laws.Fenced, "%s wrote although another event source had taken the log over", s.name)
			continue
		}
		if w.until(s.name+" to see that it is fenced", healTime, s.hasEnded) && !errors.Is(s.err, storage.ErrFenced) {
			w.violated(laws.Fenced, "%s ended with %v instead of being fenced", s.name, s.err)
		}
	}
}

// poke asks an event source to open an account that has no other use, and reports whether it did. A sequencer only
// gets something to put into its sequence.
func (w *world) poke(s *source) (wrote bool) {
	if s.writer == nil {
		w.ask(w.thread("poke "+s.name, nil), w.auditor.opening(), healTime)
		w.ask(w.thread("pay "+s.name, nil),
			laws.NewRequest(w.auditor.account, "pay "+s.name, bank.Deposit{Amount: bank.Money{Minor: 1, Currency: "EUR"}}),
			healTime)
		return false
	}
	id := bank.NewAccountID("intruder", s.name)
	r := contract.Record{Account: id, Version: 1, Key: "poke"}
	if err := r.SetEvent(bank.AccountOpened{Owner: "intruder", Currency: "EUR", Kind: bank.Current}); err != nil {
		panic(err) // the event is whole
	}
	ctx, stop := s.serve(w.ctx)
	defer stop()
	results := s.writer.Append(ctx, []contract.Append{{Account: id, Records: []contract.Record{r}}})
	return results[0].Status == contract.Appended
}

// settle asks again for all whose outcome somebody does not know, and gives the views and the subscribers time to
// catch up.
func (w *world) settle() {
	w.resolve()
	w.finish()
	head := w.head()
	w.until("the views to reach the head of the log", settleTime, func() bool {
		position, err := w.views.live().Store.Checkpoint(w.ctx)
		return err == nil && position == head
	})
	for _, s := range w.subscribers {
		w.until(s.name+" to see the last transaction", settleTime, func() bool { return s.seen() == w.lastLine(s) })
	}
	// Whatever comes too much comes now.
	_ = w.sleep(w.ctx, 2*time.Second)
}
