package bank_test

import (
	"math/big"
	"time"

	"corebank/internal/bank"
)

// record takes note of a command that was accepted as the event with a version.
// Of the event it asks only what a command does not say: whether a transfer
// was received.
func (l *ledger) record(c bank.Command, event bank.Event, version int64, now time.Time) {
	switch c := c.(type) {
	case bank.OpenAccount:
		l.open, l.openedAt, l.currency, l.savings = true, now, c.Currency, c.Kind == "SAVINGS"
	case bank.CloseAccount:
		l.closed = true
	case bank.FreezeAccount:
		l.noDebits, l.noCredits = c.Debits, c.Credits
	case bank.UnfreezeAccount:
		l.noDebits, l.noCredits = false, false
	case bank.SetLimits:
		l.overdraft, l.perTransaction, l.perDay = whole(c.Overdraft.Minor), wholeOf(c.PerTransaction), wholeOf(c.PerDay)
	case bank.Deposit:
		l.move(version, "deposit", c.Amount.Minor, c.Amount.Minor)
	case bank.Withdraw:
		l.move(version, "withdrawal", c.Amount.Minor, -c.Amount.Minor)
		l.debits = append(l.debits, debit{now, c.Amount.Minor})
	case bank.SendTransfer:
		l.move(version, "sent", c.Amount.Minor, -c.Amount.Minor)
		l.debits = append(l.debits, debit{now, c.Amount.Minor})
		l.transits[event.(bank.TransferSent).Transfer] = &entry{minor: c.Amount.Minor, at: now}
	case bank.ReceiveTransfer:
		if _, arrived := event.(bank.TransferReceived); arrived {
			kind := "received"
			if c.Reverses != "" {
				kind = "reversal"
			}
			l.move(version, kind, c.Amount.Minor, c.Amount.Minor)
		}
	case bank.CompleteTransfer:
		l.transits[c.Transfer].ended = true
	case bank.ReturnTransfer:
		t := l.transits[c.Transfer]
		t.ended = true
		l.move(version, "returned", t.minor, t.minor)
		if t.reverses != 0 {
			l.moves[t.reverses].rest += t.minor
		} else { // on the day on which it was sent it no longer counts
			l.debits = append(l.debits, debit{t.at, -t.minor})
		}
	case bank.Reverse:
		l.recordReversal(c, event, version)
	default:
		l.recordHold(c, version, now)
	}
}

func wholeOf(m *bank.Money) *big.Int {
	if m == nil {
		return nil
	}
	return whole(m.Minor)
}

func (l *ledger) move(version int64, kind string, minor, change int64) {
	l.moves[version] = &entry{kind: kind, minor: minor, rest: minor}
	l.balance.Add(l.balance, whole(change))
}

func (l *ledger) recordReversal(c bank.Reverse, event bank.Event, version int64) {
	original := l.moves[c.Transaction]
	minor := original.rest
	if c.Amount != nil {
		minor = c.Amount.Minor
	}
	original.rest -= minor
	switch original.kind {
	case "withdrawal", "capture":
		l.move(version, "reversal", minor, minor)
	case "deposit":
		l.move(version, "reversal", minor, -minor)
	default:
		l.move(version, "sent", minor, -minor)
		l.transits[event.(bank.TransferSent).Transfer] = &entry{minor: minor, reverses: c.Transaction}
	}
}

func (l *ledger) recordHold(c bank.Command, version int64, now time.Time) {
	switch c := c.(type) {
	case bank.PlaceHold:
		until := c.ExpiresAt
		if until.IsZero() {
			until = now.Add(7 * 24 * time.Hour)
		}
		l.holds[version] = &entry{minor: c.Amount.Minor, rest: c.Amount.Minor, until: until}
		l.debits = append(l.debits, debit{now, c.Amount.Minor})
	case bank.AdjustHold:
		h := l.holds[c.Hold]
		if !c.ExpiresAt.IsZero() {
			h.until = c.ExpiresAt
		}
		if c.Amount != nil {
			if raise := c.Amount.Minor - h.minor; raise > 0 {
				l.debits = append(l.debits, debit{now, raise})
			}
			h.minor, h.rest = c.Amount.Minor, h.rest+c.Amount.Minor-h.minor
		}
	case bank.CaptureHold:
		h := l.holds[c.Hold]
		minor := h.rest
		if c.Amount != nil {
			minor = c.Amount.Minor
		}
		h.rest -= minor
		h.ended = c.ReleaseRest || h.rest == 0
		l.move(version, "capture", minor, -minor)
	case bank.ReleaseHold:
		l.holds[c.Hold].ended = true
	case bank.ExpireHold:
		l.holds[c.Hold].ended, l.holds[c.Hold].expired = true, true
	}
}
