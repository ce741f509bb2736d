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
	past     func(version int64) (bank.Event, error)
	find     func(key string) (*contract.Record, error) // the event with a key; nil if there is none
	room     int                                        // bytes that accounts may still take in the reply
}

// accountRoom bounds what accounts take in one reply, in bytes: the reply has to fit into a message of 4 MiB. Beyond
// it, outcomes come without the account.
const accountRoom = 2 << 20

// decide decides the commands one after the other, each on the state that those before it lead to.
func (a *account) decide(ctx context.Context, t *turn, known recalled) (decision, error) {
	commands := t.batch.Commands
	d := decision{
		turn:     *t,
		outcomes: make([]contract.Outcome, len(commands)),
		records:  make([]contract.Record, 0, len(commands)), // never grows: outcomes point into it
		state:    a.state,
		base:     a.state.Version,
		answered: known.answered(),
		past:     func(version int64) (bank.Event, error) { return a.past(ctx, version) },
		find:     func(key string) (*contract.Record, error) { return a.find(ctx, key) },
		room:     accountRoom,
	}
	for i, c := range commands {
		outcome, err := d.decide(c, t.callers[i])
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
			Reason: fmt.Sprintf("%s must have the key %q, not %q", c.Type, key, c.Key)}, nil
	}
	if refusal := checkKey(c.Key, command); refusal != nil {
		return refused(refusal), nil
	}
	if earlier := d.answered[c.Key]; earlier != nil {
		if refusal := bank.Check(command); refusal != nil {
			return refused(refusal), nil
		}
		return replay(earlier, command)
	}
	d.predicts = true
	in, err := d.circumstances(c, command, who)
	if err != nil {
		return contract.Outcome{}, err
	}
	event, broken := d.judge(command, in, who)
	if len(broken) > 0 {
		return contract.Outcome{Status: contract.Refused, Refusal: broken[0], Others: slices.Clip(broken[1:])}, nil
	}
	return d.take(c, event, in.Now, who)
}

// authorize denies a command that its caller may not give. An account that the caller may not know of is hidden.
func (d *decision) authorize(
	c contract.Command, command bank.Command, who caller,
) (hidden bool, denied contract.Outcome) {
	owner := d.state.Owner
	open, opens := command.(bank.OpenAccount)
	if opens {
		owner = open.Owner
	}
	switch verdict := who.may(c, owner, d.batch.DryRun); {
	case verdict == identity.Forbidden:
		return false, contract.Outcome{Status: contract.Forbidden,
			Reason: fmt.Sprintf("%s may not give %s", who.Subject, c.Type)}
	case opens && verdict == identity.Hidden:
		return false, refused(bank.RefuseInput("owner",
			fmt.Sprintf("must be the caller, %q: customers open accounts for themselves", who.Subject)))
	case opens && !who.SeesAll() && d.state.ID != bank.NewAccountID(who.Subject, c.Key):
		return false, contract.Outcome{Status: contract.Forbidden,
			Reason: "the account's id is not the one that follows from the caller and the key"}
	default:
		return verdict == identity.Hidden, contract.Outcome{}
	}
}

// receiveTransfer is the name of the command that a dry run of a transfer sends to the receiver.
const receiveTransfer = "ReceiveTransfer"

// may is the verdict on a command to an account of an owner. A dry run of what only the bank itself does reveals no
// more than the account does.
func (w caller) may(c contract.Command, owner string, dry bool) identity.Verdict {
	verdict := w.May(c.Type, owner)
	if verdict == identity.Forbidden && dry && c.Type == receiveTransfer && !w.Anonymous() {
		if w.Sees(owner) {
			return identity.Allowed
		}
		return identity.Hidden
	}
	return verdict
}

// asIfNone is the decision on an account that does not exist: nothing that it decides happens.
func (d *decision) asIfNone() *decision {
	d.predicts = true // as it would be for an account that does not exist
	return &decision{turn: d.turn, state: bank.Account{ID: d.state.ID}, past: d.past, find: d.find,
		answered: make(map[string]*contract.Record), records: make([]contract.Record, 0, 1)}
}

// checkKey refuses a caller's key that cannot be remembered, or is one of the bank's own.
func checkKey(key string, command bank.Command) *bank.Refusal {
	if _, internal := bank.SystemKey(command); internal {
		return nil
	}
	return bank.CheckKey(key)
}

// replay answers a command whose key has an event: with that event if the request is the same, and otherwise with the
// differences.
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

func (d *decision) circumstances(c contract.Command, command bank.Command, who caller) (bank.Circumstances, error) {
	in := bank.Circumstances{Now: d.now, Caller: who.Subject, Key: c.Key}
	switch ahead := d.state.ChangedAt.Sub(in.Now); {
	case ahead > contract.MaxClockStep:
		d.turnsBack = true // its time is from a clock that was wrong; the event source has another one, and confirms that
	case ahead > 0:
		in.Now = d.state.ChangedAt // clocks may step back a little, an account's time does not
	}
	version := d.state.RequiredVersion(command)
	var err error
	switch {
	case version > d.base:
		in.Past, err = d.records[version-d.base-1].Event()
	case version > 0:
		in.Past, err = d.past(version)
	}
	if key := d.state.ExpiryKey(command); key != "" && err == nil {
		in.Expiry, err = d.expiry(key)
	}
	return in, err
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
	d.records = append(d.records, r)
	taken := &d.records[len(d.records)-1]
	d.answered[c.Key] = taken
	d.state = d.state.Apply(event, at)
	return contract.Outcome{Status: contract.Applied, Record: taken}, nil
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
		if j == i {
			continue
		}
		d.outcomes[j] = contract.Outcome{Status: contract.NotTried}
		earlier := d.answered[c.Key]
		if earlier == nil || earlier.Version > d.base ||
			d.callers[j].may(c, d.state.Owner, d.batch.DryRun) != identity.Allowed {
			continue
		}
		if command, err := c.Decode(); err == nil && checkKey(c.Key, command) == nil {
			again, err := replay(earlier, command)
			if err != nil {
				return err
			}
			if again.Status == contract.Replayed {
				d.outcomes[j] = again
			}
		}
	}
	d.records, d.claim = nil, nil
	return nil
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
