package bench

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"os"
	"slices"
	"sync"
	"sync/atomic"
	"time"

	"corebank/check/must"
	"corebank/internal/app"
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
	must.Do(checkOpenFiles(e.Subscribers + otherFiles))
	s := &soak{env: e, accounts: must.Get(e.fundedAccounts(ctx, 2, Soak)), load: e.load(moveClients)}
	if s.accounts == nil {
		return nil, nil
	}
	about := fmt.Sprintf("for %v, %s over %s: of a hundred, 56 deposits, 16 withdrawals, 8 transfers, 15 balances and 5 "+
		"pages of a history; %s on websockets", e.Time, count(s.load.Clients, "client"),
		count(len(s.accounts.accounts), "account"), count(e.Subscribers, "subscriber"))
	return []measured{{Soak, "operations", about, s.run}}, nil
}

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

// Memory describes a process's memory over a long run. All values but Looks,
// Starts and Verdict are in MiB.
type Memory struct {
	Process string `json:"process"`
	// Early, Mid and Late are the resident memory after the first tenth of the
	// time, in the middle and in the last tenth: medians, each of a tenth of the
	// readings. Most is the highest reading.
	Early float64 `json:"early"`
	Mid   float64 `json:"middle"`
	Late  float64 `json:"late"`
	Most  float64 `json:"most"`
	// Own is the part of Late that belongs to no file.
	Own float64 `json:"own"`
	// PerHour is the growth per hour after the first tenth, LateHour that in the
	// second half: see slope.
	PerHour  float64 `json:"perHour"`
	LateHour float64 `json:"latePerHour"`
	// Starts is how often the process was started, which should be once.
	Starts  int    `json:"starts"`
	Verdict string `json:"verdict"`
	Looks   []Look `json:"looks"` // all readings
}

// Look is a reading of the memory of a process.
type Look struct {
	Seconds float64 `json:"s"` // since the first reading
	MiB     float64 `json:"mib"`
	Own     float64 `json:"own"` // the part that belongs to no file
}

const (
	// warmUpShare is the share of the time in which growth does not matter.
	warmUpShare = 0.1
	// Growth in MiB an hour counts beyond flatMin and beyond flatShare of what
	// the process has. A Go heap varies by more than either from one reading to
	// the next, but not over an hour.
	flatMin   = 8.0
	flatShare = 0.05
	// judgedAfter is the shortest time, in seconds, from which growth per hour is
	// computed: caches fill in the first minutes.
	judgedAfter = 1800.0
	// trendPoints bounds the readings between which slopes are computed.
	trendPoints = 720
	hour        = 3600
)

func memoryFrom(process string, starts int, looks []Look) Memory {
	m := Memory{Process: process, Starts: starts, Looks: looks}
	if len(looks) == 0 {
		m.Verdict = "never seen"
		return m
	}
	var times, values, own []float64
	for _, look := range looks {
		times, values, own = append(times, look.Seconds), append(values, look.MiB), append(own, look.Own)
	}
	growth := func(from float64) float64 { return hour * slope(between(times, from, 1), between(values, from, 1)) }
	m.Early = medianOf(between(values, warmUpShare, 2*warmUpShare))
	m.Mid = medianOf(between(values, 0.45, 0.55))
	m.Late, m.Own = medianOf(between(values, 0.9, 1)), medianOf(between(own, 0.9, 1))
	m.Most = slices.Max(values)
	m.PerHour, m.LateHour = growth(warmUpShare), growth(0.5)
	limit := max(flatMin, flatShare*m.Mid)
	switch {
	case starts > 1:
		m.Verdict = "was started " + count(starts, "time")
	case times[len(times)-1]-times[0] < judgedAfter:
		m.Verdict = "too short to tell"
	case m.LateHour > limit:
		m.Verdict = fmt.Sprintf("grows %s MiB/h", amount(m.LateHour))
	case m.PerHour > limit:
		m.Verdict = "levels off"
	default:
		m.Verdict = "flat"
	}
	return m
}

// slope is the growth of the values per unit of time: the median of the slopes
// between any two of them (Theil and Sen). Up to three in ten of the values may
// be outliers without moving it far. It is 0 for fewer than two.
func slope(times, values []float64) float64 {
	times, values = thinned(times), thinned(values)
	slopes := make([]float64, 0, len(values)*(len(values)-1)/2)
	for i := range values {
		for j := range i {
			if span := times[i] - times[j]; span > 0 {
				slopes = append(slopes, (values[i]-values[j])/span)
			}
		}
	}
	return medianOf(slopes)
}

// thinned are at most trendPoints of the values, evenly chosen.
func thinned(values []float64) []float64 {
	if len(values) <= trendPoints {
		return values
	}
	kept := make([]float64, trendPoints)
	for i := range kept {
		kept[i] = values[i*len(values)/trendPoints]
	}
	return kept
}

// between are the values from one share of them to another, at least one.
func between(values []float64, from, to float64) []float64 {
	first := min(int(float64(len(values))*from), len(values)-1)
	return slices.Clip(values[first:max(int(float64(len(values))*to), first+1)])
}

// A monitor reads every monitorEvery, and at least monitorTimes in a short run.
const (
	monitorEvery = 10 * time.Second
	monitorTimes = 20
	monitorMin   = 50 * time.Millisecond
)

// monitor reads the memory of processes while a load runs.
type monitor struct {
	every     time.Duration
	processes func() map[string]int // that run now, by name
	memory    func(pid int) (Look, bool)
	after     func(since time.Duration, resident map[string]float64) // called after each reading
	seen      map[string][]reading
}

// reading is a look at one life of a process.
type reading struct {
	pid int
	Look
}

func monitorPause(run time.Duration) time.Duration {
	return max(monitorMin, min(monitorEvery, run/monitorTimes))
}

// start reads memory until what it returns is called.
func (m *monitor) start(ctx context.Context) (end func()) {
	monitoring, stop := context.WithCancel(ctx)
	var over sync.WaitGroup
	over.Go(func() { m.run(monitoring) })
	return func() { stop(); over.Wait() }
}

// run reads at once and then at intervals until ctx ends.
func (m *monitor) run(ctx context.Context) {
	m.seen = make(map[string][]reading)
	began := time.Now()
	for next := began; app.Pause(ctx, time.Until(next)); next = next.Add(m.every) {
		since := time.Since(began)
		m.after(since, m.look(since))
	}
}

// look reads once and returns the MiB of each process.
func (m *monitor) look(since time.Duration) map[string]float64 {
	resident := make(map[string]float64)
	for name, pid := range m.processes() {
		look, there := m.memory(pid)
		if !there {
			continue
		}
		look.Seconds, resident[name] = since.Seconds(), look.MiB
		m.seen[name] = append(m.seen[name], reading{pid, look})
	}
	return resident
}

// memories summarize the readings, the largest process first.
func (m *monitor) memories() (all []Memory) {
	for name, readings := range m.seen {
		lives := make(map[int]bool)
		var looks []Look
		for _, r := range readings {
			lives[r.pid] = true
			looks = append(looks, r.Look)
		}
		all = append(all, memoryFrom(name, len(lives), looks))
	}
	slices.SortFunc(all, func(a, b Memory) int {
		return cmp.Or(cmp.Compare(b.Late, a.Late), cmp.Compare(a.Process, b.Process))
	})
	return all
}
