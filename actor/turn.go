package actor

import (
	"context"
	"fmt"
	"slices"
	"time"

	"corebank/internal/bank"
	"corebank/internal/contract"
	"corebank/internal/identity"
)

// turn is what a turn decided: an outcome for each command, the records to
// append, and the state after them. Outcomes point into records, whose
// positions are not known before the append.
type turn struct {
	outcomes []contract.Outcome
	records  []contract.Record
	state    bank.Account
	// predicts is set when an outcome depends on how the account is now and
	// not only on what was always in the log.
	predicts bool
	// unsure is set when a key may be that of a forgotten event.
	unsure bool
	// claim is what has to be claimed before the records are appended, for the
	// opening that is the record at the index opening.
	claim   *bank.ExternalIDClaimed
	opening int

	dry      bool
	base     int64                       // the version that the turn began on
	answered map[string]*contract.Record // by key: from the log, or of this turn
	now      time.Time
	taken    taken
	past     func(version int64) (bank.Event, error)
	room     int // bytes that accounts may still take in the reply
}

// taken are external ids that other accounts have.
type taken map[string]bank.AccountID

// accountRoom bounds what accounts take in one reply, in bytes: the reply has
// to fit into a message of 4 MiB. Beyond it, outcomes come without the account.
const accountRoom = 2 << 20

// decide decides the commands one after the other, each on the state that
// those before it lead to.
func (a *account) decide(ctx context.Context, batch contract.CommandBatch, known recalled, others taken) (turn, error) {
	commands := batch.Commands
	t := turn{
		outcomes: make([]contract.Outcome, len(commands)),
		records:  make([]contract.Record, 0, len(commands)), // never grows: outcomes point into it
		state:    a.state,
		dry:      batch.DryRun,
		base:     a.state.Version,
		unsure:   known.unsure,
		answered: known.answered(),
		now:      a.now,
		taken:    others,
		past:     func(version int64) (bank.Event, error) { return a.past(ctx, version) },
		room:     accountRoom,
	}
	for i, c := range commands {
		outcome, err := t.answer(c, a.askers[i])
		if err != nil {
			return t, err
		}
		t.outcomes[i] = outcome
		if batch.Atomic && failed(outcome) {
			return t, t.abandon(commands, a.askers, i)
		}
		t.show(&t.outcomes[i], a.askers[i])
	}
	return t, nil
}

// failed reports whether a command cannot be part of an atomic batch.
func failed(o contract.Outcome) bool {
	return o.Status == contract.Refused || o.Status == contract.Forbidden || o.Status == contract.Invalid || o.Status == contract.Unavailable
}

// abandon makes an atomic turn one that does nothing, because of command i.
// What was in the log before is still answered with.
func (t *turn) abandon(commands []contract.Command, askers []asker, i int) error {
	for j, c := range commands {
		if j == i {
			continue
		}
		t.outcomes[j] = contract.Outcome{Status: contract.NotTried}
		earlier := t.answered[c.Key]
		if earlier == nil || earlier.Version > t.base || askers[j].may(c, t.state.Owner, t.dry) != identity.Allowed {
			continue
		}
		if command, err := c.Decode(); err == nil && checkKey(c.Key, command) == nil {
			again, err := replay(earlier, command)
			if err != nil {
				return err
			}
			if again.Status == contract.Replayed {
				t.outcomes[j] = again
			}
		}
	}
	t.records, t.claim = nil, nil
	return nil
}

// show adds the account to an outcome, as long as the reply has room for it.
func (t *turn) show(o *contract.Outcome, who asker) {
	if !t.state.IsOpen() || !who.Sees(t.state.Owner) {
		return
	}
	state := t.state.Summary()
	if t.room -= accountBytes(state); t.room >= 0 {
		o.Account = &state
	}
}

// accountBytes is about how long an account's JSON is, at most.
func accountBytes(a bank.Account) int {
	size := 8<<10 + 200*len(a.InTransit)
	for _, h := range a.Holds {
		size += 300 + 2*(len(h.Reference)+len(h.Memo)+len(h.ExternalID))
	}
	return size
}

// appliesAll reports whether every command becomes an event. Only then does the
// log see all their keys.
func (t *turn) appliesAll() bool {
	for _, o := range t.outcomes {
		if o.Status != contract.Applied {
			return false
		}
	}
	return true
}

// recalled are the events of those commands of a turn that were answered before.
// It is unsure when there may be more, of keys that the actor has forgotten.
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

