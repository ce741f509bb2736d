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

	"corebank/internal/contract"
)

// The sizes of logs: each ten times the one before, with so many events for each
// account.
const (
	firstScale  = 100_000
	scaleGrowth = 10
	eventsEach  = 10
	scaleWarm   = 1000 // accounts that are in memory, at most half of all
)

// scaled is a bank with a log of some length.
type scaled struct {
	lab    *lab
	events int
	data   string
	run    *upRun
	ids    []string
	warm   int  // so many of the first accounts are to be in memory
	warmed bool // and are, since the last start
	client gateway
	cold   atomic.Int64 // the next account that is not
	keys   atomic.Int64
}

// openScale measures the same things on logs of growing length, in turns. All
// banks run at the same time, and those that are not measured rest.
func openScale(ctx context.Context, l *lab) (cases []measured, err error) {
	if l.Events < 2*eventsEach {
		return nil, fmt.Errorf("--events %d: want %d or more", l.Events, 2*eventsEach)
	}
	for events := min(firstScale, l.Events); events <= l.Events; events *= scaleGrowth {
		s := &scaled{lab: l, events: events, data: filepath.Join(l.dir, "log"+strconv.Itoa(events))}
		if err := s.start(ctx); err != nil {
			return nil, err
		}
		l.closers = append(l.closers, func() error { return s.run.stop() })
		if err := s.fill(ctx); err != nil {
			return nil, fmt.Errorf("a log of %d events: %w", events, err)
		}
		cases = append(cases, s.cases()...)
	}
	return cases, nil
}

// start starts the bank, for the first time or again.
func (s *scaled) start(ctx context.Context) error {
	run, err := s.lab.up(ctx, s.data)
	if err != nil {
		return err
	}
	s.run, s.warmed = run, false
	s.run.bank.processes = partsOf(s.run.command.Process.Pid)
	s.client = s.lab.newGateway(s.run.bank, s.lab.load(moveClients).Clients)
	return nil
}

// fill writes the log.
func (s *scaled) fill(ctx context.Context) error {
	log, err := s.lab.dialLog(s.run.bank)
	if err != nil {
		return err
	}
	fmt.Fprintf(s.lab.Log, "  writing a log of %s events\n", thousands(int64(s.events)))
	j := newJournal("scale"+strconv.Itoa(s.events), s.events/eventsEach)
	if err := j.fill(ctx, log.append, s.events, s.lab.Batch); err != nil {
		return err
	}
	for _, id := range j.accounts {
		s.ids = append(s.ids, string(id))
	}
	s.warm = min(scaleWarm, len(s.ids)/2)
	s.cold.Store(int64(s.warm))
	return s.client.settled(ctx)
}

// cases are what is measured on this log.
func (s *scaled) cases() []measured {
	on := " at " + thousands(int64(s.events))
	about := fmt.Sprintf("on a log of %s events of %s: ", thousands(int64(s.events)), count(len(s.ids), "account"))
	alone := Load{Clients: 1, Warmup: s.lab.Warmup, Time: s.lab.Time}
	return []measured{
		{"deposit" + on, "deposits", about + fmt.Sprintf("deposits on %s that are in memory", count(s.warm, "account")), s.depositWarm},
		s.measured("first deposit"+on, "deposits", about+"one client, each deposit on an account that is not in memory", alone, s.depositCold),
		s.measured("balance"+on, "queries", about+"balances of any account", s.lab.load(readClients), s.balance),
		s.measured("page"+on, "pages", about+"one client, the newest transactions of any account", alone, s.page),
		{"start" + on, "starts", about + "corebank up again after it was stopped; what its processes then have in memory, and the bank on disk", s.again},
	}
}

func (s *scaled) measured(name, unit, about string, load Load, do operation) measured {
	return measured{name, unit, about, func(ctx context.Context) (Sample, error) {
		return s.lab.measure(ctx, load, unit, s.run.bank.processes, do)
	}}
}

func (s *scaled) depositOn(ctx context.Context, i int) (int, error) {
	_, err := s.client.mutate(ctx, moveRequest(depositText, s.ids[i], "scale-"+strconv.FormatInt(s.keys.Add(1), 10)))
	return 1, err
}

// depositWarm measures deposits on accounts in memory, and brings them there.
func (s *scaled) depositWarm(ctx context.Context) (Sample, error) {
	for i := 0; i < s.warm && !s.warmed; i++ {
		if _, err := s.depositOn(ctx, i); err != nil {
			return Sample{}, fmt.Errorf("bring an account into memory: %w", err)
		}
	}
	s.warmed = true
	return s.lab.measure(ctx, s.lab.load(moveClients), "deposits", s.run.bank.processes, s.deposit)
}

func (s *scaled) deposit(ctx context.Context, _, _ int) (int, error) {
	return s.depositOn(ctx, rand.IntN(s.warm))
}

// depositCold deposits on the next account that nobody has used.
func (s *scaled) depositCold(ctx context.Context, _, _ int) (int, error) {
	next := int(s.cold.Add(1) - 1)
	if next >= len(s.ids) {
		return 0, errors.New("all accounts are in memory: measure for a shorter time")
	}
	return s.depositOn(ctx, next)
}

func (s *scaled) balance(ctx context.Context, _, _ int) (int, error) {
	return 1, s.client.balance(ctx, s.ids[rand.IntN(len(s.ids))])
}

func (s *scaled) page(ctx context.Context, _, _ int) (int, error) {
	return 1, s.client.newest(ctx, s.ids[rand.IntN(len(s.ids))])
}

// restTime is how long a bank is left alone before its memory is looked at.
const restTime = 3 * time.Second

// again stops the bank and starts it.
func (s *scaled) again(ctx context.Context) (Sample, error) {
	if err := s.run.stop(); err != nil {
		return Sample{}, err
	}
	if err := s.start(ctx); err != nil {
		return Sample{}, err
	}
	sample := Sample{Measures: []Measure{{figureReady, "s", s.run.ready.Seconds()}}}
	wait(ctx, restTime)
	for _, name := range []string{"immudb", contract.AppEventSource, contract.AppActor, contract.AppProjector, contract.AppServer} {
		if bytes, there := memoryOf(s.run.bank.processes[name]); there {
			sample.Measures = append(sample.Measures, Measure{"memory, " + name, "MiB", float64(bytes) / (1 << 20)})
		}
	}
	for _, place := range onDisk {
		sample.Measures = append(sample.Measures, Measure{"disk, " + place.name, "MiB", float64(bytesAt(s.data, place.pattern)) / (1 << 20)})
	}
	return sample, ctx.Err()
}
