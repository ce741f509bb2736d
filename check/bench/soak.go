package bench

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"os"
	"sync"
	"sync/atomic"
	"time"
)

// everyday are the shares of what people do all day; the movements among them
// have the shares of the mixed load.
var everyday = []share{{80, doMove}, {15, doBalance}, {5, doPage}}

const (
	doMove    = "move"
	doBalance = "balance"
	doPage    = "page"
)

const (
	// followsAll is which of the subscribers hears of all accounts: each so
	// many-th. The others hear of one account each.
	followsAll = 100
	// soakLines is how many lines tell of a soak while it runs.
	soakLines = 60
)

// soak is a bank that is used all day.
type soak struct {
	lab     *lab
	till    *till
	load    Load
	tenths  *tenths
	failed  atomic.Int64
	told    atomic.Int64 // deliveries to subscribers
	toldEnd int64
}

// openSoak measures what a bank keeps in memory and on disk while it is used for
// a long time. Its accounts are few, so that what each may remember by right is
// full long before the end: see docs/scaling.md.
func openSoak(ctx context.Context, l *lab) ([]measured, error) {
	if l.Accounts < 2 {
		return nil, errors.New("transfers need two accounts: give --accounts 2 or more")
	}
	if err := roomForFiles(l.Subscribers + filesBeside); err != nil {
		return nil, err
	}
	t, err := l.uniform(ctx)
	if err != nil {
		return nil, err
	}
	if err := t.fund(ctx); err != nil {
		return nil, fmt.Errorf("pay in what is to leave: %w", err)
	}
	s := &soak{lab: l, till: t, load: l.load(moveClients)}
	about := fmt.Sprintf("for %v, %s over %s: of a hundred, 56 deposits, 16 withdrawals, 8 transfers, 15 balances and 5 pages of a history; %s on websockets",
		l.Time, count(s.load.Clients, "client"), count(len(t.accounts), "account"), count(l.Subscribers, "subscriber"))
	return []measured{{Soak, "operations", about, s.run}}, nil
}

// run soaks once.
func (s *soak) run(ctx context.Context) (Sample, error) {
	open, err := s.till.gateway.openSockets(ctx, s.lab.Subscribers, s.follow, func([]byte) { s.told.Add(1) })
	if err != nil {
		return Sample{}, err
	}
	defer open.end()
	before, err := s.size(ctx)
	if err != nil {
		return Sample{}, err
	}
	s.tenths = newTenths(s.load.Time)
	s.failed.Store(0)
	watch := &watch{every: lookPause(s.load.Time), processes: s.processes, memory: lookAtMemory, after: s.tell()}
	sample, err := s.measure(ctx, watch)
	if err != nil {
		return sample, err
	}
	err = errors.Join(open.whole(), s.till.verify(ctx))
	after, sizeErr := s.size(ctx)
	sample.Measures = append(append(sample.Measures, s.tenths.measures("operations")...), after.since(before)...)
	sample.Measures = append(sample.Measures, Measure{"told to subscribers", "deliveries/s", float64(s.toldEnd) / s.load.Time.Seconds()})
	sample.Memory = watch.memories()
	return sample, errors.Join(err, sizeErr)
}

// measure puts the load on, and watches meanwhile.
func (s *soak) measure(ctx context.Context, watch *watch) (Sample, error) {
	load := s.load
	load.Told = s.tenths.add
	var used spent
	o, err := load.run(ctx, s.operate, func() func() {
		s.tenths.begin()
		told, before := s.told.Load(), lookAt(s.lab.bank.processes)
		watching, stop := context.WithCancel(ctx)
		var over sync.WaitGroup
		over.Go(func() { watch.run(watching) })
		return func() {
			stop()
			over.Wait()
			used, s.toldEnd = lookAt(s.lab.bank.processes).minus(before), s.told.Load()-told
		}
	})
	if err != nil {
		return Sample{}, err
	}
	return sampleOf(o, "operations", used)
}

// follow is what a subscriber hears of.
func (s *soak) follow(i int) string {
	if i%followsAll == followsAll-1 {
		return subscriptionTo("")
	}
	return subscriptionTo(s.till.accounts[i%len(s.till.accounts)].id)
}

// operate does what people do.
func (s *soak) operate(ctx context.Context, client, turn int) (done int, err error) {
	id := s.till.accounts[rand.IntN(len(s.till.accounts))].id
	switch chooseShare(everyday, rand.IntN(100)) {
	case doMove:
		done, err = s.till.mixed()(ctx, client, turn)
	case doBalance:
		done, err = 1, s.till.gateway.balance(ctx, id)
	default:
		done, err = 1, s.till.gateway.newest(ctx, id)
	}
	if err != nil {
		s.failed.Add(1)
	}
	return done, err
}

// processes are the bank's now, and this one: a part that died was started
// again under another id.
func (s *soak) processes() map[string]int {
	now := partsOf(s.lab.bank.up)
	now["up"], now[self] = s.lab.bank.up, os.Getpid()
	return now
}

// tell tells now and then how the soak goes on.
func (s *soak) tell() func(time.Duration, map[string]float64) {
	every, next := s.load.Time/soakLines, time.Duration(0)
	first := 0.0
	return func(since time.Duration, resident map[string]float64) {
		if since < next || since > s.load.Time {
			return
		}
		next += every
		total := 0.0
		for name, mib := range resident {
			if name != self {
				total += mib
			}
		}
		if first == 0 {
			first = total
		}
		fmt.Fprintf(s.lab.Log, "  %s of %s  p50 %s  p99 %s  %d failed  the bank has %s MiB (%+.0f since the beginning)\n", since.Round(time.Second), s.load.Time,
			milliseconds(s.tenths.quantileSo(0.5)), milliseconds(s.tenths.quantileSo(0.99)), s.failed.Load(), amount(total), total-first)
	}
}

// size looks at the bank when the views have everything.
func (s *soak) size(ctx context.Context) (size, error) {
	z := size{bytes: make(map[string]int64)}
	if err := s.till.gateway.settled(ctx); err != nil {
		return z, err
	}
	var got struct{ SystemStatus struct{ Head int64 } }
	if err := s.till.gateway.ask(ctx, "{ systemStatus { head } }", &got); err != nil {
		return z, err
	}
	z.events = got.SystemStatus.Head
	for _, place := range onDisk {
		z.bytes[place.name] = bytesAt(s.lab.bank.data, place.pattern)
	}
	return z, nil
}
