package simulation

import (
	"context"
	"encoding/json"
	"errors"
	"iter"
	"maps"
	"slices"
	"sync"
	"time"

	"corebank/actor"
	"corebank/eventsource"
	"corebank/eventsource/storage"
	"corebank/internal/app"
	"corebank/internal/bank"
	"corebank/internal/contract"
	"corebank/internal/logclient"
	"corebank/internal/view"
)

// hasty publishes what it is about to commit: the command path publishes, and
// not the relay from the log.
type hasty struct {
	storage.Log
	outbox eventsource.Publisher
}

func (h hasty) Commit(ctx context.Context, records []contract.Record, assumed storage.Heads) error {
	first, last := records[0].Position, records[len(records)-1].Position
	_ = h.outbox.Publish(ctx, contract.Batch{Previous: first - 1, First: first, Last: last, Records: records})
	return h.Log.Commit(ctx, records, assumed)
}

// confident takes every commit for a success unless it was refused.
type confident struct{ storage.Log }

func (c confident) Commit(ctx context.Context, records []contract.Record, assumed storage.Heads) error {
	if err := c.Log.Commit(ctx, records, assumed); errors.Is(err, storage.ErrFenced) {
		return err
	}
	return nil
}

// credulous commits without a look at the streams whose versions are assumed.
type credulous struct{ storage.Log }

func (c credulous) Commit(ctx context.Context, records []contract.Record, _ storage.Heads) error {
	return c.Log.Commit(ctx, records, nil)
}

// unfenced is a log that everybody may write to who ever took it over.
type unfenced struct {
	storage.Log
	log *storage.MemoryLog
}

func (u unfenced) Acquire(ctx context.Context) (int64, error) { return u.log.Open().Acquire(ctx) }

func (u unfenced) Commit(ctx context.Context, records []contract.Record, assumed storage.Heads) error {
	mine := u.log.Open()
	if _, err := mine.Acquire(ctx); err != nil {
		return err
	}
	return mine.Commit(ctx, records, assumed)
}

// obliging is an event source that appends at whatever version the stream is.
type obliging struct{ actor.Log }

func (o obliging) Append(ctx context.Context, a contract.Append) (contract.AppendResult, error) {
	for {
		result, err := o.Log.Append(ctx, a)
		if err != nil || result.Status != contract.VersionConflict || len(a.With) > 0 {
			return result, err
		}
		a.ExpectedVersion, a.Records = result.Version, slices.Clone(a.Records)
		for i := range a.Records {
			a.Records[i].Version = result.Version + int64(i) + 1
		}
	}
}

func (o obliging) AppendAll(ctx context.Context, appends []contract.Append) ([]contract.AppendResult, error) {
	return oneByOne(ctx, o.Append, appends)
}

// oneByOne appends what several ask for as one append after the other.
func oneByOne(
	ctx context.Context, one func(context.Context, contract.Append) (contract.AppendResult, error),
	appends []contract.Append,
) (results []contract.AppendResult, err error) {
	for _, a := range appends {
		result, err := one(ctx, a)
		if err != nil {
			return nil, err
		}
		results = append(results, result)
	}
	return results, nil
}

// forgetful is a log that gives back events without their keys.
type forgetful struct{ actor.Log }

func (f forgetful) ReadStream(ctx context.Context, r contract.ReadStreamRequest) (contract.Records, error) {
	page, err := f.Log.ReadStream(ctx, r)
	page.Records = slices.Clone(page.Records)
	for i := range page.Records {
		page.Records[i].Key = ""
	}
	return page, err
}

// incurious is a log that has nothing newer for an actor that wants to be sure
// before it refuses: of the newest record that the actor knows and the next, it
// gives the first.
type incurious struct{ actor.Log }

func (l incurious) ReadStream(ctx context.Context, r contract.ReadStreamRequest) (contract.Records, error) {
	page, err := l.Log.ReadStream(ctx, r)
	if r.Limit == 2 && len(page.Records) > 1 {
		page.Records = page.Records[:1]
	}
	return page, err
}

