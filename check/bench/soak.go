package bench

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"os"
	"slices"
	"sync/atomic"
	"time"

	"corebank/check/must"
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
	tally      *tally // by tenths of the time
	deliveries atomic.Int64
}

// openSoak measures what a bank keeps in memory and on disk while it is used for
// a long time. It has few accounts, so that what each may remember is full long
// before the end: see docs/scaling.md.
func openSoak(ctx context.Context, e *env) (_ []measured, err error) {
	defer must.Catch(&err)
	if e.Accounts < 2 {
		return nil, errors.New("transfers need two accounts: give --accounts 2 or more")
	}
	must.Do(checkOpenFiles(e.Subscribers + otherFiles))
	s := &soak{env: e, accounts: must.Get(e.fundedAccounts(ctx)), load: e.load(moveClients)}
	about := fmt.Sprintf("for %v, %s over %s: of a hundred, 56 deposits, 16 withdrawals, 8 transfers, 15 balances and 5 "+
		"pages of a history; %s on websockets", e.Time, count(s.load.Clients, "client"),
		count(len(s.accounts.accounts), "account"), count(e.Subscribers, "subscriber"))
	return []measured{{Soak, "operations", about, s.run}}, nil
}

// run soaks once.
func (s *soak) run(ctx context.Context) (sample Sample, err error) {
	defer must.Catch(&err)
	open := must.Get(s.accounts.gateway.openSockets(ctx, s.env.Subscribers, s.subscription,
		func([]byte) { s.deliveries.Add(1) }))
	defer open.close()
	before := must.Get(s.diskUse(ctx))
	s.tally = newTally(soakParts, s.load.Time)
	m := &monitor{every: monitorPause(s.load.Time), processes: s.processes, memory: memoryOf, after: s.progress()}
	var delivered int64 // during the load
	sample = must.Get(s.tally.measure(ctx, s.load, "operations", s.env.bank.used, s.operate,
		func() func() { return m.start(ctx) },
		func() func() {
			before := s.deliveries.Load()
			return func() { delivered = s.deliveries.Load() - before }
		}))
	err = errors.Join(open.check(), s.accounts.verify(ctx))
	after, diskErr := s.diskUse(ctx)
	sample.Measures = slices.Concat(sample.Measures, s.tally.ends("operations"), after.since(before), []Measure{
		{"delivered to subscribers", "deliveries/s", float64(delivered) / s.load.Time.Seconds()}})
	sample.Memory = m.memories()
	return sample, errors.Join(err, diskErr)
}

func (s *soak) subscription(i int) string {
	if i%followsAll == followsAll-1 {
		return subscriptionTo("")
	}
	return subscriptionTo(s.accounts.accounts[i%len(s.accounts.accounts)].id)
}

// operate does one operation of everyday use.
func (s *soak) operate(ctx context.Context, client, turn int) (int, error) {
	id := s.accounts.accounts[rand.IntN(len(s.accounts.accounts))].id
	switch chooseByWeight(everyday, rand.IntN(100)) {
	case kindMove:
		return s.accounts.mixed(ctx, client, turn)
	case kindBalance:
		return 1, s.accounts.gateway.balance(ctx, id)
	default:
		return 1, s.accounts.gateway.newest(ctx, id)
	}
}

// processes are those of the bank that run now, and this one: a part that died
// was started again with another id.
func (s *soak) processes() map[string]int {
	now := s.env.bank.partProcesses()
	now["up"], now[self] = s.env.bank.PID(), os.Getpid()
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
		p50, p99, failed := s.tally.now()
		s.env.progress("%s of %s  p50 %s  p99 %s  %d failed  the bank has %s MiB (%+.0f since the beginning)",
			since.Round(time.Second), s.load.Time, milliseconds(p50), milliseconds(p99), failed, amount(total), total-first)
	}
}

// diskUse measures the bank when the views are up to date.
func (s *soak) diskUse(ctx context.Context) (diskUse, error) {
	if err := s.accounts.gateway.settled(ctx); err != nil {
		return diskUse{}, err
	}
	head, err := s.accounts.gateway.head(ctx)
	return diskUseOf(s.env.bank.Data, head), err
}
