package torture

import (
	"corebank/internal/bank"
	"corebank/internal/contract"
)

// theBank is the caller of the commands that the bank gives itself.
const theBank = "corebank"

// course is what became of one transfer.
type course struct {
	sent                                    *bank.TransferSent
	from                                    bank.AccountID
	place                                   int // in the log, of its sending
	rejection                               bank.Rejection
	received, rejected, completed, returned int
}

func (e *Evidence) course(id bank.TransferID) *course {
	if e.courses[id] == nil {
		e.courses[id] = &course{}
	}
	return e.courses[id]
}

// follow takes a record into the course of its transfer.
func (e *Evidence) follow(r contract.Record, event bank.Event) {
	switch t := event.(type) {
	case bank.TransferSent:
		c := e.course(t.Transfer)
		c.sent, c.from, c.place = &t, r.Account, len(e.log)
	case bank.TransferReceived:
		e.course(t.Transfer).received++
	case bank.TransferRejected:
		c := e.course(t.Transfer)
		c.rejected++
		c.rejection = t.Rejection
	case bank.TransferCompleted:
		e.course(t.Transfer).completed++
	case bank.TransferReturned:
		e.course(t.Transfer).returned++
	}
}

// commandOf is what made an event: a client's request, or a command that the
// bank gives itself and that follows from the log before it. It is nil if there
// is none.
func (e *Evidence) commandOf(name asked, r contract.Record, event bank.Event) bank.Command {
	if request := e.requests[exactly{name, r.RequestHash}]; request != nil {
		return request.Command
	}
	command := e.stepTo(event)
	if command == nil {
		return nil
	}
	key, _ := bank.SystemKey(command)
	wire, err := contract.EncodeCommand(theBank, key, command)
	if err != nil || r.Key != key || r.Caller != theBank || r.RequestHash != wire.Hash() {
		return nil
	}
	return command
}

// stepTo is the bank's own command that leads to an event; nil if nothing
// before it does.
func (e *Evidence) stepTo(event bank.Event) bank.Command {
	switch t := event.(type) {
	case bank.TransferReceived:
		return e.receive(t.Transfer)
	case bank.TransferRejected:
		return e.receive(t.Transfer)
	case bank.TransferCompleted:
		if e.course(t.Transfer).received > 0 {
			return bank.CompleteTransfer{Transfer: t.Transfer}
		}
	case bank.TransferReturned:
		if c := e.course(t.Transfer); c.rejected > 0 {
			return bank.ReturnTransfer{Transfer: t.Transfer, Rejection: c.rejection}
		}
	case bank.HoldExpired:
		return bank.ExpireHold{Hold: t.Hold}
	}
	return nil
}

func (e *Evidence) receive(id bank.TransferID) bank.Command {
	c := e.course(id)
	if c.sent == nil {
		return nil
	}
	receive := bank.ReceiveTransfer{Transfer: id, From: c.from, Amount: c.sent.Amount, Details: c.sent.Details, EffectiveAt: c.sent.EffectiveAt}
	if c.sent.Reverses != nil {
		receive.Reverses = c.sent.Reverses.Transfer
	}
	return receive
}

// checkTransfers: each transfer was received or rejected once and ended so,
// once, and nothing is left in transit.
func (e *Evidence) checkTransfers(v *Verification) {
	for id, c := range e.courses {
		v.checked(Ended, 1)
		if c.sent == nil || c.received+c.rejected != 1 || c.completed != c.received || c.returned != c.rejected {
			v.violated(Ended, "transfer %s from %s was received %d times, rejected %d, completed %d and returned %d",
				id, c.from, c.received, c.rejected, c.completed, c.returned)
		}
	}
	transit := make(map[bank.Currency]int64)
	for _, r := range e.log {
		for _, p := range r.event.PostingLines() {
			if bank.LedgerKind(p.LedgerAccount) == "transit" {
				transit[p.Amount.Currency] += p.Amount.Minor
			}
		}
	}
	for currency, minor := range transit {
		if minor != 0 {
			v.violated(Ended, "%d minor units of %s are in transit for ever", minor, currency)
		}
	}
}

// checkReversals: of no transaction more is reversed than it was. What came
// back does not count.
func (e *Evidence) checkReversals(v *Verification) {
	for id, stream := range e.streams {
		reversed := make(map[int64]int64)
		for _, i := range stream {
			switch t := e.log[i].event.(type) {
			case bank.TransactionReversed:
				reversed[t.Transaction] += t.Amount.Minor
			case bank.TransferSent:
				if t.Reverses != nil && e.course(t.Transfer).returned == 0 {
					reversed[t.Reverses.Version] += t.Amount.Minor
				}
			}
		}
		v.checked(Ended, len(reversed))
		for version, minor := range reversed {
			if r, _ := e.at(id, version); r.line == nil || minor > r.line.Amount {
				v.violated(Ended, "of version %d of %s, %d were reversed, more than it was", version, id, minor)
			}
		}
	}
}
