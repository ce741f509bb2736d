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

	"corebank/check/graphqlclient"
	"corebank/check/must"
	"corebank/internal/app"
)

// The cases of subscriptions.
const caseDelivery = "delivery"

func caseIdle(sockets int) string       { return thousands(sockets) + " idle websockets" }
func caseFanOut(subscribers int) string { return "fan-out to " + thousands(subscribers) }

const (
	figureMemory = "gateway's growth"
	// fanOutClients deposit at the same time.
	fanOutClients = 16
	// Subscriptions are spread over subscribedAccounts.
	subscribedAccounts = 100
	// idleRest is how long idle websockets rest before the gateway's memory is read.
	idleRest = 3 * time.Second
	// otherFiles is how many files are open besides websockets.
	otherFiles = 500
	// deliveryTimeout is how long a deposit may take to reach all subscribers.
	deliveryTimeout = 30 * time.Second
)

// openIdle measures the memory of websockets that receive nothing.
func openIdle(ctx context.Context, e *env) (_ []measured, err error) {
	defer must.Catch(&err)
	if e.remote() {
		e.note("the memory of idle websockets is not measured: the gateway's process is not visible from here")
		return nil, nil
	}
	must.Do(checkOpenFiles(e.Sockets + otherFiles))
	a := must.Get(e.openAccounts(ctx, subscribedAccounts, 1))
	server := map[string]int{"server": e.bank.processes["server"]}
	before, known := memoryOf(server["server"])
	about := fmt.Sprintf("%s, each with a subscription to a quiet account; the growth of the gateway's resident memory "+
		"since before the first", count(e.Sockets, "websocket"))
	return []measured{{caseIdle(e.Sockets), "websockets", about, func(ctx context.Context) (Sample, error) {
		if !known {
			return Sample{}, errors.New("this system does not report the memory of a process")
		}
		cpu, began := cpuTimesOf(server), time.Now()
		query := func(i int) string { return subscriptionTo(a.accounts[i%len(a.accounts)].id) }
		open, err := a.gateway.openSockets(ctx, e.Sockets, query, func([]byte) {})
		if err != nil {
			return Sample{}, err
		}
		defer open.close()
		took, used := time.Since(began), cpuTimesOf(server).minus(cpu)
		app.Pause(ctx, idleRest)
		after, _ := memoryOf(server["server"])
		growth := max(after.MiB-before.MiB, 0)
		return Sample{CPU: used.each(int64(e.Sockets)), Measures: []Measure{
			{figureMemory, "MiB", growth},
			{"each", "KiB", growth * 1024 / float64(e.Sockets)},
			{"gateway's whole memory", "MiB", after.MiB},
			{"opened", "websockets/s", float64(e.Sockets) / took.Seconds()},
		}}, open.check()
	}}}, nil
}

// openFanOut measures how fast a gateway delivers to many subscribers, and how
// soon to one.
func openFanOut(ctx context.Context, e *env) (_ []measured, err error) {
	defer must.Catch(&err)
	must.Do(checkOpenFiles(e.Subscribers + otherFiles))
	many := e.load(fanOutClients)
	f := &fanOut{env: e, accounts: must.Get(e.openAccounts(ctx, subscribedAccounts, many.Clients))}
	about := fmt.Sprintf("%s receive all deposits of %s, each next one when all have the last; p50 and p99 are from a "+
		"deposit's request until all have it", count(e.Subscribers, "subscriber"), count(many.Clients, "client"))
	fan := func(name, about string, subscribers int, load Load) measured {
		return measured{name, "deliveries", about, func(ctx context.Context) (Sample, error) {
			return f.measure(ctx, subscribers, load)
		}}
	}
	return []measured{
		fan(caseFanOut(e.Subscribers), about, e.Subscribers, many),
		fan(caseDelivery, "one subscriber and one client, on a bank with nothing else to do", 1, e.oneClient()),
	}, nil
}

// fanOut counts deliveries. Every deposit has a number as its reference, which
// identifies its deliveries.
type fanOut struct {
	env      *env
	accounts *loadAccounts
	number   atomic.Int64
	pending  sync.Map // of *delivery, by number
}

// delivery is one deposit on its way to all subscribers.
type delivery struct {
	times []time.Time
	next  atomic.Int64  // free place in times
	ready atomic.Int64  // filled places
	all   chan struct{} // closed when all subscribers have it
}

func newDelivery(subscribers int) *delivery {
	return &delivery{times: make([]time.Time, subscribers), all: make(chan struct{})}
}

func (f *fanOut) measure(ctx context.Context, subscribers int, load Load) (Sample, error) {
	everything := func(int) string { return subscriptionTo("") }
	open, err := f.accounts.gateway.openSockets(ctx, subscribers, everything, f.received)
	if err != nil {
		return Sample{}, err
	}
	defer open.close()
	calls, lags := newTally(1, load.Time), newTally(1, load.Time)
	sample, err := calls.measure(ctx, load, "deliveries", f.env.bank.used, f.deposits(subscribers, lags), lags.run)
	if lags.done > 0 {
		sample.Measures = append(sample.Measures,
			Measure{"acknowledged to delivered, p50", "ms", lags.all.quantile(0.5)},
			Measure{"acknowledged to delivered, p99", "ms", lags.all.quantile(0.99)},
			Measure{"deposits", "deposits/s", float64(calls.all.count()) / calls.took.Seconds()})
	}
	return sample, errors.Join(err, open.check(), f.accounts.verify(ctx))
}

