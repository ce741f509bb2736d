package actor

import (
	"context"
	"errors"
	"slices"
	"time"

	"golang.org/x/sync/errgroup"

	"corebank/actor/saga"
	"corebank/internal/bank"
	"corebank/internal/contract"
	"corebank/internal/identity"
)

// clearingDecision is what one attempt of a turn over several accounts decides.
type clearingDecision struct {
	*clearing
	window []int
	ids    []bank.AccountID // of the accounts in the turn, sorted
	on     map[bank.AccountID]*party
	// answers are the outcomes by command, before it is certain that they may be given.
	answers map[int]contract.Outcome
	// basis are, by command, the accounts whose states its outcome depends on: none for one that the log answers.
	basis   map[int][]bank.AccountID
	written []written
	// read reads a record of the log.
	read    func(id bank.AccountID, version int64) (contract.Record, error)
	command int // the one that is being decided
	room    int // bytes that accounts may still take in the reply
}

// party is an account in the turn, and what is decided on it.
type party struct {
	account *account
	decision
	unsure bool // see recalled
}

// written is a record of a command: an account's, with a version.
type written struct {
	command int
	account bank.AccountID
	version int64
}

// bankItself is the caller of the steps that follow from a caller's command.
var bankItself = caller{Principal: identity.Principal{Subject: saga.Caller, Roles: []identity.Role{identity.System}}}

// begin recalls the keys of the commands, and begins a decision on each account.
func (c *clearing) begin(ctx context.Context, window []int, h *hold) (*clearingDecision, error) {
	d := &clearingDecision{clearing: c, window: window, ids: h.ids, on: make(map[bank.AccountID]*party, len(h.accounts)),
		answers: make(map[int]contract.Outcome, len(window)), basis: make(map[int][]bank.AccountID, len(window)),
		read: func(id bank.AccountID, version int64) (contract.Record, error) { return c.read(ctx, id, version) },
		room: accountRoom}
	commands := make(map[bank.AccountID][]contract.Command, len(window))
	for _, i := range window {
		commands[c.of[i]] = append(commands[c.of[i]], c.batch.Commands[i])
	}
	begin := func(p *party, known recalled) {
		p.decision = p.account.decision(ctx, &c.turn, known, 2*len(commands[p.account.id])+1)
		p.unsure, p.together = known.unsure, d.together
	}
	var mayRead []bank.AccountID
	for _, id := range h.ids {
		p := &party{account: h.accounts[id]}
		d.on[id] = p
		if p.account.mayRead(commands[id]) {
			mayRead = append(mayRead, id)
		} else {
			begin(p, recalled{})
		}
	}
	err := eachOf(mayRead, func(id bank.AccountID) error {
		known, err := h.accounts[id].recall(ctx, commands[id], c.lookUp)
		begin(d.on[id], known)
		return err
	})
	if err != nil {
		return nil, err
	}
	return d, d.discover()
}

// discover finds the accounts that commands concern because of an earlier event, which has to be read: all those events
// at the same time. The error is errParty if the turn does not hold one of them.
func (d *clearingDecision) discover() error {
	var reading errgroup.Group
	reading.SetLimit(readAtOnce)
	missing := make([]bool, len(d.of))
	for _, i := range d.window {
		own := d.on[d.of[i]]
		command := d.commands[i]
		version := own.state.RequiredVersion(command) // 0 for nil, too
		if version == 0 {
			continue
		}
		reading.Go(func() error {
			past, err := d.event(d.of[i], version)
			if err != nil {
				return nil // it is found again when the command is decided
			}
			r := request{Command: d.batch.Commands[i], bank: command, in: bank.Circumstances{Past: past}}
			parties, err := d.partiesOf(&own.decision, &r)
			if err == nil && len(parties) > 0 && d.canHold(parties) {
				d.clearing.parties[i] = parties
				missing[i] = slices.ContainsFunc(parties, func(id bank.AccountID) bool { return d.on[id] == nil })
			}
			return nil
		})
	}
	_ = reading.Wait() // no reader fails
	if slices.Contains(missing, true) {
		return errParty
	}
	return nil
}

