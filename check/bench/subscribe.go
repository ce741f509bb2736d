package bench

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"strconv"
	"sync"
	"sync/atomic"
	"time"
)

// The cases of subscriptions.
const caseDelivery = "delivery"

func caseIdle(sockets int) string       { return thousands(int64(sockets)) + " idle websockets" }
func caseFanOut(subscribers int) string { return "fan-out to " + thousands(int64(subscribers)) }

const (
	figureMemory = "gateway's growth"
	// fanOutClients deposit at once while others are told.
	fanOutClients = 16
	// idleRest is how long idle websockets are left alone before the gateway's
	// memory is looked at.
	idleRest = 3 * time.Second
	// filesBeside is how many files are open besides websockets.
	filesBeside = 500
	// deliveryMost is how long a deposit may take to reach everybody.
	deliveryMost = 30 * time.Second
)

// openIdle measures the websockets that a gateway keeps.
func openIdle(ctx context.Context, l *lab) ([]measured, error) {
	if l.remote() {
		l.note("the memory of idle websockets is not measured: the gateway's process is not seen from here")
		return nil, nil
	}
	if err := roomForFiles(l.Sockets + filesBeside); err != nil {
		return nil, err
	}
	b, err := l.startBank(ctx)
	if err != nil {
		return nil, err
	}
	t, err := l.openTill(ctx, b, 100, 1)
	if err != nil {
		return nil, err
	}
	return []measured{l.idle(t)}, nil
}

// openFanOut measures how fast a gateway tells many, and how soon it tells one.
func openFanOut(ctx context.Context, l *lab) ([]measured, error) {
	if err := roomForFiles(l.Subscribers + filesBeside); err != nil {
		return nil, err
	}
	b, err := l.startBank(ctx)
	if err != nil {
		return nil, err
	}
	clients := l.load(fanOutClients).Clients
	t, err := l.openTill(ctx, b, 100, clients)
	if err != nil {
		return nil, err
	}
	f := &fanOut{lab: l, till: t, under: make(map[int64]*delivery)}
	about := fmt.Sprintf("%s told of all deposits that %s make, each next one when all have the last; p50 and p99 are from a deposit's request until all have it",
		count(l.Subscribers, "subscriber"), count(clients, "client"))
	return []measured{
		f.measured(caseFanOut(l.Subscribers), l.Subscribers, l.load(fanOutClients), about),
		f.measured(caseDelivery, 1, Load{Clients: 1, Warmup: l.Warmup, Time: l.Time}, "one subscriber and one client, on a bank with nothing else to do"),
	}, nil
}

// idle measures the memory of websockets that are told nothing.
func (l *lab) idle(t *till) measured {
	pid := l.bank.processes["server"]
	before, told := memoryOf(pid)
	about := fmt.Sprintf("%s, each with a subscription to an account on which nothing happens; the growth of the gateway's resident memory since before the first", count(l.Sockets, "websocket"))
	return measured{caseIdle(l.Sockets), "websockets", about, func(ctx context.Context) (Sample, error) {
		if !told {
			return Sample{}, errors.New("this system does not tell the memory of a process")
		}
		cpu := lookAt(map[string]int{"server": pid})
		began := time.Now()
		open, err := t.gateway.openSockets(ctx, l.Sockets, func(i int) string { return subscriptionTo(t.accounts[i%len(t.accounts)].id) }, func([]byte) {})
		if err != nil {
			return Sample{}, err
		}
		defer open.end()
		took, used := time.Since(began), lookAt(map[string]int{"server": pid}).minus(cpu)
		wait(ctx, idleRest)
		after, _ := memoryOf(pid)
		growth := float64(max(after-before, 0))
		return Sample{CPU: used.each(int64(l.Sockets)), Measures: []Measure{
			{figureMemory, "MiB", growth / (1 << 20)},
			{"each", "KiB", growth / 1024 / float64(l.Sockets)},
			{"gateway's whole memory", "MiB", float64(after) / (1 << 20)},
			{"opened", "websockets/s", float64(l.Sockets) / took.Seconds()},
		}}, open.whole()
	}}
}

// fanOut counts deliveries. Every deposit has a number as its reference, by
// which its deliveries are known.
type fanOut struct {
	lab    *lab
	till   *till
	number atomic.Int64

	mu    sync.RWMutex
	under map[int64]*delivery // under way
}