// deposits deposit and wait until all subscribers have received it.
func (f *fanOut) deposits(subscribers int, lags *tally) operation {
	return func(ctx context.Context, client, _ int) (int, error) {
		d, number := newDelivery(subscribers), f.number.Add(1)
		f.pending.Store(number, d)
		defer f.pending.Delete(number)
		i := client % len(f.accounts.accounts)
		v := variables{"id": f.accounts.accounts[i].id, "reference": numberPrefix + strconv.FormatInt(number, 10)}
		_, err := f.accounts.move(ctx, referenceMutation, v, map[int]int64{i: moveMinor})
		acknowledged := time.Now()
		if err == nil {
			err = d.await(ctx)
		}
		if err != nil {
			return 0, err
		}
		after := make([]time.Duration, subscribers)
		for n, at := range d.times {
			after[n] = at.Sub(acknowledged) // one before the acknowledgement counts as none
		}
		lags.add(nil, subscribers, after...)
		return subscribers, nil
	}
}

// await waits until all subscribers have received the deposit.
func (d *delivery) await(ctx context.Context) error {
	ctx, cancel := context.WithTimeout(ctx, deliveryTimeout)
	defer cancel()
	select {
	case <-d.all:
		return nil
	case <-ctx.Done():
		return fmt.Errorf("%d of %d subscribers received a deposit within %v: %w", d.next.Load(), len(d.times),
			deliveryTimeout, ctx.Err())
	}
}

// received records when a subscriber received a deposit.
func (f *fanOut) received(text []byte) {
	at := time.Now()
	number, ok := numberIn(text)
	pending, waiting := f.pending.Load(number)
	if !ok || !waiting {
		return // not a deposit of this load
	}
	d := pending.(*delivery)
	n := int(d.next.Add(1))
	if n > len(d.times) {
		return // received twice
	}
	d.times[n-1] = at
	if d.ready.Add(1) == int64(len(d.times)) {
		close(d.all)
	}
}

const numberPrefix = "bench-"

// numberIn is the number of the deposit in a message.
func numberIn(text []byte) (int64, bool) {
	_, rest, found := bytes.Cut(text, []byte(`"reference":"`+numberPrefix))
	end := bytes.IndexByte(rest, '"')
	if !found || end < 0 {
		return 0, false
	}
	number, err := strconv.ParseInt(string(rest[:end]), 10, 64)
	return number, err == nil
}

// socketClients open websockets at the same time.
const socketClients = 32

// subscriptionTo is a subscription to an account, or to all. It selects what a
// list of transactions shows.
func subscriptionTo(account string) string {
	argument := ""
	if account != "" {
		argument = fmt.Sprintf("(accountId: %q)", account)
	}
	return `subscription { transactions` + argument + ` { cursor transaction ` +
		`{ id type amount { value } balanceAfter { value } version occurredAt reference } } }`
}

// connect opens a websocket and subscribes. It returns when the gateway has read
// the subscription. The websocket may be open after an error too.
func (g gateway) connect(ctx context.Context, query string) (s *graphqlclient.Socket, err error) {
	defer must.Catch(&err)
	s = must.Get(g.Dial(ctx))
	return s, errors.Join(s.Subscribe("1", query, nil), s.Send("", "ping", nil), s.Expect("pong"))
}

// readAll passes on the text of each event until the websocket ends.
func readAll(s *graphqlclient.Socket, receive func(text []byte)) error {
	for {
		text, err := s.Text()
		if err != nil {
			return err
		}
		if isNext(text) { // most are, and reading them would cost the measured machine
			receive(text)
			continue
		}
		m, err := s.Read(text)
		if m.Type == "error" || m.Type == "complete" {
			err = fmt.Errorf("the gateway ended the subscription: %s %s", m.Type, m.Payload)
		}
		if err != nil {
			return err
		}
	}
}

// isNext reports whether a message carries an event of the subscription.
func isNext(text []byte) bool { return bytes.Contains(text, []byte(`"type":"next"`)) }

// sockets are many websockets, each with its reader.
type sockets struct {
	all     []*graphqlclient.Socket
	lost    atomic.Int64 // that ended by themselves
	first   atomic.Pointer[string]
	closing atomic.Bool
	readers sync.WaitGroup
}

// openSockets opens n websockets. The i-th subscribes to query(i); receive gets
// all events.
func (g gateway) openSockets(ctx context.Context, n int, query func(i int) string, receive func(text []byte)) (*sockets,
	error) {
	s := &sockets{all: make([]*graphqlclient.Socket, n)}
	err := inParallel(socketClients, n, func(i int) (err error) {
		if s.all[i], err = g.connect(ctx, query(i)); err != nil {
			return err
		}
		s.readers.Go(func() {
			if err := readAll(s.all[i], receive); !s.closing.Load() {
				text := err.Error()
				s.first.CompareAndSwap(nil, &text)
				s.lost.Add(1)
			}
		})
		return nil
	})
	if err != nil {
		s.close()
		return nil, err
	}
	return s, nil
}

// close closes all websockets and waits for their readers.
func (s *sockets) close() {
	s.closing.Store(true)
	for _, one := range s.all {
		if one != nil {
			_ = one.Close() // it may have ended
		}
	}
	s.readers.Wait()
}

// check fails if some have ended by themselves.
func (s *sockets) check() error {
	if n := s.lost.Load(); n > 0 {
		return fmt.Errorf("%d of %d websockets have ended: %s", n, len(s.all), *s.first.Load())
	}
	return nil
}
