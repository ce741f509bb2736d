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

// decision is what one attempt decides: an outcome for each command, the records to append, and the state after them.
// Outcomes point into records, whose positions are not known before the append.
type decision struct {
	turn
	outcomes []contract.Outcome
	records  []contract.Record
	state    bank.Account
	// predicts is set when an outcome depends on how the account is now and not only on what was always in the log.
	predicts bool
	// turnsBack is set when the account's time is far ahead of the clock, and goes on from the clock's.
	turnsBack bool
	// claim is what has to be claimed before the records are appended, for the opening that is the record at the
	// index opening.
	claim   *bank.ExternalIDClaimed
	opening int

	base     int64                       // the version that the state began with
	answered map[string]*contract.Record // by key: from the log, or of this turn
	past     func(version int64) (contract.Record, error)
	find     func(key string) (*contract.Record, error) // the event with a key; nil if there is none
	room     int                                        // bytes that accounts may still take in the reply
	// together decides a command on which the account decides with others, and is false for all others; nil in a turn
	// of one account.
	together func(on *decision, r request) (outcome contract.Outcome, handled bool, err error)
}

// request is a command on its way to a decision.
type request struct {
	contract.Command
	bank bank.Command
	in   bank.Circumstances
	who  caller
}

// accountRoom bounds what accounts take in one reply, in bytes: the reply has to fit into a message of 4 MiB. Beyond
// it, outcomes come without the account.
const accountRoom = 2 << 20

// decide decides the commands one after the other, each on the state that those before it lead to.
func (a *account) decide(ctx context.Context, t *turn, known recalled) (decision, error) {
	commands := t.batch.Commands
	d := a.decision(ctx, t, known, len(commands))
	d.outcomes = make([]contract.Outcome, len(commands))
	for i, c := range commands {
		span := t.spans.decide(i, c)
		outcome, err := d.decide(c, t.callers[i])
		decided(span, outcome, err)
		if err != nil {
			return d, err
		}
		d.outcomes[i] = outcome
		if t.batch.Atomic && failed(outcome) {
			return d, d.abandon(i)
		}
		d.show(&d.outcomes[i], t.callers[i])
	}
	return d, nil
}

// decision begins one that makes so many records. If it makes more, they move, and outcomes point to copies of them.
func (a *account) decision(ctx context.Context, t *turn, known recalled, records int) decision {
	return decision{
		turn:     *t,
		records:  make([]contract.Record, 0, records),
		state:    a.state,
		base:     a.state.Version,
		answered: known.answered(),
		past:     func(version int64) (contract.Record, error) { return a.record(ctx, version) },
		find:     func(key string) (*contract.Record, error) { return a.find(ctx, key) },
		room:     accountRoom,
	}
}

// decide answers one command: it is authorized, and then replayed, refused, or becomes an event.
func (d *decision) decide(c contract.Command, who caller) (contract.Outcome, error) {
	if who.denied.Status != "" {
		return who.denied, nil
	}
	command, err := c.Decode()
	if err != nil {
		return contract.Outcome{Status: contract.Invalid, Reason: err.Error()}, nil
	}
	hidden, denied := d.authorize(c, command, who)
	if denied.Status != "" {
		return denied, nil
	}
	if hidden {
		d = d.asIfNone()
	}
	if key, internal := bank.SystemKey(command); internal && c.Key != key {
		return contract.Outcome{Status: contract.Invalid,
			Reason: fmt.Sprintf("%s must have the key %q, and has another", c.Type, key)}, nil
	}
	if refusal := checkKey(c.Key, command); refusal != nil {
		return refused(refusal), nil
	}
	if earlier := d.answered[c.Key]; earlier != nil {
		if refusal := bank.Check(command); refusal != nil {
			return refused(refusal), nil
		}
		return d.replay(earlier, command)
	}
	d.predicts = true
	in, err := d.circumstances(c, command, who)
	if err != nil {
		return contract.Outcome{}, err
	}
	if d.together != nil {
		outcome, handled, err := d.together(d, request{Command: c, bank: command, in: in, who: who})
		if handled || err != nil {
			return outcome, err
		}
	}
	event, broken := d.judge(command, in, who)
	if len(broken) > 0 {
		return contract.Outcome{Status: contract.Refused, Refusal: broken[0], Others: slices.Clip(broken[1:])}, nil
	}
	return d.take(c, event, in.Now, who)
}