// decideAll decides the commands in order.
func (d *clearingDecision) decideAll() error {
	for _, i := range d.window {
		if len(d.written) >= clearingRecords && d.shared() {
			return nil // the others are decided in the next attempt
		}
		own, who := d.on[d.of[i]], d.callers[i]
		d.command = i
		before := own.predicts
		own.predicts = false
		span := d.spans.decide(i, d.batch.Commands[i])
		outcome, err := own.decide(d.batch.Commands[i], who)
		decided(span, outcome, err)
		if err != nil && d.shared() && !errors.Is(err, errParty) {
			// The command is tried again in a call of its own, so that the others do not wait for that.
			outcome, err = contract.Outcome{Status: contract.Late, Reason: err.Error()}, nil
		}
		if err != nil {
			return err
		}
		if e := own.answered[d.batch.Commands[i].Key]; own.predicts || e != nil && e.Version > own.base {
			d.depend(own.state.ID)
		}
		own.predicts = before || own.predicts
		if outcome.Status == contract.Applied && !d.wrote(i) {
			d.written = append(d.written, written{i, outcome.Record.Account, outcome.Record.Version})
		}
		d.answers[i] = outcome
		if d.batch.Atomic && failed(outcome) {
			return d.abandon(i)
		}
		own.room = d.room
		own.show(&outcome, who)
		if outcome.Account != nil {
			d.depend(own.state.ID)
		}
		d.answers[i], d.room = outcome, own.room
	}
	if !d.batch.Atomic {
		return nil
	}
	if reason := contract.TooMuchTogether(d.decided); reason != "" {
		d.answers[d.window[0]] = refused(tooLarge(reason))
		return d.abandon(d.window[0])
	}
	return nil
}

// decided yields the new records of each account.
func (d *clearingDecision) decided(yield func([]contract.Record) bool) {
	for _, id := range d.ids {
		if !yield(d.on[id].records) {
			return
		}
	}
}

// depend notes that the outcome of the command depends on the state of an account.
func (d *clearingDecision) depend(id bank.AccountID) {
	if !slices.Contains(d.basis[d.command], id) {
		d.basis[d.command] = append(d.basis[d.command], id)
	}
}

// wrote reports whether the newest records are those of a command.
func (d *clearingDecision) wrote(command int) bool {
	return len(d.written) > 0 && d.written[len(d.written)-1].command == command
}

// abandon makes the decision on an atomic batch one that does nothing, because of a command.
func (d *clearingDecision) abandon(because int) error {
	for _, i := range d.window {
		if i == because {
			continue
		}
		var err error
		if d.answers[i], err = d.on[d.of[i]].untried(d.batch.Commands[i], d.callers[i]); err != nil {
			return err
		}
		d.basis[because] = append(d.basis[because], d.basis[i]...)
	}
	for _, p := range d.on {
		p.records, p.claim = nil, nil
	}
	d.written = nil
	return nil
}

// together decides a command with all the accounts that it concerns, if these are several and one append can write to
// all of them.
func (d *clearingDecision) together(on *decision, r request) (contract.Outcome, bool, error) {
	parties, err := d.partiesOf(on, &r)
	if err != nil || len(parties) == 0 || !d.canHold(parties) {
		return contract.Outcome{}, err != nil, err
	}
	if slices.ContainsFunc(parties, func(id bank.AccountID) bool { return d.on[id] == nil }) {
		d.clearing.parties[d.command] = parties // they follow from an event of this turn
		return contract.Outcome{}, true, errParty
	}
	own := on.state.ID
	hidden := on != &d.on[own].decision
	unseen := func(id bank.AccountID) bool {
		return d.batch.DryRun && id != own && !r.who.Sees(d.on[id].state.Owner)
	}
	if _, transfer := r.bank.(bank.SendTransfer); transfer && unseen(parties[1]) {
		return contract.Outcome{}, false, nil // what a dry run may tell is decided by the sender alone
	}
	debits := bank.Debits(r.bank, own)
	now := make(map[bank.AccountID]time.Time, len(parties))
	decided, broken := bank.DecideTogether(r.bank, own, func(id bank.AccountID) bank.Party {
		d.depend(id)
		p := d.on[id]
		now[id] = p.time()
		if hidden && id == own || slices.Contains(debits, id) &&
			r.who.may(r.Command, p.state.Owner, d.batch.DryRun) != identity.Allowed {
			return bank.Party{Account: bank.Account{ID: id}, Now: now[id]}
		}
		return bank.Party{Account: p.state, Now: now[id], Unseen: unseen(id)}
	}, r.in)
	if len(broken) == 0 && hidden {
		broken = bank.Refusals{bank.RefuseUnknownAccount()}
	}
	if len(broken) > 0 && !d.batch.DryRun {
		return refused(broken[0]), true, nil
	}
	if len(broken) > 0 {
		return contract.Outcome{Status: contract.Refused, Refusal: broken[0], Others: slices.Clip(broken[1:])}, true, nil
	}
	outcome, err := d.takeAll(decided, r, now)
	return outcome, true, err
}

