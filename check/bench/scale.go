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
	if e.Events < 2*eventsPerAccount {
		return nil, fmt.Errorf("--events %d: want %d or more", e.Events, 2*eventsPerAccount)
	}
	for events := min(firstScale, e.Events); events <= e.Events; events *= scaleGrowth {
		name := strconv.Itoa(events)
		s := &scaled{env: e, events: events, accounts: &loadAccounts{run: "scale"}}
		if err := s.start(ctx, filepath.Join(e.dir, "log"+name)); err != nil {
			return nil, err
		}
		e.onClose(func() error { return s.bank.stop() })
		j, err := e.fillLog(ctx, s.bank, "scale"+name, events/eventsPerAccount, events)
		if err != nil {
			return nil, err
		}
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

// cases are what is measured on this log.
func (s *scaled) cases() []measured {
	on, alone, a := " at "+thousands(int64(s.events)), s.env.oneClient(), s.accounts
	about := fmt.Sprintf("on a log of %s events of %s: ", thousands(int64(s.events)), count(len(a.accounts), "account"))
	load := func(name, unit, more string, load Load, do operation) measured {
		return measured{name + on, unit, about + more, func(ctx context.Context) (Sample, error) {
			return s.env.measure(ctx, load, unit, s.bank.processes, do)
		}}
	}
	anyID := func() string { return a.accounts[rand.IntN(len(a.accounts))].id }
	return []measured{
		{"deposit" + on, "deposits", about + "deposits on " + count(s.warm, "account") + " that are in memory",
			s.depositWarm},
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

// depositWarm brings accounts into memory and measures deposits on them.
func (s *scaled) depositWarm(ctx context.Context) (Sample, error) {
	for i := 0; i < s.warm && !s.isWarm; i++ {
		if _, err := s.accounts.deposit(ctx, i); err != nil {
			return Sample{}, fmt.Errorf("bring an account into memory: %w", err)
		}
	}
	s.isWarm = true
	deposit := func(ctx context.Context, _, _ int) (int, error) { return s.accounts.deposit(ctx, rand.IntN(s.warm)) }
	return s.env.measure(ctx, s.env.load(moveClients), "deposits", s.bank.processes, deposit)
}

// depositCold deposits on the next unused account.
func (s *scaled) depositCold(ctx context.Context, _, _ int) (int, error) {
	next := int(s.cold.Add(1) - 1)
	if next >= len(s.accounts.accounts) {
		return 0, errors.New("all accounts are in memory: measure for a shorter time")
	}
	return s.accounts.deposit(ctx, next)
}

// restart stops the bank and starts it.
func (s *scaled) restart(ctx context.Context) (Sample, error) {
	data := s.bank.data
	if err := s.bank.stop(); err != nil {
		return Sample{}, err
	}
	if err := s.start(ctx, data); err != nil {
		return Sample{}, err
	}
	sample := Sample{Measures: []Measure{{figureReady, "s", s.bank.startTook.Seconds()}}}
	app.Pause(ctx, restTime)
	for _, name := range []string{
		"immudb", contract.AppEventSource, contract.AppActor, contract.AppProjector, contract.AppServer,
	} {
		if bytes, there := memoryOf(s.bank.processes[name]); there {
			sample.Measures = append(sample.Measures, Measure{"memory, " + name, "MiB", mebibytes(bytes)})
		}
	}
	disk := diskUseOf(data, 0)
	for _, kind := range diskKinds {
		sample.Measures = append(sample.Measures, Measure{"disk, " + kind.name, "MiB", mebibytes(disk.bytes[kind.name])})
	}
	return sample, ctx.Err()
}