// asIfNone is the decision on an account that does not exist: nothing that it decides happens.
func (d *decision) asIfNone() *decision {
	d.predicts = true // as it would be for an account that does not exist
	return &decision{turn: d.turn, state: bank.Account{ID: d.state.ID}, past: d.past, find: d.find, together: d.together,
		answered: make(map[string]*contract.Record), records: make([]contract.Record, 0, 1)}
}

// replay answers a command whose key has an event: with that event if the request is the same, and otherwise with the
// differences.
func (d *decision) replay(earlier *contract.Record, command bank.Command) (contract.Outcome, error) {
	event, err := earlier.Event()
	if err != nil {
		return contract.Outcome{}, err
	}
	if fields := bank.Conflicts(event, command); len(fields) > 0 {
		return refused(bank.RefuseConflict(fields)), nil
	}
	outcome := contract.Outcome{Status: contract.Replayed, Record: earlier}
	if sent, ok := event.(bank.TransferSent); ok && sent.End == bank.EndReturned {
		var back contract.Record
		back, err = d.recordAt(earlier.Version + 1)
		outcome.Return = &back
	}
	return outcome, err
}

// recordAt is an earlier record of the account, of this turn or from the log, which may have more than the turn knows.
func (d *decision) recordAt(version int64) (contract.Record, error) {
	if n := version - d.base; n > 0 && n <= int64(len(d.records)) {
		return d.records[n-1], nil
	}
	return d.past(version)
}

func (d *decision) circumstances(c contract.Command, command bank.Command, who caller) (bank.Circumstances, error) {
	in := bank.Circumstances{Now: d.time(), Caller: who.Subject, Key: c.Key}
	var err error
	if version := d.state.RequiredVersion(command); version > 0 {
		var past contract.Record
		if past, err = d.recordAt(version); err == nil {
			in.Past, err = past.Event()
		}
	}
	if key := d.state.ExpiryKey(command); key != "" && err == nil {
		in.Expiry, err = d.expiry(key)
	}
	return in, err
}

// time is when the account decides.
func (d *decision) time() time.Time {
	switch ahead := d.state.ChangedAt.Sub(d.now); {
	case ahead > contract.MaxClockStep:
		d.turnsBack = true // its time is from a clock that was wrong; the event source has another one, and confirms that
	case ahead > 0:
		return d.state.ChangedAt // clocks may step back a little, an account's time does not
	}
	return d.now
}

// expiry is the event with which a hold expired, by its key; nil if there is none.
func (d *decision) expiry(key string) (bank.Event, error) {
	r := d.answered[key]
	if r == nil {
		var err error
		if r, err = d.find(key); r == nil {
			return nil, err
		}
	}
	event, err := r.Event()
	if expired, is := event.(bank.HoldExpired); is && expired.ExpiresAt.IsZero() {
		expired.ExpiresAt = r.At // an event of an earlier build does not say when that was
		event = expired
	}
	return event, err
}

// judge is the event, or the broken rules: the first one, or all in a dry run.
func (d *decision) judge(command bank.Command, in bank.Circumstances, who caller) (bank.Event, bank.Refusals) {
	if d.batch.DryRun {
		event, broken := d.state.Judge(command, in)
		if open, opens := command.(bank.OpenAccount); opens && len(broken) > 0 && open.ExternalID != "" {
			if refusal := d.wantClaim(open.ExternalID, who); refusal != nil {
				broken = broken.With(refusal)
			}
			return nil, broken
		}
		return d.mayClaim(event, broken, who)
	}
	event, refusal := d.state.Decide(command, in)
	if refusal != nil {
		return nil, bank.Refusals{refusal}
	}
	return d.mayClaim(event, nil, who)
}

