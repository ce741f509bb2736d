package actor

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"slices"
	"sync/atomic"
	"time"

	"corebank/internal/bank"
	"corebank/internal/contract"
	"corebank/internal/logclient"
)

// snapshotEvery is how many events a snapshot lags behind at most.
const snapshotEvery = 200

// account is the actor of one account: what it knows of the account's stream.
type account struct {
	id        bank.AccountID
	log       Log
	snapshots *snapshots
	clock     func() time.Time
	keysKept  int

	// turn holds a token while a turn is under way. Dapr gives an account's actor its turns one by one, but turns over
	// several accounts want the same account, and a host that was suspended may see two.
	turn     chan struct{}
	late     atomic.Bool // a turn over several accounts did not wait until it was read; it still is being read
	loaded   bool        // and up to date, as far as is known
	state    bank.Account
	mark     contract.Mark // of the record of the state's version
	keys     *bank.Keys
	snapshot int64 // version of the last snapshot
	distrust bool  // what was known, or the snapshot, was proven wrong: read the log alone
}

// begin waits for the end of the turns that came before; false if ctx ends first. Who came first is next.
func (a *account) begin(ctx context.Context) bool {
	select {
	case a.turn <- struct{}{}: // also where ctx has ended
		return true
	default:
	}
	select {
	case a.turn <- struct{}{}:
		return true
	case <-ctx.Done():
		return false
	}
}

func (a *account) end() { <-a.turn }

// start is where reading the log begins: what the actor knew before, or else the snapshot, or else nothing. saved is
// the version of the last snapshot.
func (a *account) start(ctx context.Context) (from snapshot, keys *bank.Keys, saved int64) {
	if !a.distrust && a.state.Version > 0 {
		return snapshot{State: a.state, Mark: a.mark}, a.keys, a.snapshot
	}
	if !a.distrust {
		if from, ok := a.snapshots.load(ctx, a.id); ok {
			return from, bank.RestoreKeys(a.keysKept, from.Keys, from.Forgot), from.State.Version
		}
	}
	return snapshot{State: bank.Account{ID: a.id}}, bank.RestoreKeys(a.keysKept, nil, false), 0
}

// load makes sure that the actor knows its account: from what it knew or the snapshot, if that is valid, and the log
// after it.
func (a *account) load(ctx context.Context) error {
	if a.loaded {
		return nil
	}
	start, keys, saved := a.start(ctx)
	state, mark := start.State, start.Mark
	confirmed := state.Version == 0
	err := logclient.ReadStream(ctx, a.log, a.id, max(0, state.Version-1), func(r contract.Record, _ int) (err error) {
		if !confirmed {
			confirmed = true
			return start.contradictedBy(r)
		}
		keys.Remember(r.Key, r.Version)
		if state, err = contract.Fold(state, r); err != nil && start.State.Version == 0 {
			err = fmt.Errorf("%w: %w", errUnreadable, err)
		}
		a.distrust = a.distrust || err != nil
		mark = r.Mark()
		return err
	})
	if err == nil && !confirmed {
		err = fmt.Errorf("%w: the log does not reach version %d", errOtherStream, start.State.Version)
	}
	if errors.Is(err, errOtherStream) {
		slog.WarnContext(ctx, "what was known is ignored; reading the log instead", "account", a.id, "reason", err)
		a.distrust = true
		return a.load(ctx) // of the log alone
	}
	if err != nil {
		return err
	}
	a.state, a.mark, a.keys, a.snapshot, a.loaded, a.distrust = state, mark, keys, saved, true, false
	return nil
}

// forget says that the log may have moved on; the next attempt reads what came after.
func (a *account) forget() { a.loaded = false }

// errOtherStream says that the stream is not the one that was known: an earlier copy of the log was restored, or a
// snapshot is wrong.
var errOtherStream = errors.New("the stream is another one")

// outdated is the error of an actor that knows a version which the log does not have. The next attempt reads the log.
func (a *account) outdated(version int64) error {
	a.forget()
	a.distrust = true
	return fmt.Errorf("%w: the log does not have version %d of %s, which was known", errOtherStream, version, a.id)
}

