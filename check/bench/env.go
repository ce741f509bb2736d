package bench

import (
	"context"
	"errors"
	"fmt"
	"path/filepath"
	"slices"
	"sync"

	"golang.org/x/sync/errgroup"
	"google.golang.org/grpc"
	"google.golang.org/grpc/credentials/insecure"

	"corebank/check/livebank"
	"corebank/localbank/supervisor"
)

// env is what the scenarios of a group share. Each part is started on first use;
// close stops them all.
type env struct {
	Config
	dir      string
	log      *logProcesses
	bank     *runningBank
	accounts *loadAccounts  // of the loads over all accounts
	notes    []string       // for readers of the report
	closers  []func() error // called in reverse order
}

// note shows a text now and in the report.
func (e *env) note(format string, arguments ...any) {
	e.notes = append(e.notes, fmt.Sprintf(format, arguments...))
	e.progress(format, arguments...)
}

func (e *env) progress(format string, arguments ...any) {
	fmt.Fprintf(e.Log, "  "+format+"\n", arguments...)
}

func (e *env) onClose(closer func() error) { e.closers = append(e.closers, closer) }

func (e *env) close() (failed error) {
	for _, closer := range slices.Backward(e.closers) {
		failed = errors.Join(failed, closer())
	}
	return failed
}

// load is the run's load. The scenario's number of clients applies unless the
// user gave one.
func (e *env) load(clients int) Load {
	if e.Clients > 0 {
		clients = e.Clients
	}
	return Load{Clients: clients, Rate: e.Rate, Warmup: e.Warmup, Time: e.Time}
}

// oneClient is the load of a single client that never waits for its turn.
func (e *env) oneClient() Load { return Load{Clients: 1, Warmup: e.Warmup, Time: e.Time} }

// processes are those whose processor time is counted, by name. A bank that was
// started again has others.
type processes func() map[string]int

type measured struct {
	name, unit, about string
	run               func(ctx context.Context) (Sample, error)
}

// loaded measures a load on do. Then it calls the checks.
func loaded(
	name, unit, about string, load Load, used processes, do operation, checks ...func(context.Context) error,
) measured {
	return measured{name, unit, about, func(ctx context.Context) (Sample, error) {
		sample, err := newTally(1, load.Time).measure(ctx, load, unit, used, do)
		for _, check := range checks {
			err = errors.Join(err, check(ctx))
		}
		return sample, err
	}}
}

// measure puts a load on do and counts it, and the processor time meanwhile. It
// calls beside when the load begins to count, and what that returns at its end.
// It fails if nothing was done.
func (t *tally) measure(
	ctx context.Context, load Load, unit string, used processes, do operation, beside ...func() (end func()),
) (Sample, error) {
	var times cpuTimes
	err := load.run(ctx, t, do, func() func() {
		before := cpuTimesOf(used())
		var ends []func()
		for _, begin := range beside {
			ends = append(ends, begin())
		}
		return func() {
			for _, end := range ends {
				end()
			}
			times = cpuTimesOf(used()).minus(before)
		}
	})
	if err != nil {
		return Sample{}, err
	}
	s := Sample{Failed: t.failed, Failures: t.failures, CPU: times.each(t.done)}
	if t.done == 0 {
		return s, fmt.Errorf("%w within %v: %v", errNothingDone, t.took, t.failures)
	}
	s.Measures = append([]Measure{{figureRate, unit + "/s", float64(t.done) / t.took.Seconds()}}, waitsOf(t.all)...)
	return s, nil
}

// side is one of two loads that run at the same time. If counted is set, do adds
// to it what is measured instead of its calls.
type side struct {
	unit    string
	load    Load
	do      operation
	counted *tally
}

// measureBeside measures a load while another runs, whose rate and waits are
// figures, too. The processor time is of both, and therefore of neither.
func measureBeside(ctx context.Context, own, other side) (Sample, error) {
	sides := [2]side{own, other}
	var samples [2]Sample
	var failures [2]error
	var both sync.WaitGroup
	for i, s := range sides {
		both.Go(func() {
			uncounted := func() map[string]int { return nil }
			var beside []func() func()
			if s.counted != nil {
				beside = append(beside, s.counted.run)
			}
			samples[i], failures[i] = newTally(1, s.load.Time).measure(ctx, s.load, s.unit, uncounted, s.do, beside...)
		})
	}
	both.Wait()
	sample := Sample{Failed: samples[0].Failed + samples[1].Failed, Measures: samples[0].Measures,
		Failures: append(samples[0].Failures, samples[1].Failures...)}
	if own.counted != nil {
		sample.Measures = waitsOf(own.counted.all)
	}
	for _, m := range samples[1].Measures {
		if m.Name == figureRate || m.Name == figureP50 || m.Name == figureP99 {
			sample.Measures = append(sample.Measures, Measure{other.unit + " meanwhile, " + m.Name, m.Unit, m.Value})
		}
	}
	return sample, errors.Join(failures[:]...)
}

func (e *env) start(ctx context.Context, all ...supervisor.Process) (processes, error) {
	died := func(name string, why error) { e.progress("%s died: %v", name, why) }
	started, err := livebank.Supervise(ctx, filepath.Join(e.dir, "logs"), died, all...)
	if err == nil {
		e.onClose(started.Stop)
	}
	return func() map[string]int { return started.PIDs }, err
}

func (e *env) dial(address string) (*grpc.ClientConn, error) {
	connection, err := grpc.NewClient(address, grpc.WithTransportCredentials(insecure.NewCredentials()))
	if err == nil {
		e.onClose(connection.Close)
	}
	return connection, err
}

// inParallel calls do for 0 to n-1 from several goroutines, until one call fails.
func inParallel(goroutines, n int, do func(i int) error) error {
	group, failed := errgroup.WithContext(context.Background())
	group.SetLimit(goroutines)
	for i := 0; i < n && failed.Err() == nil; i++ {
		group.Go(func() error { return do(i) })
	}
	return group.Wait()
}
