package laws

import (
	"fmt"
	"slices"

	"corebank/internal/bank"
	"corebank/internal/contract"
)

// checkHold holds what becomes of a hold to what it still keeps back.
func (l *Log) checkHold(r contract.Record, acc *account, event bank.Event) {
	var version int64
	var parts []bank.Money
	switch e := event.(type) {
	case bank.HoldAdjusted:
		version = e.Hold
	case bank.HoldCaptured:
		version, parts = e.Hold, []bank.Money{e.Amount, e.Remaining, e.Released}
	case bank.HoldReleased:
		version, parts = e.Hold, []bank.Money{e.Amount}
	case bank.HoldExpired:
		version, parts = e.Hold, []bank.Money{e.Amount}
	default:
		return
	}
	i := slices.IndexFunc(acc.state.Holds, func(h bank.Hold) bool { return h.Version == version })
	if i < 0 {
		if !acc.gap { // holds are named by versions
			l.findings.about(r, Hold, "a hold that has not ended", fmt.Sprintf("hold %d", version))
		}
		return
	}
	before := acc.state.Holds[i]
	if adjusted, is := event.(bank.HoldAdjusted); is {
		// What was captured of it, and no more, is not kept back.
		captured, after := before.Amount.Minor-before.Remaining.Minor, adjusted.Amount.Minor-adjusted.Remaining.Minor
		if after != captured {
			l.findings.about(r, Hold, fmt.Sprintf("%d minor units captured of hold %d", captured, version), fmt.Sprint(after))
		}
		return
	}
	find := func(found bank.Money) {
		l.findings.about(r, Hold, fmt.Sprintf("the %s that hold %d keeps back", before.Remaining, version), found.String())
	}
	sum := bank.Money{Currency: acc.state.Currency}
	for _, part := range parts {
		var err error
		if sum, err = sum.Add(part); err != nil || part.Minor < 0 {
			find(part)
			return
		}
	}
	if sum != before.Remaining {
		find(sum)
	}
}

// checkReversal holds a reversal, which is applied, to the transaction that it undoes.
func (l *Log) checkReversal(r contract.Record, acc *account, event bank.Event) {
	var version, change int64
	var remaining bank.Money
	switch e := event.(type) {
	case bank.TransactionReversed:
		version, change, remaining = e.Transaction, e.Amount.Minor, e.Remaining
		if !e.Credit {
			change = -change
		}
	case bank.TransferSent:
		if e.Reverses == nil {
			return
		}
		version, change, remaining = e.Reverses.Version, -e.Amount.Minor, e.Reverses.Remaining
	case bank.LegPosted: // always in full
		if e.Reverses == nil {
			return
		}
		version, change = e.Reverses.Version, signed(e.Amount, e.Credit).Minor
	default:
		return
	}
	if acc.gap {
		return // transactions are named by versions
	}
	if version < 1 || version > int64(len(acc.moved)) || acc.moved[version-1] == 0 ||
		(acc.moved[version-1] > 0) == (change > 0) {
		l.findings.about(r, Reversal, "an earlier transaction, the other way round",
			fmt.Sprintf("a reversal of version %d by %d minor units", version, change))
		return
	}
	original, reversed := max(acc.moved[version-1], -acc.moved[version-1]), int64(0)
	for _, done := range acc.state.Reversed {
		if done.Version == version {
			reversed = done.Minor
		}
	}
	if reversed > original || remaining.Minor != original-reversed {
		l.findings.about(r, Reversal,
			fmt.Sprintf("reversals of version %d that come to %d minor units at most", version, original),
			fmt.Sprintf("%d, and %d that remain", reversed, remaining.Minor))
	}
}
