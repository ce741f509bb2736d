package torture

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"time"

	"corebank/internal/app"
)

// Bounds of injecting.
const (
	injectTime = 2 * time.Minute // beyond how long the fault lasts
	staleTime  = 2 * time.Second // how old a stale snapshot is at least
)

// inject does a fault, and returns when the processes that it ended run again.
// It strikes when the damage is done, or ends. The end of running ends what
// lasts; it leaves nothing half done.
func (r *run) inject(running context.Context, f Fault) error {
	ctx, cancel := context.WithTimeout(context.WithoutCancel(running), f.Lasts+injectTime)
	defer cancel()
	what, part := f.Kind.split()
	switch {
	case what == Kill:
		return r.killAndAwait(ctx, part)
	case what == Freeze:
		return r.freeze(running, part, f.Lasts)
	case onLink(what):
		defer r.strike()
		return r.bank.links.harm(ctx, what, part, func() { app.Pause(running, f.Lasts) })
	case f.Kind == Everything:
		if err := r.bank.killAll(ctx); err != nil {
			return err
		}
		r.strike()
		return r.bank.start(ctx, startTime)
	case f.Kind == DiskLow:
		return r.lowDisk(running, f.Lasts)
	case f.Kind == DiskFull:
		return r.fullDisk(running, f.Lasts)
	case f.Kind == BrokerLost:
		return r.loseBroker(ctx)
	case f.Kind == BrokerAway:
		return r.sendBrokerAway(ctx, running, f.Lasts)
	case what == "poison":
		return r.poison(ctx, f.Kind)
	case what == "messages":
		return r.meddle(ctx, f.Kind)
	case f.Kind == SecondWriter:
		return r.secondWriter(ctx)
	case f.Kind == ViewsDeleted:
		return r.deleteViews(ctx)
	case what == "snapshots":
		return r.spoilSnapshots(ctx, f.Kind)
	}
	return fmt.Errorf("fault %s cannot be done", f.Kind)
}

func (r *run) killAndAwait(ctx context.Context, parts ...string) error {
	dead := make(map[string]int)
	for _, part := range parts {
		pid, err := r.bank.kill(part)
		if err != nil {
			return err
		}
		dead[part] = pid
	}
	r.strike()
	for part, pid := range dead {
		if err := r.bank.awaitAnother(ctx, part, pid); err != nil {
			return err
		}
	}
	return nil
}

func (r *run) freeze(running context.Context, part string, lasts time.Duration) error {
	pid, err := r.bank.freeze(part)
	if err != nil {
		return err
	}
	app.Pause(running, lasts)
	defer r.strike()
	if err := thaw(pid); err != nil {
		return fmt.Errorf("%s was frozen and is gone: %w", part, err)
	}
	return nil
}

// loseBroker takes the directory away from the frozen broker, so that it has
// nothing to come back to.
func (r *run) loseBroker(ctx context.Context) error {
	if _, err := r.bank.freeze("nats"); err != nil {
		return err
	}
	dir := filepath.Join(r.bank.data, "nats")
	lost := dir + ".lost"
	if err := os.Rename(dir, lost); err != nil {
		return err
	}
	if err := r.killAndAwait(ctx, "nats"); err != nil {
		return err
	}
	return os.RemoveAll(lost)
}

// deleteViews deletes the views while no process has them open.
func (r *run) deleteViews(ctx context.Context) error {
	projector, err := r.bank.freeze("projector")
	if err != nil {
		return err
	}
	server, err := r.bank.freeze("server")
	if err != nil {
		return errors.Join(err, thaw(projector))
	}
	for _, end := range []string{"", "-wal", "-shm"} {
		if err := os.Remove(r.views() + end); err != nil && !errors.Is(err, fs.ErrNotExist) {
			return errors.Join(err, thaw(projector), thaw(server))
		}
	}
	return r.killAndAwait(ctx, "projector", "server")
}

// sendBrokerAway cuts the broker off for longer than a sidecar tries to reach it,
// and waits until the topic flows again.
func (r *run) sendBrokerAway(ctx, running context.Context, lasts time.Duration) error {
	if err := r.bank.links.harm(ctx, Cut, "nats", func() { app.Pause(running, lasts) }); err != nil {
		return err
	}
	r.strike()
	ctx, cancel := context.WithTimeout(ctx, recoveryTime)
	defer cancel()
	for began := r.viewsAt(ctx); r.viewsAt(ctx) <= began; {
		if !app.Pause(ctx, watchTick) {
			return fmt.Errorf("the broker was away for %v and %v later the views still stand where they stood", lasts,
				recoveryTime)
		}
	}
	return nil
}

func (r *run) views() string { return filepath.Join(r.bank.data, "views.db") }

// spoilSnapshots changes the snapshots of the actors.
func (r *run) spoilSnapshots(ctx context.Context, kind Kind) error {
	db, err := sql.Open("sqlite", "file:"+filepath.Join(r.bank.data, "actors.db")+"?_pragma=busy_timeout(10000)")
	if err != nil {
		return err
	}
	defer db.Close()
	statements := map[Kind][]string{
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
	if kind == SnapshotsStale {
		if _, err := db.ExecContext(
			ctx,
			`CREATE TABLE stale AS SELECT key, value FROM state WHERE key LIKE '%snapshot-%'`,
		); err != nil {
			return err
		}
		app.Pause(ctx, staleTime)
	}
	// The actors are frozen meanwhile, so that they save nothing newer.
	if _, err := r.bank.freeze("actor"); err != nil {
		return err
	}
	for _, statement := range statements[kind] {
		if _, err := db.ExecContext(ctx, statement); err != nil {
			return errors.Join(err, r.killAndAwait(ctx, "actor"))
		}
	}
	return r.killAndAwait(ctx, "actor")
}