// accept makes a decision's result the actor's state, now that it is durable. The records have their positions.
func (a *account) accept(d *decision) {
	for i := range d.records {
		a.keys.Remember(d.records[i].Key, d.records[i].Version)
	}
	a.state, a.mark = d.state, d.records[len(d.records)-1].Mark()
	if a.state.Version-a.snapshot >= snapshotEvery {
		a.save()
	}
}

// save queues a snapshot. It may get lost; nothing depends on it.
func (a *account) save() {
	a.snapshots.enqueue(a.state, a.mark, a.keys)
	a.snapshot = a.state.Version
}

// rest ends the actor's time in memory.
func (a *account) rest() {
	if !a.begin(context.Background()) {
		return
	}
	defer a.end()
	if a.loaded && a.state.Version > a.snapshot {
		a.save()
	}
}

// recalled are the events of those commands of a turn that were answered before. It is unsure when there may be more,
// of keys that the actor has forgotten.
type recalled struct {
	records []contract.Record
	unsure  bool
}

// answered are the events by key.
func (r recalled) answered() map[string]*contract.Record {
	answered := make(map[string]*contract.Record, len(r.records))
	for i := range r.records {
		answered[r.records[i].Key] = &r.records[i]
	}
	return answered
}

// recall reads the events of those commands that were answered before. Where the actor remembers none of their keys,
// it reads only if it is to look up all.
func (a *account) recall(ctx context.Context, commands []contract.Command, lookUp bool) (r recalled, err error) {
	var keys []string // that may have an event
	remembered := make(map[string]int64)
	for _, c := range commands {
		version, known := a.keys.Find(c.Key)
		if version != 0 {
			remembered[c.Key] = version
		}
		if version != 0 || !known {
			keys = append(keys, c.Key)
		}
	}
	if len(keys) == 0 || len(remembered) == 0 && !lookUp {
		return recalled{unsure: len(keys) > 0}, nil
	}
	found, err := a.log.FindKeys(ctx, contract.FindKeysRequest{Account: a.id, Keys: keys})
	if err != nil {
		return r, fmt.Errorf("find idempotency keys of %s: %w", a.id, err)
	}
	r.records = found.Records
	for _, record := range r.records {
		delete(remembered, record.Key)
	}
	for _, key := range keys { // in their order, so that one turn is like another
		if version := remembered[key]; version != 0 {
			if err := a.checkMissing(ctx, key, version); err != nil {
				return r, err
			}
		}
	}
	return r, nil
}

// mayRead reports whether recall may have to read for commands.
func (a *account) mayRead(commands []contract.Command) bool {
	return slices.ContainsFunc(commands, func(c contract.Command) bool {
		version, known := a.keys.Find(c.Key)
		return version != 0 || !known
	})
}

// checkMissing fails if the event of a version carries a key by which the log does not find it. The remembered key may
// also be another one with the same checksum.
func (a *account) checkMissing(ctx context.Context, key string, version int64) error {
	r, err := a.record(ctx, version)
	if err == nil && r.Key == key {
		err = fmt.Errorf("the log does not find version %d of %s by the key that it carries: its index is damaged",
			version, a.id)
	}
	return err
}

// find is the account's event with a key, from the log; nil if there is none.
func (a *account) find(ctx context.Context, key string) (*contract.Record, error) {
	if version, known := a.keys.Find(key); version != 0 {
		r, err := a.record(ctx, version)
		if err != nil || r.Key == key {
			return &r, err
		}
	} else if known {
		return nil, nil
	}
	found, err := a.log.FindKeys(ctx, contract.FindKeysRequest{Account: a.id, Keys: []string{key}})
	if err != nil || len(found.Records) == 0 {
		return nil, err
	}
	return &found.Records[0], nil
}

func (a *account) record(ctx context.Context, version int64) (contract.Record, error) {
	page, err := a.log.ReadStream(ctx,
		contract.ReadStreamRequest{Account: a.id, AfterVersion: version - 1, Limit: 1})
	if err != nil {
		return contract.Record{}, fmt.Errorf("read version %d of %s: %w", version, a.id, err)
	}
	if len(page.Records) == 0 || page.Records[0].Version != version {
		return contract.Record{}, a.outdated(version)
	}
	return page.Records[0], nil
}