// partiesOf are the accounts that decide on a request. It completes the request's circumstances.
func (d *clearingDecision) partiesOf(on *decision, r *request) ([]bank.AccountID, error) {
	if id, version, elsewhere := bank.WholeOf(r.in.Past); elsewhere {
		whole, err := d.event(id, version)
		if err != nil {
			return nil, err
		}
		r.in.Whole = whole
	}
	return bank.Parties(r.bank, on.state, r.in), nil
}

// canHold reports whether one append can write to all the accounts. It is the first of them that the command is
// addressed to.
func (d *clearingDecision) canHold(parties []bank.AccountID) bool {
	for _, id := range parties {
		if !d.host.together(parties[0], id) {
			return false
		}
	}
	return true
}

// event is an event of any account, of this turn or from the log.
func (d *clearingDecision) event(id bank.AccountID, version int64) (bank.Event, error) {
	if p := d.on[id]; p != nil && version > p.base {
		r, err := p.recordAt(version)
		if err != nil {
			return nil, err
		}
		return r.Event()
	}
	r, err := d.read(id, version)
	if err != nil {
		return nil, err
	}
	return r.Event()
}

// takeAll makes what was decided the next events of the accounts, or nothing of it.
func (d *clearingDecision) takeAll(
	decided []bank.Decided, r request, now map[bank.AccountID]time.Time,
) (answer contract.Outcome, err error) {
	before := make(map[bank.AccountID]savepoint, len(now))
	for _, one := range decided {
		if _, saved := before[one.Account]; !saved {
			before[one.Account] = d.on[one.Account].save()
		}
	}
	mark := len(d.written)
	var also []contract.Record
	for _, one := range decided {
		command, who := r.Command, r.who
		if one.Step != nil {
			key, _ := bank.SystemKey(one.Step)
			if command, err = contract.EncodeCommand(saga.Caller, key, one.Step); err != nil {
				return answer, err
			}
			who = bankItself
		}
		p := d.on[one.Account]
		taken, err := p.take(command, one.Event, now[one.Account], who)
		if err != nil || taken.Status != contract.Applied {
			for id, was := range before {
				d.on[id].restore(was)
			}
			d.written = d.written[:mark]
			return taken, err
		}
		d.written = append(d.written, written{d.command, one.Account, taken.Record.Version})
		switch _, back := one.Event.(bank.TransferReturned); {
		case one.Step == nil && answer.Record == nil:
			answer = taken
		case back:
			answer.Return = taken.Record
		case d.batch.DryRun:
			also = append(also, *taken.Record)
		}
	}
	answer.Also = also
	return answer, nil
}

// savepoint is what a decision was before a command.
type savepoint struct {
	state   bank.Account
	records int
}

func (d *decision) save() savepoint { return savepoint{state: d.state, records: len(d.records)} }

func (d *decision) restore(to savepoint) {
	for _, r := range d.records[to.records:] {
		delete(d.answered, r.Key)
	}
	d.state, d.records = to.state, d.records[:to.records]
}