// delivery is one deposit on its way to all subscribers.
type delivery struct {
	times []time.Time
	next  atomic.Int64  // free place in times
	ready atomic.Int64  // places that are filled
	all   chan struct{} // closed when everybody has it
}

func newDelivery(subscribers int) *delivery {
	return &delivery{times: make([]time.Time, subscribers), all: make(chan struct{})}
}

// measured is one case of so many subscribers.
func (f *fanOut) measured(name string, subscribers int, load Load, about string) measured {
	return measured{name, "deliveries", about, func(ctx context.Context) (Sample, error) {
		open, err := f.till.gateway.openSockets(ctx, subscribers, func(int) string { return subscriptionTo("") }, f.arrived)
		if err != nil {
			return Sample{}, err
		}
		defer open.end()
		lags := newLags()
		var used spent
		o, err := load.run(ctx, f.deposits(subscribers, lags), func() func() {
			lags.begin()
			before := lookAt(f.lab.bank.processes)
			return func() { lags.end(); used = lookAt(f.lab.bank.processes).minus(before) }
		})
		if err != nil {
			return Sample{}, err
		}
		sample, err := sampleOf(o, "deliveries", used)
		if lags.waits.count() > 0 {
			sample.Measures = append(sample.Measures,
				Measure{"acknowledged to delivered, p50", "ms", lags.waits.quantile(0.5)},
				Measure{"acknowledged to delivered, p99", "ms", lags.waits.quantile(0.99)},
				Measure{"deposits", "deposits/s", float64(o.calls-o.failed) / o.took.Seconds()})
		}
		return sample, errors.Join(err, open.whole(), f.till.verify(ctx))
	}}
}

// deposits deposit, and wait until all subscribers have been told.
func (f *fanOut) deposits(subscribers int, lags *lags) operation {
	return func(ctx context.Context, client, _ int) (int, error) {
		d := newDelivery(subscribers)
		number := f.number.Add(1)
		f.put(number, d)
		defer f.forget(number)
		i := client % len(f.till.accounts)
		answer, err := f.till.gateway.mutate(ctx, moveRequest(referenceText, f.till.accounts[i].id, f.till.key(),
			"reference", numberPrefix+strconv.FormatInt(number, 10)))
		acknowledged := time.Now()
		if _, err := f.till.moved(answer, err, map[int]int64{i: moveMinor}); err != nil {
			return 0, err
		}
		if err := d.await(ctx); err != nil {
			return 0, err
		}
		after := make([]time.Duration, subscribers)
		for n, at := range d.times {
			after[n] = at.Sub(acknowledged) // may come before it: then it counts as none
		}
		lags.add(after...)
		return subscribers, nil
	}
}

// await waits until everybody has been told.
func (d *delivery) await(ctx context.Context) error {
	late := time.NewTimer(deliveryMost)
	defer late.Stop()
	select {
	case <-d.all:
		return nil
	case <-late.C:
		return fmt.Errorf("%d of %d subscribers were told of a deposit within %v", d.next.Load(), len(d.times), deliveryMost)
	case <-ctx.Done():
		return ctx.Err()
	}
}

func (f *fanOut) put(number int64, d *delivery) {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.under[number] = d
}

func (f *fanOut) forget(number int64) {
	f.mu.Lock()
	defer f.mu.Unlock()
	delete(f.under, number)
}

// arrived notes when a subscriber was told.
func (f *fanOut) arrived(text []byte) {
	at := time.Now()
	number, ok := numberIn(text)
	if !ok {
		return // somebody else's
	}
	f.mu.RLock()
	d := f.under[number]
	f.mu.RUnlock()
	if d == nil {
		return
	}
	n := int(d.next.Add(1))
	if n > len(d.times) {
		return // told twice
	}
	d.times[n-1] = at
	if d.ready.Add(1) == int64(len(d.times)) {
		close(d.all)
	}
}

const numberPrefix = "bench-"

// numberIn is the number of the deposit that a message tells of.
func numberIn(text []byte) (int64, bool) {
	_, rest, found := bytes.Cut(text, []byte(`"reference":"`+numberPrefix))
	end := bytes.IndexByte(rest, '"')
	if !found || end < 0 {
		return 0, false
	}
	number, err := strconv.ParseInt(string(rest[:end]), 10, 64)
	return number, err == nil
}
