package torture

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"io/fs"
	"net/url"
	"os"
	"path/filepath"
	"strings"
	"time"

	"corebank/check/laws"
	"corebank/check/must"
	"corebank/internal/app"
	"corebank/internal/bank"
	"corebank/internal/contract"
)

// Bounds of injecting.
const (
	staleTime = 2 * time.Second // how old a stale snapshot is at least
	// allDisks is more MiB than any disk has.
	allDisks = 1 << 40
	// noticeTime is how long the bank may take to notice that its disk is nearly
	// full, and that it is not any more.
	noticeTime = 10 * time.Second
	// limitEvery is how often the limit is set for processes that are new.
	limitEvery = 50 * time.Millisecond
)

func (r *run) kill(ctx context.Context, i injection) error { return r.killAndAwait(ctx, i.part) }

func (r *run) killAndAwait(ctx context.Context, parts ...string) (err error) {
	defer must.Catch(&err)
	dead := make(map[string]int)
	for _, part := range parts {
		dead[part] = must.Get(r.bank.Signal(part, os.Kill))
	}
	r.strike()
	for part, pid := range dead {
		must.Do(r.bank.AwaitAnother(ctx, part, pid))
	}
	return nil
}

func (r *run) killEverything(ctx context.Context, _ injection) error {
	if err := r.bank.Kill(ctx); err != nil {
		return err
	}
	r.strike()
	return r.bank.Start(ctx, startTime)
}

func (r *run) freeze(_ context.Context, i injection) error {
	pid, err := r.bank.Signal(i.part, pause)
	if err != nil {
		return err
	}
	app.Pause(i.running, i.Lasts)
	defer r.strike()
	if err := thaw(pid); err != nil {
		return fmt.Errorf("%s was frozen and is gone: %w", i.part, err)
	}
	return nil
}

func thaw(pid int) error {
	process, err := os.FindProcess(pid)
	if err != nil {
		return err
	}
	return process.Signal(resume)
}

func (r *run) harmLink(ctx context.Context, i injection) error {
	defer r.strike()
	what, _ := i.Kind.split()
	return r.links.harm(ctx, what, i.part, func() { app.Pause(i.running, i.Lasts) })
}

// lowDisk has the event source reserve more than there is. Before it ends, the bank
// must report that and refuse commands as unavailable, so that clients try again.
func (r *run) lowDisk(ctx context.Context, i injection) (err error) {
	defer must.Catch(&err)
	file := r.dir().DiskFloor()
	must.Do(os.WriteFile(file, fmt.Append(nil, allDisks), 0o600))
	app.Pause(i.running, i.Lasts)
	shown := r.awaitLowDisk(ctx)
	must.Do(os.Remove(file))
	r.strike()
	return shown
}

// awaitLowDisk waits until the bank does what it should do on a nearly full disk.
// Its error is what the bank does not do.
func (r *run) awaitLowDisk(ctx context.Context) error {
	ctx, cancel := context.WithTimeout(ctx, noticeTime)
	defer cancel()
	reason := ""
	for !strings.Contains(reason, "nearly full") {
		if reason = fmt.Sprint(r.bank.Readiness(ctx)); !app.Pause(ctx, watchTick) {
			return fmt.Errorf("the disk was nearly full and after %v /readyz says %q", noticeTime, reason)
		}
	}
	return r.probeLowDisk(ctx)
}

// probeLowDisk deposits on one account after the other until one has no reason
// of its own to refuse, as one that is frozen has.
func (r *run) probeLowDisk(ctx context.Context) error {
	for _, account := range r.load.ids() {
		answer := r.load.watcher().ask(ctx, laws.NewRequest(account, fmt.Sprint("low-disk-", r.clock().Nanoseconds()),
			bank.Deposit{Amount: bank.Money{Minor: 1, Currency: currency}}))
		switch answer.Status {
		case contract.Unavailable:
			return nil
		case contract.Refused:
		default:
			return fmt.Errorf("the disk was nearly full and a deposit was %s %s; want it refused until there is room",
				answer.Status, answer.Note)
		}
	}
	return errors.New("the disk was nearly full and every account refused a deposit for another reason")
}

