package torture

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"slices"
	"sync"
	"time"

	"corebank/check/laws"
	"corebank/check/livebank"
	"corebank/check/must"
	"corebank/internal/app"
	"corebank/internal/bank"
	apiclient "corebank/internal/client"
	"corebank/internal/identity"
	"corebank/localbank/datadir"
)

// Bounds of a run.
const (
	startTime    = 3 * time.Minute
	recoveryTime = time.Minute // from a fault to a bank that is whole
	watchers     = 3           // subscribers of everything, and as many of one account each
	watchTick    = 20 * time.Millisecond
)

// Config is how to run.
type Config struct {
	// Program is the corebank executable.
	Program string
	// Data is an empty directory for the bank, Listen the address for its API.
	Data, Listen string
	// Release lets go of Listen, which is held for the bank until it is started.
	Release func()
	Kinds   []Kind
	// Duration is how long faults are begun; healing and checking come after.
	// Each, if it is not 0, has them begun until each kind was there so often,
	// however long that takes.
	Duration time.Duration
	Each     int
	// Events is how many events the log has before the bank starts.
	Events   int
	Seed     uint64
	Clients  int
	Accounts int
	// Partitions is how many the bank's log has, and Machines how many machines the bank
	// is on; 0 and 1 are one.
	Partitions, Machines int
	// From, if set, is the program of another release, with which the bank begins:
	// its apps are replaced by those of Program, and back.
	From     string
	LogLevel string
	// Out is where a person reads how it goes.
	Out io.Writer
}

type run struct {
	Config
	began    time.Time
	bank     *livebank.Bank
	links    *links
	network  *network
	gateway  *gateway
	load     *load
	watchers []*subscriber
	found    laws.Findings
	display  *display
	agenda   *agenda
	releases *releases // nil for a bank of one
	injected []Injected
	poisoned map[bank.AccountID]Kind

	turn    int                  // of the machines that are hurt
	victims []int                // those that are now, from 0
	struck  time.Duration        // when the last fault was done
	next    <-chan time.Duration // the first answer to what was sent after it
}

// Run tortures a bank until the time is over or ctx ends, and then checks. An
// error means that there was nothing to check.
func Run(ctx context.Context, config Config) (_ Report, err error) {
	defer must.Catch(&err)
	must.Do(Supported())
	r := &run{Config: config, began: time.Now(), poisoned: make(map[bank.AccountID]Kind)}
	r.display = &display{out: config.Out}
	r.display.plan(config)
	r.links = must.Get(newLinks(config.Kinds))
	defer r.links.close()
	r.network = must.Get(newNetwork(config))
	defer r.network.close()
	must.Do(r.fill(ctx))
	r.bank = &livebank.Bank{Program: config.Program, Data: config.Data, Listen: config.Listen, Addressed: r.links.lead,
		Arguments: append(slices.Concat(r.links.flags(), r.network.flags(config.Program)), "--log-level="+config.LogLevel,
			fmt.Sprintf("--partitions=%d", config.Partitions))}
	if config.Machines > 1 { // an earlier release knows no machines
		r.bank.Arguments = append(r.bank.Arguments, fmt.Sprintf("--machines=%d", config.Machines))
	}
	if config.From != "" {
		r.releases = must.Get(newReleases(config.From, config.Program, config.Data))
		r.bank.Program = r.releases.program
		defer r.releases.close()
	}
	r.Release()
	defer func() { _ = r.bank.Kill(context.WithoutCancel(ctx)) }() // what did not stop in order
	must.Do(r.bank.Start(ctx, livebank.ColdStart))
	token := must.Get(apiclient.LocalToken(r.Data, theCaller, identity.Teller, tokenLife))
	must.Do(r.awaitWhole(ctx))
	r.gateway = newGateway(r.gateways(), token, config.Clients, r.clock)
	r.load = newLoad(r.gateway, config.Seed)
	must.Do(r.awaitPast(ctx))
	if err := r.load.open(ctx, config.Accounts, r.past()); err != nil {
		return Report{}, fmt.Errorf("%w; the bank wrote last:\n%s", err, r.bank.LastWords())
	}
	r.display.ready(r.clock(), config)
	return r.all(ctx)
}

// tokenLife is longer than any run.
const tokenLife = 30 * 24 * time.Hour

func (r *run) dir() datadir.Dir { return datadir.Dir{Path: r.Data, Partitions: r.Partitions} }

func (r *run) fill(ctx context.Context) error {
	if r.Events == 0 {
		return nil
	}
	began := r.clock()
	records := r.display.filling(r.past().Records(), r.Events)
	if err := fillLog(ctx, r.Program, r.Data, r.Partitions, records); err != nil {
		return fmt.Errorf("write the %d events before: %w", r.Events, err)
	}
	r.display.done(fmt.Sprintf("The log has %s events of %s accounts", comma(r.Events), comma(r.past().accounts())),
		r.Events, r.clock()-began)
	return nil
}

// awaitPast waits until the views have the past: a bank in use had them before.
func (r *run) awaitPast(ctx context.Context) error {
	if r.Events == 0 {
		return nil
	}
	began := r.clock()
	at := r.awaitViews(ctx, int64(r.Events), func(at int64) {
		r.display.printf("  the views have %s of %s events\n", comma(at), comma(r.Events))
	})
	if at < int64(r.Events) {
		return fmt.Errorf("the views reached position %d of %d within %s", at, r.Events, seconds(r.clock()-began))
	}
	r.display.done("The views have them", r.Events, r.clock()-began)
	return nil
}

func (r *run) past() Past { return Past{Seed: r.Seed, Events: r.Events} }

func (r *run) clock() time.Duration { return time.Since(r.began) }