// mayClaim is an event with what has to be claimed for it.
func (d *decision) mayClaim(event bank.Event, broken bank.Refusals, who caller) (bank.Event, bank.Refusals) {
	opened, ok := event.(bank.AccountOpened)
	if !ok || opened.ExternalID == "" {
		return event, broken
	}
	if refusal := d.wantClaim(opened.ExternalID, who); refusal != nil {
		return nil, bank.Refusals{refusal}
	}
	return event, broken
}

// wantClaim notes an external id that an opening has to claim, or refuses one that is taken.
func (d *decision) wantClaim(externalID string, who caller) *bank.Refusal {
	if holder, taken := d.taken[externalID]; taken {
		if !who.SeesAll() {
			holder = ""
		}
		return bank.RefuseTaken(holder)
	}
	d.claim = &bank.ExternalIDClaimed{ExternalID: externalID, Account: d.state.ID}
	d.opening = len(d.records)
	return nil
}

// take makes an event the account's next one, within this turn.
func (d *decision) take(c contract.Command, event bank.Event, at time.Time, who caller) (contract.Outcome, error) {
	r := contract.Record{Account: d.state.ID, Version: d.state.Version + 1, At: at,
		Key: c.Key, Caller: who.Subject, Role: string(who.Highest()), RequestHash: c.Hash()}
	if err := r.SetEvent(event); err != nil { // another attempt would fail in the same way
		return contract.Outcome{Status: contract.Invalid, Reason: err.Error()}, nil
	}
	d.makeRoom()
	d.records = append(d.records, r)
	taken := &d.records[len(d.records)-1]
	d.answered[c.Key] = taken
	d.state = d.state.Apply(event, at)
	return contract.Outcome{Status: contract.Applied, Record: taken}, nil
}

// makeRoom makes room for one more record. Where there was none, the records move: answered points to them again.
func (d *decision) makeRoom() {
	if len(d.records) < cap(d.records) {
		return
	}
	d.records = slices.Grow(d.records, len(d.records)+1)
	for i := range d.records {
		d.answered[d.records[i].Key] = &d.records[i]
	}
}

func refused(r *bank.Refusal) contract.Outcome {
	return contract.Outcome{Status: contract.Refused, Refusal: r}
}

// failed reports whether a command cannot be part of an atomic batch.
func failed(o contract.Outcome) bool {
	return o.Status == contract.Refused || o.Status == contract.Forbidden || o.Status == contract.Invalid ||
		o.Status == contract.Unavailable
}

// abandon makes the decision on an atomic batch one that does nothing, because of command i. Commands that were
// answered in earlier turns are still replayed.
func (d *decision) abandon(i int) error {
	for j, c := range d.batch.Commands {
		if j != i {
			var err error
			if d.outcomes[j], err = d.untried(c, d.callers[j]); err != nil {
				return err
			}
		}
	}
	d.records, d.claim = nil, nil
	return nil
}

// untried is the outcome of a command because of another one of its atomic batch: what it was answered in an earlier
// turn, or that nothing happened.
func (d *decision) untried(c contract.Command, who caller) (contract.Outcome, error) {
	earlier := d.answered[c.Key]
	if earlier != nil && earlier.Version <= d.base && who.may(c, d.state.Owner, d.batch.DryRun) == identity.Allowed {
		if command, err := c.Decode(); err == nil && checkKey(c.Key, command) == nil {
			again, err := d.replay(earlier, command)
			if err != nil || again.Status == contract.Replayed {
				return again, err
			}
		}
	}
	return contract.Outcome{Status: contract.NotTried}, nil
}

// show adds the account to an outcome, as long as the reply has room for it.
func (d *decision) show(o *contract.Outcome, who caller) {
	if !d.state.IsOpen() || !who.Sees(d.state.Owner) {
		return
	}
	state := d.state.Summary()
	if d.room -= accountBytes(state); d.room >= 0 {
		o.Account, d.predicts = &state, true
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

// appliesAll reports whether every command becomes an event. Only then does the log see all their keys.
func (d *decision) appliesAll() bool {
	for _, o := range d.outcomes {
		if o.Status != contract.Applied {
			return false
		}
	}
	return true
}