// recall reads the events of those commands that were answered before. Where the
// actor remembers none of their keys, it reads only if it is to find all.
func (a *account) recall(ctx context.Context, commands []contract.Command, all bool) (r recalled, err error) {
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
	if len(keys) == 0 || len(remembered) == 0 && !all {
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
	for key, version := range remembered {
		if err := a.missing(ctx, key, version); err != nil {
			return r, err
		}
	}
	return r, nil
}

// missing fails if the event of a version carries a key by which the log does
// not find it. What was remembered may also be another key of the same sum.
func (a *account) missing(ctx context.Context, key string, version int64) error {
	r, err := a.record(ctx, version)
	if err == nil && r.Key == key {
		err = fmt.Errorf("version %d of %s carries the key %q and the log does not find it by that: its index is damaged", version, a.id, key)
	}
	return err
}

// past is an earlier event of the account, from the log.
func (a *account) past(ctx context.Context, version int64) (bank.Event, error) {
	r, err := a.record(ctx, version)
	if err != nil {
		return nil, err
	}
	return r.Event()
}

func (a *account) record(ctx context.Context, version int64) (contract.Record, error) {
	page, err := a.log.ReadStream(ctx, contract.ReadStreamRequest{Account: a.id, AfterVersion: version - 1, Limit: 1})
	if err != nil {
		return contract.Record{}, fmt.Errorf("read version %d of %s: %w", version, a.id, err)
	}
	if len(page.Records) == 0 || page.Records[0].Version != version {
		return contract.Record{}, fmt.Errorf("the log has no version %d of %s", version, a.id)
	}
	return page.Records[0], nil
}

// decideOne is a decision for somebody who may give the command.
func (t *turn) decideOne(c contract.Command, command bank.Command, who asker) (contract.Outcome, error) {
	if key, internal := bank.SystemKey(command); internal && c.Key != key {
		return contract.Outcome{Status: contract.Invalid, Reason: fmt.Sprintf("%s must have the key %q, not %q", c.Type, key, c.Key)}, nil
	}
	if refusal := checkKey(c.Key, command); refusal != nil {
		return refused(refusal), nil
	}
	if earlier := t.answered[c.Key]; earlier != nil {
		if refusal := bank.Check(command); refusal != nil {
			return refused(refusal), nil
		}
		return replay(earlier, command)
	}
	t.predicts = true
	in, err := t.circumstances(c, command, who)
	if err != nil {
		return contract.Outcome{}, err
	}
	event, broken := t.judge(command, in, who)
	if len(broken) > 0 {
		return contract.Outcome{Status: contract.Refused, Refusal: broken[0], Others: slices.Clip(broken[1:])}, nil
	}
	return t.take(c, event, in.Now, who)
}

// checkKey refuses a caller's key that cannot be remembered, or is the bank's.
func checkKey(key string, command bank.Command) *bank.Refusal {
	if _, internal := bank.SystemKey(command); internal {
		return nil
	}
	return bank.CheckKey(key)
}

func (t *turn) circumstances(c contract.Command, command bank.Command, who asker) (bank.Circumstances, error) {
	in := bank.Circumstances{Now: t.now, Caller: who.Subject, Key: c.Key}
	if in.Now.Before(t.state.ChangedAt) {
		in.Now = t.state.ChangedAt // clocks may step back, an account's time does not
	}
	version := t.state.RequiredVersion(command)
	var err error
	switch {
	case version > t.base:
		in.Past, err = t.records[version-t.base-1].Event()
	case version > 0:
		in.Past, err = t.past(version)
	}
	return in, err
}

// judge is the event, or the broken rules: the first one, or all in a dry run.
func (t *turn) judge(command bank.Command, in bank.Circumstances, who asker) (bank.Event, bank.Refusals) {
	if t.dry {
		event, broken := t.state.Judge(command, in)
		return t.mayClaim(event, broken, who)
	}
	event, refusal := t.state.Decide(command, in)
	if refusal != nil {
		return nil, bank.Refusals{refusal}
	}
	return t.mayClaim(event, nil, who)
}

// mayClaim notes the external id that an opening has to claim, or refuses one
// that is taken.
func (t *turn) mayClaim(event bank.Event, broken bank.Refusals, who asker) (bank.Event, bank.Refusals) {
	opened, ok := event.(bank.AccountOpened)
	if !ok || opened.ExternalID == "" {
		return event, broken
	}
	if holder, is := t.taken[opened.ExternalID]; is {
		if !who.SeesAll() {
			holder = ""
		}
		return nil, bank.Refusals{bank.RefuseTaken(holder)}
	}
	t.claim = &bank.ExternalIDClaimed{ExternalID: opened.ExternalID, Account: t.state.ID}
	t.opening = len(t.records)
	return event, broken
}

// take makes an event the next of the account, within this turn.
func (t *turn) take(c contract.Command, event bank.Event, at time.Time, who asker) (contract.Outcome, error) {
	r := contract.Record{Account: t.state.ID, Version: t.state.Version + 1, At: at,
		Key: c.Key, Caller: who.Subject, Role: string(who.Highest()), RequestHash: c.Hash()}
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
	if fields := bank.Conflicts(event, command); len(fields) > 0 {
		return refused(bank.RefuseConflict(fields)), nil
	}
	return contract.Outcome{Status: contract.Replayed, Record: earlier}, nil
}