// dismissive takes an append whose outcome is not known for one that failed.
type dismissive struct{ actor.Log }

func (d dismissive) Append(ctx context.Context, a contract.Append) (contract.AppendResult, error) {
	result, err := d.Log.Append(ctx, a)
	if err != nil || result.Status == contract.AppendUnknown {
		return contract.AppendResult{Status: contract.Overloaded, Reason: "it failed"}, nil
	}
	return result, nil
}

func (d dismissive) AppendAll(ctx context.Context, appends []contract.Append) ([]contract.AppendResult, error) {
	return oneByOne(ctx, d.Append, appends)
}

// gullible seals every snapshot anew, whatever is in it.
type gullible struct{ actor.Snapshots }

func (g gullible) Load(ctx context.Context, id bank.AccountID) ([]byte, error) {
	data, err := g.Snapshots.Load(ctx, id)
	var sealed struct {
		Data json.RawMessage `json:"data"`
	}
	if err != nil || json.Unmarshal(data, &sealed) != nil {
		return data, err
	}
	return actorsKey.Seal("snapshot of "+string(id), sealed.Data)
}

// ungated projects every batch that comes, as it comes.
type ungated struct {
	store view.Store
	log   logclient.Log
}

func (u ungated) CatchUp(context.Context) error { return nil }

func (u ungated) Handle(ctx context.Context, batch contract.Batch) error {
	before, err := u.store.Trial(ctx)
	from := before.Position
	if err != nil || batch.Last <= from || len(batch.Records) == 0 {
		return err
	}
	changes, sums := view.Changes{From: from, To: batch.Last}, view.Resume(before)
	for _, r := range batch.Records {
		account, err := u.store.Account(ctx, r.Account)
		if err != nil && !errors.Is(err, view.ErrNotFound) {
			return err
		}
		account.Version = r.Version - 1 // whatever it was
		account, effect, err := view.Fold(account, r)
		if err != nil {
			return err
		}
		changes.Accounts = append(changes.Accounts, account)
		if effect.Line != nil && r.Position > from {
			changes.Transactions = append(changes.Transactions, *effect.Line)
		}
		sums.Add(r.At, effect.Postings)
	}
	changes.Trial = sums.Trial(batch.Last)
	return u.store.Apply(ctx, changes)
}

// blind is a store of views that neither compares checkpoints nor knows which
// lines it has.
type blind struct {
	view.Store
	mu       sync.Mutex
	accounts map[bank.AccountID]view.Account
	lines    map[bank.AccountID][]view.Transaction
	links    []view.Reference
	states   []view.State
	trial    view.Trial
}

func newBlind(store view.Store) view.Store {
	return &blind{
		Store:    store,
		accounts: make(map[bank.AccountID]view.Account),
		lines:    make(map[bank.AccountID][]view.Transaction),
	}
}

func (b *blind) Apply(_ context.Context, changes view.Changes) error {
	b.mu.Lock()
	defer b.mu.Unlock()
	for _, a := range changes.Accounts {
		b.accounts[a.ID] = a
	}
	for _, line := range changes.Transactions {
		b.lines[line.Account] = append(b.lines[line.Account], line)
	}
	b.links, b.states = append(b.links, changes.References...), append(b.states, changes.States...)
	b.trial = changes.Trial
	return nil
}

func (b *blind) Checkpoint(context.Context) (int64, error) {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.trial.Position, nil
}

func (b *blind) LogCheckpoint(ctx context.Context) (contract.Checkpoint, error) {
	position, err := b.Checkpoint(ctx)
	return contract.Checkpoint{Position: position}, err
}

func (b *blind) Trial(context.Context) (view.Trial, error) {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.trial, nil
}

func (b *blind) Account(_ context.Context, id bank.AccountID) (view.Account, error) {
	b.mu.Lock()
	defer b.mu.Unlock()
	if a, is := b.accounts[id]; is {
		return a, nil
	}
	return view.Account{}, view.ErrNotFound
}

