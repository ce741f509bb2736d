package saga

import (
	"time"

	"corebank/internal/bank"
	"corebank/internal/contract"
	"corebank/internal/identity"
)

// Caller is the caller of commands that only the bank itself gives.
const Caller = identity.Bank

// step is the delivery of what a transfer needs next. d.mu is held.
func (d *Driver) step(t *transfer) *delivery {
	id, at := t.ID, t.now().Step
	next, _ := bank.NextStep(t.lastEvent())
	one := &delivery{account: next.Account, command: d.internal(next.Command),
		answered: func(outcome contract.Outcome) { d.stepped(id, at, outcome) }}
	one.carryOut(t.Trace)
	return one
}

// lastEvent is the event that the next step of a transfer follows from, with what the step needs of it.
func (t *transfer) lastEvent() (account bank.AccountID, version int64, at time.Time, e bank.Event) {
	switch p := t.now(); p.Step {
	case received:
		return t.To, 0, p.Since, bank.TransferReceived{Transfer: t.ID, From: t.From}
	case rejected:
		return t.To, 0, p.Since, bank.TransferRejected{Transfer: t.ID, From: t.From, Rejection: *p.Rejection,
			Details: p.Details, SentAt: p.SentAt}
	default:
		return t.From, t.Version, t.SentAt, *t.sending
	}
}

// expire is the delivery that ends a hold. d.mu is held.
func (d *Driver) expire(h *hold) *delivery {
	next, _ := bank.NextStep(h.Account, h.Version, h.ExpiresAt, bank.HoldPlaced{ExpiresAt: h.ExpiresAt})
	one := &delivery{account: next.Account, command: d.internal(next.Command),
		answered: func(outcome contract.Outcome) { d.expired(h, outcome) }}
	one.carryOutLater(h.Trace)
	return one
}

// internal is one of the bank's own commands on the wire.
func (d *Driver) internal(command bank.Command) contract.Command {
	key, _ := bank.SystemKey(command)
	encoded, err := contract.EncodeCommand(Caller, key, command)
	if err != nil {
		// An actor answers it as invalid, which is logged; the types are known.
		d.Logger.Error("a command of our own cannot be encoded", "key", key, "error", err)
	}
	return encoded
}

// stepped takes the answer to a step. The event in it is durable: what follows from it need not wait until the topic
// has it, unless the log is divided.
func (d *Driver) stepped(id bank.TransferID, at step, outcome contract.Outcome) {
	d.mu.Lock()
	defer d.mu.Unlock()
	t := d.pending.transfers[id]
	if t == nil || t.now().Step != at {
		return // the log was faster
	}
	if outcome.Status == contract.Refused {
		if outcome.Refusal.Code != bank.TransferNotPending {
			d.Logger.Error("an account refuses a step of a transfer; an operator has to look at it",
				"transfer", id, "step", at, "from", t.From, "to", t.To,
				"code", outcome.Refusal.Code, "message", outcome.Refusal.Message)
		}
		d.await(t)
		return
	}
	if d.Divided {
		return // it comes along the log
	}
	event, err := outcome.Record.Event()
	if err != nil {
		d.Logger.Error("the answer to a step of a transfer cannot be read", "transfer", id, "step", at, "error", err)
		return // it comes along the log
	}
	switch event.(type) {
	case bank.TransferReceived, bank.TransferRejected:
		ahead := t.after(event, outcome.Record.At)
		t.ahead = &ahead
		t.next()
	default:
		d.await(t)
	}
}

// await keeps a transfer that has ended until the log says so, which it has done already if it was read again.
func (d *Driver) await(t *transfer) {
	if t.Again {
		d.changed = true
		d.pending.end(t.ID)
	}
}

// expired takes the answer to the end of a hold. If the account refuses, the hold has ended already, or the account's
// clock is slow and it is asked again later. The hold is kept until the log says that it has ended, which it has done
// already if it was read again.
func (d *Driver) expired(h *hold, outcome contract.Outcome) {
	d.mu.Lock()
	defer d.mu.Unlock()
	if d.pending.holds.byID[holdID{h.Account, h.Version}] != h {
		return
	}
	if outcome.Status == contract.Refused && outcome.Refusal.Code == bank.InputInvalid {
		d.changed = true
		d.pending.holds.postpone(h, d.Clock().UTC().Add(expiryRetry))
		return
	}
	if h.Again {
		d.changed = true
		d.pending.holds.remove(h.Account, h.Version)
	}
}
