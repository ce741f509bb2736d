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

const (
	kindMove    = "move"
	kindBalance = "balance"
	kindPage    = "page"
)

// everyday are the weights of everyday use. Its movements have the weights of the
// mixed load.
var everyday = []weight{{80, kindMove}, {15, kindBalance}, {5, kindPage}}

const (
	// Every followsAll-th subscriber receives all accounts, the others one each.
	followsAll = 100
	// soakLines is how many lines of progress a soak shows.
	soakLines = 60
	soakParts = 10
)

// soak is a bank in use for a long time.
type soak struct {
	env        *env
	accounts   *loadAccounts
	load       Load
	waits      *waitLog // by tenths of the time
	failed     atomic.Int64
	deliveries atomic.Int64
	delivered  int64 // deliveries during the load
}

// openSoak measures what a bank keeps in memory and on disk while it is used for
// a long time. It has few accounts, so that what each may remember is full long
// before the end: see docs/scaling.md.
func openSoak(ctx context.Context, e *env) ([]measured, error) {
	if e.Accounts < 2 {
		return nil, errors.New("transfers need two accounts: give --accounts 2 or more")
	}
	if err := checkOpenFiles(e.Subscribers + otherFiles); err != nil {
		return nil, err
	}
	a, err := e.fundedAccounts(ctx)
	if err != nil {
		return nil, err
	}
	s := &soak{env: e, accounts: a, load: e.load(moveClients)}
	about := fmt.Sprintf("for %v, %s over %s: of a hundred, 56 deposits, 16 withdrawals, 8 transfers, 15 balances and 5 "+
		"pages of a history; %s on websockets", e.Time, count(s.load.Clients, "client"), count(len(a.accounts), "account"),
		count(e.Subscribers, "subscriber"))
	return []measured{{Soak, "operations", about, s.run}}, nil
}

// run soaks once.
func (s *soak) run(ctx context.Context) (Sample, error) {
	open, err := s.accounts.gateway.openSockets(ctx, s.env.Subscribers, s.subscription,
		func([]byte) { s.deliveries.Add(1) })
	if err != nil {
		return Sample{}, err
	}
	defer open.close()
	before, err := s.diskUse(ctx)
	if err != nil {
		return Sample{}, err
	}
	s.waits = newWaitLog(soakParts, s.load.Time)
	s.failed.Store(0)
	m := &monitor{every: monitorPause(s.load.Time), processes: s.processes, memory: readMemory, after: s.progress()}
	sample, err := s.measure(ctx, m)
	if err != nil {
		return sample, err
	}
	err = errors.Join(open.check(), s.accounts.verify(ctx))
	after, diskErr := s.diskUse(ctx)
	sample.Measures = append(sample.Measures, s.waits.measures("operations")...)
	sample.Measures = append(sample.Measures, after.since(before)...)
	sample.Measures = append(sample.Measures,
		Measure{"delivered to subscribers", "deliveries/s", float64(s.delivered) / s.load.Time.Seconds()})
	sample.Memory = m.memories()
	return sample, errors.Join(err, diskErr)
}

// measure runs the load and the monitor.
func (s *soak) measure(ctx context.Context, m *monitor) (Sample, error) {
	load := s.load
	load.Observe = func(wait time.Duration) { s.waits.add(wait) }
	var used cpuTimes
	o, err := load.run(ctx, s.operate, func() func() {
		s.waits.begin()
		deliveries, before := s.deliveries.Load(), cpuTimesOf(s.env.bank.processes)
		monitoring, stop := context.WithCancel(ctx)
		var over sync.WaitGroup
		over.Go(func() { m.run(monitoring) })
		return func() {
			stop()
			over.Wait()
			used, s.delivered = cpuTimesOf(s.env.bank.processes).minus(before), s.deliveries.Load()-deliveries
		}
	})
	if err != nil {
		return Sample{}, err
	}
	return sampleOf(o, "operations", used)
}

func (s *soak) subscription(i int) string {
	if i%followsAll == followsAll-1 {
		return subscriptionTo("")
	}
	return subscriptionTo(s.accounts.accounts[i%len(s.accounts.accounts)].id)
}

// operate does one operation of everyday use.
func (s *soak) operate(ctx context.Context, client, turn int) (done int, err error) {
	id := s.accounts.accounts[rand.IntN(len(s.accounts.accounts))].id
	switch chooseByWeight(everyday, rand.IntN(100)) {
	case kindMove:
		done, err = s.accounts.mixed(ctx, client, turn)
	case kindBalance:
		done, err = 1, s.accounts.gateway.balance(ctx, id)
	default:
		done, err = 1, s.accounts.gateway.newest(ctx, id)
	}
	if err != nil {
		s.failed.Add(1)
	}
	return done, err
}

// processes are those of the bank that run now, and this one: a part that died
// was started again with another id.
func (s *soak) processes() map[string]int {
	now := s.env.bank.partProcesses()
	now["up"], now[self] = s.env.bank.command.Process.Pid, os.Getpid()
	return now
}

// progress shows a line from time to time.
func (s *soak) progress() func(time.Duration, map[string]float64) {
	every, next := s.load.Time/soakLines, time.Duration(0)
	first := 0.0
	return func(since time.Duration, resident map[string]float64) {
		if since < next || since > s.load.Time {
			return
		}
		next += every
		total := -resident[self]
		for _, mib := range resident {
			total += mib
		}
		if first == 0 {
			first = total
		}
		s.env.progress("%s of %s  p50 %s  p99 %s  %d failed  the bank has %s MiB (%+.0f since the beginning)",
			since.Round(time.Second), s.load.Time, milliseconds(s.waits.quantile(0.5)), milliseconds(s.waits.quantile(0.99)),
			s.failed.Load(), amount(total), total-first)
	}
}

// diskUse measures the bank when the views are up to date.
func (s *soak) diskUse(ctx context.Context) (diskUse, error) {
	if err := s.accounts.gateway.settled(ctx); err != nil {
		return diskUse{}, err
	}
	head, err := s.accounts.gateway.head(ctx)
	return diskUseOf(s.env.bank.data, head), err
}
