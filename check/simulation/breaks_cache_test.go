package simulation

import (
	"bytes"
	"context"
	"errors"
	"slices"
	"sync"

	"corebank/actor"
	"corebank/eventsource/storage"
	"corebank/internal/bank"
	"corebank/internal/contract"
	"corebank/internal/view"
)

// content is a log that has nothing after the record that confirms what an actor knows.
type content struct {
	actor.Log
	mu        sync.Mutex
	confirmed map[bank.AccountID]int64
}

func (c *content) ReadStream(ctx context.Context, r contract.ReadStreamRequest) (contract.Records, error) {
	page, err := c.Log.ReadStream(ctx, r)
	if r.AfterVersion == 0 || len(page.Records) == 0 {
		return page, err
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	if r.Limit == 0 && c.confirmed[r.Account] == r.AfterVersion {
		return contract.Records{}, nil
	}
	page.Records = page.Records[:1]
	c.confirmed[r.Account] = page.Records[0].Version
	return page, nil
}

// unmindful is a log that looks for no keys as it appends.
type unmindful struct{ storage.Log }

func (unmindful) MayRepeat(_ context.Context, appends []contract.Append) ([]bool, error) {
	return make([]bool, len(appends)), nil
}

// blithe is a log that finds only what is newest: not the event of a key that an
// actor has forgotten.
type blithe struct{ actor.Log }

func (l blithe) FindKeys(ctx context.Context, r contract.FindKeysRequest) (contract.Records, error) {
	found, err := l.Log.FindKeys(ctx, r)
	newest, headErr := l.Log.ReadStream(ctx, contract.ReadStreamRequest{Account: r.Account})
	if err != nil || headErr != nil || len(newest.Records) == 0 {
		return found, errors.Join(err, headErr)
	}
	head := newest.Records[len(newest.Records)-1].Version
	found.Records = slices.DeleteFunc(slices.Clone(found.Records),
		func(r contract.Record) bool { return r.Version <= head-2*keysKept })
	return found, nil
}

// lopsided takes cash in and books one digit more of it than the customer gets.
type lopsided struct{ storage.Log }

func (l lopsided) Commit(ctx context.Context, records []contract.Record, assumed storage.Heads) error {
	records = slices.Clone(records)
	for i, r := range records {
		records[i].Data = bytes.Replace(r.Data,
			[]byte(`{"account":"cash/EUR","amount":{"minor":-`), []byte(`{"account":"cash/EUR","amount":{"minor":-1`), 1)
	}
	return l.Log.Commit(ctx, records, assumed)
}

// torn is a store of views that moves its checkpoint first and changes the
// views after that. Between the two, the process may die.
type torn struct{ *blind }

func newTorn(store view.Store) view.Store {
	return torn{newBlind(store).(*blind)}
}

func (s torn) Apply(ctx context.Context, changes view.Changes) error {
	if at, err := s.Checkpoint(ctx); err != nil || at != changes.From {
		return view.ErrCheckpointMoved
	}
	if err := s.blind.Apply(ctx, view.Changes{To: changes.To}); err != nil {
		return err
	}
	if err := threadOf(ctx).point(crashAfterApply); err != nil {
		return err
	}
	return s.blind.Apply(ctx, changes)
}

// heartless is a topic that carries records, and no heartbeats.
func heartless(batch contract.Batch) contract.Batch {
	if len(batch.Records) == 0 {
		return contract.Batch{Takeover: batch.Takeover} // of another one, it would have the log read
	}
	return batch
}

// cache keeps outcomes by account and key, and with them the calls that they
// were answers to.
type cache struct {
	mu   sync.Mutex
	kept map[string]contract.Outcome
}

// answers is what the cache has for a whole batch, or nil.
func (c *cache) answers(id bank.AccountID, batch contract.CommandBatch) []contract.Outcome {
	c.mu.Lock()
	defer c.mu.Unlock()
	outcomes := make([]contract.Outcome, len(batch.Commands))
	for i, command := range batch.Commands {
		kept, is := c.kept[string(id)+command.Key]
		if !is {
			return nil
		}
		outcomes[i] = kept
	}
	return outcomes
}

func (c *cache) remember(key string, o contract.Outcome) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.kept[key] = o
}

// caching asks an actor only for what no outcome is kept of. what is the
// outcome to keep, if any.
func caching(what func(contract.Outcome) (keep contract.Outcome, is bool)) func(Call) Call {
	return func(call Call) Call {
		c := cache{kept: make(map[string]contract.Outcome)}
		return func(ctx context.Context, id bank.AccountID, batch contract.CommandBatch) (contract.CommandReply, error) {
			if known := c.answers(id, batch); known != nil {
				return contract.CommandReply{Outcomes: known}, nil
			}
			reply, err := call(ctx, id, batch)
			for i, o := range reply.Outcomes {
				if o, is := what(o); err == nil && is {
					c.remember(string(id)+batch.Commands[i].Key, o)
				}
			}
			return reply, err
		}
	}
}

// refusals are remembered.
func refusals(o contract.Outcome) (contract.Outcome, bool) {
	return o, o.Status == contract.Refused
}

// acceptances are remembered by their key alone, whatever is asked under it.
func acceptances(o contract.Outcome) (contract.Outcome, bool) {
	was := o.Status
	o.Status = contract.Replayed
	return o, was == contract.Applied
}