func (b *blind) Accounts(ctx context.Context, ids []bank.AccountID) (map[bank.AccountID]view.Account, error) {
	all := make(map[bank.AccountID]view.Account)
	for _, id := range ids {
		if a, err := b.Account(ctx, id); err == nil {
			all[id] = a
		}
	}
	return all, nil
}

func (b *blind) History(_ context.Context, id bank.AccountID, _ view.Page) (view.Lines, error) {
	b.mu.Lock()
	defer b.mu.Unlock()
	lines := slices.Clone(b.lines[id])
	slices.Reverse(lines)
	return view.Lines{Transactions: lines}, nil
}

// Snapshot implements view.Snapshots.
func (b *blind) Snapshot(context.Context) (view.Snapshot, error) { return blindSnapshot{b}, nil }

// blindSnapshot is read when nothing is written any more.
type blindSnapshot struct{ *blind }

func (s blindSnapshot) Checkpoint() int64           { return s.trial.Position }
func (s blindSnapshot) Trial() view.Trial           { return s.trial }
func (s blindSnapshot) Close(context.Context) error { return nil }

func (s blindSnapshot) Accounts(context.Context) iter.Seq2[view.Account, error] {
	return each(slices.Collect(maps.Values(s.accounts)))
}

func (s blindSnapshot) Transactions(context.Context) iter.Seq2[view.Transaction, error] {
	return each(slices.Concat(slices.Collect(maps.Values(s.lines))...))
}

func (s blindSnapshot) References(context.Context) iter.Seq2[view.Reference, error] {
	return each(s.links)
}

func (s blindSnapshot) States(context.Context) iter.Seq2[view.State, error] { return each(s.states) }

func each[T any](all []T) iter.Seq2[T, error] {
	return func(yield func(T, error) bool) {
		for _, one := range all {
			if !yield(one, nil) {
				return
			}
		}
	}
}

// trusting is a log in which nothing is to be found of what the topic left out:
// a feed that reads it goes on as if the topic had no gaps.
type trusting struct{ logclient.Log }

func (l trusting) ReadAll(ctx context.Context, r contract.ReadAllRequest) (contract.Records, error) {
	page, err := l.Log.ReadAll(ctx, r)
	if threadOf(ctx).of == nil {
		return page, err // a subscriber that resumes, and not the feed
	}
	page.Records = slices.Clone(page.Records)
	for i := range page.Records {
		if err := page.Records[i].SetEvent(bank.AccountUnfrozen{}); err != nil {
			panic(err) // the event is whole
		}
	}
	return page, err
}

// empty is a log in which nothing is to be found again.
type empty struct{ logclient.Log }

func (empty) ReadStream(context.Context, contract.ReadStreamRequest) (contract.Records, error) {
	return contract.Records{}, nil
}

// repeating tries lost calls again by itself, as a sidecar does with a retry
// policy, and reports nothing.
func repeating(call Call) Call {
	return func(
		ctx context.Context, id bank.AccountID, batch contract.CommandBatch,
	) (reply contract.CommandReply, err error) {
		for range 4 {
			if reply, err = call(ctx, id, batch); err == nil {
				return reply, nil
			}
			app.Pause(ctx, 200*time.Millisecond)
		}
		return reply, err
	}
}

// repeatingAppends is the same between the actors and the event source.
type repeatingAppends struct{ actor.Log }

func (l repeatingAppends) Append(ctx context.Context, a contract.Append) (result contract.AppendResult, err error) {
	for range 4 {
		if result, err = l.Log.Append(ctx, a); err == nil {
			return result, nil
		}
		app.Pause(ctx, time.Second)
	}
	return result, err
}

func (l repeatingAppends) AppendAll(
	ctx context.Context, appends []contract.Append,
) ([]contract.AppendResult, error) {
	return oneByOne(ctx, l.Append, appends)
}
