package simulation

import (
	"slices"

	"corebank/actor/saga"
	"corebank/internal/bank"
	"corebank/internal/contract"
)

// course is what became of one transfer.
type course struct {
	sent                                    *bank.TransferSent
	from                                    bank.AccountID
	rejection                               bank.Rejection
	received, rejected, completed, returned int
}

func (h *history) course(id bank.TransferID) *course {
	if h.courses[id] == nil {
		h.courses[id] = &course{}
	}
	return h.courses[id]
}

// follow takes a record into the course of its transfer.
func (h *history) follow(r contract.Record, event bank.Event) {
	switch e := event.(type) {
	case bank.TransferSent:
		c := h.course(e.Transfer)
		c.sent, c.from = &e, r.Account
	case bank.TransferReceived:
		c := h.course(e.Transfer)
		c.received++
		h.caused(r, c.sent != nil)
	case bank.TransferRejected:
		c := h.course(e.Transfer)
		c.rejected++
		c.rejection = e.Rejection
		h.caused(r, c.sent != nil)
	case bank.TransferCompleted:
		c := h.course(e.Transfer)
		c.completed++
		h.caused(r, c.received > 0)
	case bank.TransferReturned:
		c := h.course(e.Transfer)
		c.returned++
		h.caused(r, c.rejected > 0)
	}
}

// caused holds that the log had what a record came of before it.
func (h *history) caused(r contract.Record, before bool) {
	if !before {
		h.world.violated(Caused, "position %d is %s, and what it came of is not before it", r.Position, r.Type)
	}
}

// checkTransfers: in a bank that had the time, each transfer was received or
// rejected, once, and ended so, once, and nothing is in transit.
func (h *history) checkTransfers() {
	for id, c := range h.courses {
		if c.sent == nil || c.received+c.rejected != 1 || c.completed != c.received || c.returned != c.rejected {
			h.world.violated(Ended, "transfer %s from %s was received %d times, rejected %d, completed %d, returned %d",
				id, h.world.name(c.from), c.received, c.rejected, c.completed, c.returned)
		}
	}
	transit := make(map[bank.Currency]int64)
	for _, r := range h.records {
		event, err := r.Event()
		if err != nil {
			continue
		}
		for _, p := range event.PostingLines() {
			if p.LedgerAccount == bank.TransitLedger(p.Amount.Currency) {
				transit[p.Amount.Currency] += p.Amount.Minor
			}
		}
	}
	for currency, minor := range transit {
		if minor != 0 {
			h.world.violated(Ended, "%d %s stay in transit", minor, currency)
		}
	}
}

// checkReversals: of no transaction more is reversed than it was. What came
// back does not count.
func (h *history) checkReversals() {
	for id, stream := range h.streams {
		reversed := make(map[int64]int64)
		amounts := make(map[int64]int64)
		for _, r := range stream {
			event, err := r.Event()
			if err != nil {
				continue
			}
			for _, p := range event.PostingLines() {
				if p.LedgerAccount == bank.CustomerLedger(id) {
					amounts[r.Version] = max(p.Amount.Minor, -p.Amount.Minor)
				}
			}
			switch e := event.(type) {
			case bank.TransactionReversed:
				reversed[e.Transaction] += e.Amount.Minor
			case bank.TransferSent:
				if e.Reverses != nil && h.course(e.Transfer).returned == 0 {
					reversed[e.Reverses.Version] += e.Amount.Minor
				}
			}
		}
		for version, minor := range reversed {
			if minor > amounts[version] {
				h.world.violated(Undone, "of version %d of %s over %d, %d were reversed", version, h.world.name(id), amounts[version], minor)
			}
		}
	}
}

// follows reports whether a record is what the bank does by itself, because of
// what the log says, and as it does it.
func (h *history) follows(r contract.Record) bool {
	event, err := r.Event()
	if err != nil {
		return false
	}
	if e, is := event.(bank.ExternalIDClaimed); is {
		return slices.ContainsFunc(h.world.people, func(p person) bool { return p.account == e.Account && p.externalID == e.ExternalID })
	}
	command := h.stepTo(event)
	if command == nil {
		return false
	}
	key, _ := bank.SystemKey(command)
	wire, err := contract.EncodeCommand(saga.Caller, key, command)
	return err == nil && r.Key == key && r.RequestHash == wire.Hash()
}

func (h *history) stepTo(event bank.Event) bank.Command {
	switch e := event.(type) {
	case bank.TransferReceived:
		return h.receive(e.Transfer)
	case bank.TransferRejected:
		return h.receive(e.Transfer)
	case bank.TransferCompleted:
		return bank.CompleteTransfer{Transfer: e.Transfer}
	case bank.TransferReturned:
		return bank.ReturnTransfer{Transfer: e.Transfer, Rejection: h.course(e.Transfer).rejection}
	case bank.HoldExpired:
		return bank.ExpireHold{Hold: e.Hold}
	}
	return nil
}

func (h *history) receive(id bank.TransferID) bank.Command {
	c := h.course(id)
	if c.sent == nil {
		return nil
	}
	receive := bank.ReceiveTransfer{Transfer: id, From: c.from, Amount: c.sent.Amount, Details: c.sent.Details, EffectiveAt: c.sent.EffectiveAt}
	if c.sent.Reverses != nil {
		receive.Reverses = c.sent.Reverses.Transfer
	}
	return receive
}
