package torture

import (
	"context"
	"fmt"
	"io/fs"
	"math"
	"os"
	"path/filepath"
	"strings"
	"time"

	"corebank/check/laws"
	"corebank/check/must"
	"corebank/internal/app"
	"corebank/internal/bank"
	"corebank/internal/contract"
	"corebank/internal/view/viewstore"
	"corebank/localbank/datadir"
)

// Bounds of healing and gathering.
const (
	quietTime    = time.Minute      // how long views and subscribers may take to have everything
	pastRate     = 2000             // events of the past that views take in a second at least
	stillFor     = 2 * time.Second  // how long the log has to stay as it is
	healAttempts = 500              // of the requests without an outcome, that are asked again
	showEvery    = 10 * time.Second // how often a wait shows itself
)

// heal asks again for every second request that has no outcome: a healthy bank
// answers every question. The others stay unknown, and may be there at most once.
func (r *run) heal(ctx context.Context) {
	c := r.load.client("0", 0)
	for i, request := range laws.Unresolved(r.load.answers) {
		if i%2 == 1 || i/2 >= healAttempts || r.poisoned[request.Account] != "" { // which somebody has to mend first
			continue
		}
		r.found.Check(laws.Heals, 1)
		var last laws.Answer
		for tries := 0; tries < 5 && !last.Settled(); tries++ {
			last = c.ask(ctx, request)
		}
		if !last.Settled() {
			r.found.Violated(laws.Heals, "%s of %s has no outcome in a healed bank: %s", request.Key, request.Account, last.Note)
		}
	}
}

// gather waits until nothing moves and collects what there is to check.
func (r *run) gather(ctx context.Context) (_ *Evidence, err error) {
	defer must.Catch(&err)
	log := must.Get(openLog(r.dir(), must.Get(r.logAddress(ctx)), ""))
	defer log.Close(ctx)
	head, lines := r.settle(ctx, log)
	if at := r.awaitViews(ctx, head, nil); at < head {
		r.found.Violated(laws.Heals, "the views reached position %d of %d of the log within %v", at, head, r.patience())
	}
	r.awaitWatchers(ctx, lines)
	e := &Evidence{
		History: laws.History{Findings: &r.found, Began: r.began, Caller: theCaller, Answers: r.load.answers,
			Details: r.Data, Undivided: r.Partitions == 1},
		Served: make(map[bank.AccountID]shown), Poisoned: r.poisoned, Past: r.past(), Used: make(map[bank.AccountID]bool),
	}
	for _, a := range r.load.answers {
		e.Used[a.Account] = true
		switch c := a.Request.Command.(type) { // perhaps by no other
		case bank.SendTransfer:
			e.Used[c.To] = true
		case bank.PostTransaction:
			for _, leg := range c.Legs {
				e.Used[leg.Account] = true
			}
		}
	}
	if e.Views, err = r.readViews(ctx); err != nil {
		r.found.Violated(laws.Views, "the views could not be read: %v", err)
	}
	others := r.otherViews(ctx)
	must.Get(walk(ctx, log, 0, func(record contract.Record) {
		e.Record(record)
		for _, other := range others {
			other.Record(record)
		}
	}))
	for _, other := range others {
		other.End()
	}
	e.Accounts(func(id bank.AccountID) {
		served, err := r.gateway.balance(ctx, id)
		if err != nil {
			r.found.Violated(laws.Served, "%v", err)
		}
		e.Served[id] = served
	})
	return e, nil
}

// settle reads the log until it no longer grows and nothing is to come: its
// head, and how many transactions there are of each account, and of all under "".
func (r *run) settle(ctx context.Context, log *storedLog) (head int64, lines map[bank.AccountID]int) {
	head, lines = int64(r.Events), make(map[bank.AccountID]int)
	open, derived := laws.NewPending(time.Now().Add(quietTime)), make(laws.Derivation)
	count := func(record contract.Record) {
		open.Record(record)
		if line, err := derived.Entry(record); err == nil && line != nil {
			lines[""]++
			lines[record.Account]++
		}
	}
	deadline := time.Now().Add(quietTime)
	moving := func(since time.Time) bool { return time.Since(since) < stillFor || open.Any() }
	for since := time.Now(); moving(since) && time.Now().Before(deadline); app.Pause(ctx, 10*watchTick) {
		now, err := walk(ctx, log, head, count)
		if err != nil {
			r.found.Violated(laws.Heals, "the log cannot be read: %v", err)
			break
		}
		if now != head {
			head, since = now, time.Now()
		}
	}
	return head, lines
}