func (r *run) fullDisk(_ context.Context, i injection) (failed error) {
	limit := func(limited bool) {
		for part, pid := range r.bank.Parts() {
			if err := limitFiles(pid, limited); err != nil {
				failed = fmt.Errorf("fill or empty the disk of %s: %w", part, err)
			}
		}
	}
	for began := time.Now(); time.Since(began) < i.Lasts && app.Pause(i.running, limitEvery); {
		limit(true)
	}
	limit(false)
	r.strike()
	return failed
}

// loseBroker takes the directory away from the frozen broker, so that it has
// nothing to come back to.
func (r *run) loseBroker(ctx context.Context, _ injection) (err error) {
	defer must.Catch(&err)
	must.Get(r.bank.Signal("nats", pause))
	lost := r.dir().NATS() + ".lost"
	must.Do(os.Rename(r.dir().NATS(), lost))
	must.Do(r.killAndAwait(ctx, "nats"))
	return os.RemoveAll(lost)
}

// sendBrokerAway cuts the broker off for longer than a sidecar tries to reach it,
// and waits until the topic flows again.
func (r *run) sendBrokerAway(ctx context.Context, i injection) (err error) {
	defer must.Catch(&err)
	must.Do(r.links.harm(ctx, Cut, "nats", func() { app.Pause(i.running, i.Lasts) }))
	r.strike()
	ctx, cancel := context.WithTimeout(ctx, recoveryTime)
	defer cancel()
	for began := r.viewsAt(ctx); r.viewsAt(ctx) <= began; {
		if !app.Pause(ctx, watchTick) {
			return fmt.Errorf("the broker was away for %v and %v later the views still stand where they stood", i.Lasts,
				recoveryTime)
		}
	}
	return nil
}

// deleteViews deletes the views while no process has them open.
func (r *run) deleteViews(ctx context.Context, _ injection) (err error) {
	for _, part := range []string{"projector", "server"} {
		_, failure := r.bank.Signal(part, pause)
		err = errors.Join(err, failure)
	}
	for _, end := range []string{"", "-wal", "-shm"} {
		if failure := os.Remove(r.dir().Views() + end); !errors.Is(failure, fs.ErrNotExist) {
			err = errors.Join(err, failure)
		}
	}
	return errors.Join(err, r.killAndAwait(ctx, "projector", "server"))
}

var spoiling = map[Kind][]string{
	SnapshotsDamaged: {
		// A third is cut short, a third is no JSON, a third has other digits.
		`UPDATE state SET value = substr(value, 1, length(value)/2) WHERE key LIKE '%snapshot-%' AND rowid % 3 = 0`,
		`UPDATE state SET value = 'x' || value WHERE key LIKE '%snapshot-%' AND rowid % 3 = 1`,
		`UPDATE state SET value = replace(value, '1', '2') WHERE key LIKE '%snapshot-%' AND rowid % 3 = 2`,
	},
	SnapshotsStale: {
		`UPDATE state SET value = (SELECT old.value FROM stale AS old WHERE old.key = state.key)
			WHERE key IN (SELECT key FROM stale)`,
		`DROP TABLE stale`,
	},
	SnapshotsDeleted: {`DELETE FROM state WHERE key LIKE '%snapshot-%'`},
}

func (r *run) spoilSnapshots(ctx context.Context, i injection) (err error) {
	defer must.Catch(&err)
	file := url.URL{Scheme: "file", Path: filepath.ToSlash(r.dir().Actors()), RawQuery: "_pragma=busy_timeout(10000)"}
	db := must.Get(sql.Open("sqlite", file.String()))
	defer db.Close()
	if i.Kind == SnapshotsStale {
		must.Get(db.ExecContext(ctx, `CREATE TABLE stale AS SELECT key, value FROM state WHERE key LIKE '%snapshot-%'`))
		app.Pause(ctx, staleTime)
	}
	// The actors are frozen meanwhile, so that they save nothing newer.
	must.Get(r.bank.Signal("actor", pause))
	for _, statement := range spoiling[i.Kind] {
		if _, err = db.ExecContext(ctx, statement); err != nil {
			break
		}
	}
	return errors.Join(err, r.killAndAwait(ctx, "actor"))
}
