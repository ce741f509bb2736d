package bench

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"path/filepath"
	"strconv"
	"sync/atomic"
	"time"

	"corebank/check/must"
	"corebank/internal/app"
	"corebank/internal/contract"
)

// The sizes of logs: each is scaleGrowth times the one before.
const (
	firstScale       = 100_000
	scaleGrowth      = 10
	eventsPerAccount = 10
	warmAccounts     = 1000 // in memory, at most half of all
	// restTime is how long a bank rests before its memory is read.
	restTime = 3 * time.Second
)

// scaled is a bank with a log of some length.
type scaled struct {
	env      *env
	events   int
	bank     *runningBank
	accounts *loadAccounts
	warm     int          // how many of the first accounts are to be in memory
	isWarm   bool         // whether they are, since the last start
	cold     atomic.Int64 // the next account that is not in memory
}

// openScale measures the same on logs of growing length, in turns. All banks run
// at the same time; those that are not measured rest.
func openScale(ctx context.Context, e *env) (cases []measured, err error) {
	defer must.Catch(&err)
	if e.Events < 2*eventsPerAccount {
		return nil, fmt.Errorf("--events %d: want %d or more", e.Events, 2*eventsPerAccount)
	}
	for events := min(firstScale, e.Events); events <= e.Events; events *= scaleGrowth {
		name := strconv.Itoa(events)
		s := &scaled{env: e, events: events, accounts: &loadAccounts{run: "scale"}}
		must.Do(s.start(ctx, filepath.Join(e.dir, "log"+name)))
		e.onClose(func() error { return s.bank.Stop() })
		j := must.Get(e.fillLog(ctx, s.bank, "scale"+name, events/eventsPerAccount, events))
		s.accounts.accounts = make([]loadAccount, len(j.accounts))
		for i, id := range j.accounts {
			s.accounts.accounts[i].id = string(id)
		}
		s.warm = min(warmAccounts, len(j.accounts)/2)
		s.cold.Store(int64(s.warm))
		cases = append(cases, s.cases()...)
	}
	return cases, nil
}

// start starts the bank, for the first time or again.
func (s *scaled) start(ctx context.Context, data string) (err error) {
	if s.bank, err = s.env.up(ctx, data); err != nil {
		return err
	}
	s.isWarm = false
	s.accounts.gateway = s.env.newGateway(s.bank, s.env.load(moveClients).Clients)
	return nil
}

func (s *scaled) cases() []measured {
	on, alone, a := " at "+thousands(s.events), s.env.oneClient(), s.accounts
	about := fmt.Sprintf("on a log of %s events of %s: ", thousands(s.events), count(len(a.accounts), "account"))
	used := func() map[string]int { return s.bank.processes }
	load := func(name, unit, more string, load Load, do operation) measured {
		return loaded(name+on, unit, about+more, load, used, do)
	}
	anyID := func() string { return a.accounts[rand.IntN(len(a.accounts))].id }
	warm := load("deposit", "deposits", "deposits on "+count(s.warm, "account")+" that are in memory",
		s.env.load(moveClients),
		func(ctx context.Context, _, _ int) (int, error) { return a.deposit(ctx, rand.IntN(s.warm)) })
	deposit := warm.run
	warm.run = func(ctx context.Context) (Sample, error) {
		if err := s.bringIntoMemory(ctx); err != nil {
			return Sample{}, err
		}
		return deposit(ctx)
	}
	return []measured{
		warm,
		load("first deposit", "deposits", "one client, each deposit on an account that is not in memory", alone,
			s.depositCold),
		load("balance", "queries", "balances of any account", s.env.load(readClients),
			func(ctx context.Context, _, _ int) (int, error) { return 1, a.gateway.balance(ctx, anyID()) }),
		load("page", "pages", "one client, the newest transactions of any account", alone,
			func(ctx context.Context, _, _ int) (int, error) { return 1, a.gateway.newest(ctx, anyID()) }),
		{"start" + on, "starts",
			about + "corebank up again after it was stopped; then the memory of its processes, and the bank on disk",
			s.restart},
	}
}

// bringIntoMemory deposits on the accounts that are to be in memory.
func (s *scaled) bringIntoMemory(ctx context.Context) error {
	for i := 0; i < s.warm && !s.isWarm; i++ {
		if _, err := s.accounts.deposit(ctx, i); err != nil {
			return fmt.Errorf("bring an account into memory: %w", err)
		}
	}
	s.isWarm = true
	return nil
}

// depositCold deposits on the next unused account.
func (s *scaled) depositCold(ctx context.Context, _, _ int) (int, error) {
	next := int(s.cold.Add(1) - 1)
	if next >= len(s.accounts.accounts) {
		return 0, errors.New("all accounts are in memory: measure for a shorter time")
	}
	return s.accounts.deposit(ctx, next)
}

func (s *scaled) restart(ctx context.Context) (_ Sample, err error) {
	defer must.Catch(&err)
	data := s.bank.Data
	must.Do(s.bank.Stop())
	must.Do(s.start(ctx, data))
	sample := Sample{Measures: []Measure{{figureReady, "s", s.bank.Took.Seconds()}}}
	app.Pause(ctx, restTime)
	for _, name := range []string{
		"immudb", contract.AppEventSource, contract.AppActor, contract.AppProjector, contract.AppServer,
	} {
		if look, there := memoryOf(s.bank.processes[name]); there {
			sample.Measures = append(sample.Measures, Measure{"memory, " + name, "MiB", look.MiB})
		}
	}
	disk := diskUseOf(data, 0)
	for _, kind := range diskKinds {
		sample.Measures = append(sample.Measures, Measure{"disk, " + kind.name, "MiB", mebibytes(disk.bytes[kind.name])})
	}
	return sample, ctx.Err()
}