// walk reads the log after a position and returns its end.
func walk(ctx context.Context, log *storedLog, after int64, each func(contract.Record)) (int64, error) {
	for {
		records, err := log.ReadAll(ctx, after, contract.MaxReadRecords)
		if err != nil {
			return after, fmt.Errorf("read the log after %d: %w", after, err)
		}
		if len(records) == 0 {
			return after, nil
		}
		for _, record := range records {
			each(record)
			after = record.Position
		}
	}
}

// awaitViews waits until the views have what the log has, or for as long as
// that may take, and returns how far they are. Now and then it shows that.
func (r *run) awaitViews(ctx context.Context, head int64, show func(at int64)) (at int64) {
	deadline, shown := time.Now().Add(r.patience()), time.Now()
	for time.Now().Before(deadline) {
		at = max(at, r.viewsAt(ctx))
		if at >= head || !app.Pause(ctx, 10*watchTick) {
			break
		}
		if show != nil && time.Since(shown) > showEvery {
			shown = time.Now()
			show(at)
		}
	}
	return at
}

// viewsAt is how far the views are, on the machine where they are least; 0 if they cannot
// be read.
func (r *run) viewsAt(ctx context.Context) int64 {
	at := int64(math.MaxInt64)
	for _, dir := range r.dirs() {
		reader, err := viewstore.Config{SQLite: dir.Views()}.OpenReader(ctx)
		if err != nil {
			return 0
		}
		one, err := reader.Checkpoint(ctx)
		_ = reader.Close(ctx) // nothing was written
		if err != nil {
			return 0
		}
		at = min(at, one)
	}
	return at
}

// patience is how long the views may take to have everything: they may just
// have been deleted.
func (r *run) patience() time.Duration {
	return quietTime + time.Duration(r.Events)*time.Second/pastRate
}

// awaitWatchers waits until the subscribers have seen what there is, and a
// moment longer for what there should not be.
func (r *run) awaitWatchers(ctx context.Context, lines map[bank.AccountID]int) {
	deadline := time.Now().Add(quietTime)
	for _, w := range r.watchers {
		for w.seen() < lines[w.watch.Account] && time.Now().Before(deadline) {
			app.Pause(ctx, watchTick)
		}
	}
	app.Pause(ctx, time.Second)
}

func (r *run) readViews(ctx context.Context) (*laws.ViewSums, error) {
	return readViewsOf(ctx, r.dirs()[0])
}

func readViewsOf(ctx context.Context, dir datadir.Dir) (*laws.ViewSums, error) {
	snapshots, err := viewstore.Config{SQLite: dir.Views()}.OpenSnapshots(ctx)
	if err != nil {
		return nil, err
	}
	defer snapshots.Close(ctx)
	return laws.ReadViews(ctx, snapshots)
}

// checkLogs looks for processes that panicked: the supervisor starts them again,
// and all else may look well.
func (r *run) checkLogs() {
	for _, dir := range r.dirs() {
		r.checkLogsIn(dir.Logs())
	}
}

func (r *run) checkLogsIn(logs string) {
	files, err := fs.Glob(os.DirFS(logs), "*.log")
	if err != nil || len(files) == 0 {
		r.found.Violated(laws.Heals, "there are no logs to look at: %v", err)
	}
	for _, name := range files {
		r.found.Check(laws.Heals, 1)
		text, err := os.ReadFile(filepath.Join(logs, name)) // the supervisor bounds it
		if err != nil {
			r.found.Violated(laws.Heals, "%v", err)
		}
		for line := range strings.Lines(string(text)) {
			if strings.HasPrefix(line, "panic: ") || strings.HasPrefix(line, "fatal error: ") {
				r.found.Violated(laws.Heals, "%s: %s", name, strings.TrimSpace(line))
			}
		}
	}
}
