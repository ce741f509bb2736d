package actor

import (
	"context"
	"fmt"
	"time"

	"corebank/internal/bank"
	"corebank/internal/contract"
)

// turn is what a turn decided: an outcome for each command, the records to
// append, and the state after them. Outcomes point into records, whose
// positions are not known before the append.
type turn struct {
	outcomes []contract.Outcome
	records  []contract.Record
	state    bank.Account
	refused  bool

	answered map[string]*contract.Record // by key: from the log, or of this turn
	now      time.Time
}

// decide decides the commands one after the other, each on the state that
// those before it lead to.
func (a *account) decide(ctx context.Context, commands []contract.Command) (turn, error) {
	t := turn{
		outcomes: make([]contract.Outcome, len(commands)),
		records:  make([]contract.Record, 0, len(commands)), // never grows: outcomes point into it
		state:    a.state,
		answered: make(map[string]*contract.Record),
		now:      a.clock().UTC().Truncate(time.Microsecond),
	}
	if err := a.recall(ctx, commands, &t); err != nil {
		return t, err
	}
	for i, c := range commands {
		command, err := c.Decode()
		if err != nil {
			t.outcomes[i] = contract.Outcome{Status: contract.Invalid, Reason: err.Error()}
			continue
		}
		if t.outcomes[i], err = t.decideOne(c, command); err != nil {
			return t, err
		}
		if t.outcomes[i].Status == contract.Refused {
			t.refused = true
		}
		if t.state.IsOpen() {
			state := t.state
			t.outcomes[i].Account = &state
		}
	}
	return t, nil
}

// recall reads the events of those commands that were answered before.
func (a *account) recall(ctx context.Context, commands []contract.Command, t *turn) error {
	var keys []string
	for _, c := range commands {
		if version, known := a.keys.Find(c.Key); version != 0 || !known {
			keys = append(keys, c.Key)
		}
	}
	if len(keys) == 0 {
		return nil
	}
	found, err := a.log.FindKeys(ctx, contract.FindKeysRequest{Account: a.id, Keys: keys})
	if err != nil {
		return fmt.Errorf("find idempotency keys of %s: %w", a.id, err)
	}
	for _, r := range found.Records {
		t.answered[r.Key] = &r
	}
	for _, key := range keys {
		if version, _ := a.keys.Find(key); version != 0 && t.answered[key] == nil {
			return fmt.Errorf("version %d of %s carries the key %q and the log does not find it by that: its index is damaged", version, a.id, key)
		}
	}
	return nil
}

func (t *turn) decideOne(c contract.Command, command bank.Command) (contract.Outcome, error) {
	if refusal := bank.CheckKey(c.Key); refusal != nil {
		return refused(refusal), nil
	}
	if refusal := bank.Check(command); refusal != nil {
		return refused(refusal), nil
	}
	if earlier := t.answered[c.Key]; earlier != nil {
		return replay(earlier, command)
	}
	event, refusal := t.state.Decide(command)
	if refusal != nil {
		return refused(refusal), nil
	}
	at := t.now
	if at.Before(t.state.ChangedAt) {
		at = t.state.ChangedAt // clocks may step back, an account's time does not
	}
	r := contract.Record{Account: t.state.ID, Version: t.state.Version + 1, At: at,
		Key: c.Key, Caller: c.Caller, RequestHash: c.Hash()}
	if err := r.SetEvent(event); err != nil {
		return contract.Outcome{}, err
	}
	t.records = append(t.records, r)
	kept := &t.records[len(t.records)-1]
	t.answered[c.Key] = kept
	t.state = t.state.Apply(event, at)
	return contract.Outcome{Status: contract.Applied, Record: kept}, nil
}

func refused(r *bank.Refusal) contract.Outcome {
	return contract.Outcome{Status: contract.Refused, Refusal: r}
}

// replay answers a command whose key has an event: with that event if the
// request is the same, and otherwise with the differences.
func replay(earlier *contract.Record, command bank.Command) (contract.Outcome, error) {
	event, err := earlier.Event()
	if err != nil {
		return contract.Outcome{}, err
	}
	if fields := bank.Differences(event, command); len(fields) > 0 {
		return refused(bank.RefuseConflict(fields)), nil
	}
	return contract.Outcome{Status: contract.Replayed, Record: earlier}, nil
}