// all is the run from a ready bank on.
func (r *run) all(ctx context.Context) (Report, error) {
	watching, stopWatching := context.WithCancel(context.WithoutCancel(ctx))
	defer stopWatching()
	var watched sync.WaitGroup
	for _, w := range r.newWatchers() {
		watched.Go(func() { w.run(watching) })
	}
	looker := &onlooker{gateway: r.gateway, undivided: r.Partitions == 1 && r.Events == 0}
	watched.Go(func() { looker.run(watching) })
	r.hurt(ctx)
	after := context.WithoutCancel(ctx) // Ctrl-C ends the faults, not the checks
	r.display.printf("\nThe faults are over. Healing, waiting until nothing moves, checking …\n\n")
	r.heal(after)
	evidence, err := r.gather(after)
	stopWatching()
	watched.Wait()
	if err != nil {
		return Report{}, err
	}
	for _, w := range r.watchers {
		evidence.Watches = append(evidence.Watches, w.result())
	}
	looker.report(&r.found)
	r.checkErrors()
	r.found.Check(laws.Heals, 1)
	if err := r.bank.Stop(); err != nil {
		r.found.Violated(laws.Heals, "%v", err)
	}
	r.checkLogs()
	evidence.Check()
	report := r.report(evidence)
	err = r.display.report(report)
	if report.Violations > 0 {
		err = errors.Join(err, r.saveAnswers())
	}
	return report, err
}

func (r *run) newWatchers() []*subscriber {
	add := func(name string, id bank.AccountID) {
		n := len(r.watchers)
		r.watchers = append(r.watchers,
			newSubscriber(r.gateway.seat(n), fmt.Sprintf(name, n+1), id, r.Events, r.Seed+uint64(n)))
	}
	for range watchers {
		add("subscriber %d", "")
	}
	for _, id := range r.load.ids()[:min(watchers, r.Accounts)] {
		add("subscriber %d, of one account", id)
	}
	r.watchers[0].heard = r.load.heard
	return r.watchers
}

func (r *run) hurt(ctx context.Context) {
	loading, stopLoading := context.WithCancel(context.WithoutCancel(ctx)) // the last fault, too, needs it to recover
	var loaded sync.WaitGroup
	loaded.Go(func() { r.load.run(loading, r.Clients) })
	defer loaded.Wait()
	defer stopLoading()
	r.agenda = newAgenda(r.Config, r.clock())
	for f, more := r.agenda.next(r.clock()); more; f, more = r.agenda.next(r.clock()) {
		if !app.Pause(ctx, f.Calm) || !r.one(ctx, f) {
			return
		}
	}
}

// strike notes that a fault is done: from here on the bank has to recover.
func (r *run) strike() {
	r.struck = r.clock()
	r.next = r.load.nextApplied(r.struck)
}

// one does one fault and waits until the bank is whole again. It reports
// whether it makes sense to go on.
func (r *run) one(ctx context.Context, f Fault) bool {
	r.found.Check(laws.Heals, 1)
	at := r.clock()
	done := Injected{Kind: f.Kind, At: secondsOf(at), Lasts: secondsOf(f.Lasts)}
	r.victims = nil
	r.strike()
	if err := r.inject(ctx, f); err != nil {
		r.found.Violated(laws.Heals, "%s at %s: %v", f.Kind, minutes(at), err)
		r.display.failed(done, err)
	}
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), recoveryTime)
	defer cancel()
	if err := r.awaitWhole(ctx); err != nil {
		r.found.Violated(laws.Heals, "%s at %s: the bank is not whole within %v: %v", f.Kind, minutes(at), recoveryTime, err)
		r.display.failed(done, err)
		return false
	}
	done.Whole = secondsOf(r.clock() - r.struck)
	select {
	case at := <-r.next:
		took := at - r.struck
		if r.releases != nil {
			took = max(took, r.releases.slowest)
		}
		done.Next = secondsOf(took)
		done.Whole = max(done.Whole, done.Next)
	case <-ctx.Done():
		r.found.Violated(laws.Heals, "%s at %s: no command was acknowledged and the bank not ready within %v", f.Kind,
			minutes(at), recoveryTime)
		r.display.failed(done, errors.New("the bank does not recover"))
		return false
	}
	done.Own, done.Others = r.load.waits(r.struck, r.clock(), r.victims)
	r.injected = append(r.injected, done)
	r.display.injected(done, r.load.applied(), r.clock(), r.agenda.progress(r.clock()))
	return true
}

func (r *run) report(e *Evidence) Report {
	report := Report{
		Seed:        r.Seed,
		Began:       r.began.UTC().Truncate(time.Second),
		Took:        secondsOf(r.clock()),
		Clients:     r.Clients,
		Accounts:    r.Accounts,
		Violations:  int(r.found.Total),
		Faults:      len(r.injected),
		Kinds:       byKind(r.injected),
		Machines:    r.Machines,
		Answers:     r.load.counts,
		Log:         LogReport{Events: e.log.Records(), Accounts: e.log.Streams(), Before: int64(r.Events)},
		Subscribers: WatchReport{Count: len(e.Watches)},
		Findings:    findingsOf(&r.found),
		Injected:    r.injected,
	}
	for _, w := range e.Watches {
		report.Subscribers.Resumed += max(0, w.Subscribed-1)
		report.Subscribers.Seen += len(w.Seen)
	}
	return report
}

// saveAnswers writes the answers that clients got beside the data of the bank.
func (r *run) saveAnswers() error {
	var text bytes.Buffer
	for _, a := range r.load.answers {
		fmt.Fprintln(&text, a)
	}
	return os.WriteFile(filepath.Join(r.Data, "answers.txt"), text.Bytes(), 0o600)
}
