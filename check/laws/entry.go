package laws

import (
	"encoding/json"
	"fmt"
	"time"

	"corebank/internal/bank"
	"corebank/internal/contract"
	"corebank/internal/view"
)

// Entry is a line of an account's history, as far as it follows from the stored record: its amount, direction and
// balance come from the postings.
//
// It is derived here without the code that makes the views, the history and the subscriptions, so that a mistake
// there is not made twice.
type Entry struct {
	Account           bank.AccountID
	Version, Position int64
	Type              string
	Currency          bank.Currency
	Amount            int64
	Credit            bool
	BalanceAfter      int64
	OccurredAt        time.Time
	Caller            string
}

// entryTypes are what the stored events that move money are called in a history. A new one is added here.
var entryTypes = map[string]string{
	"money-deposited":      "DEPOSIT",
	"money-withdrawn":      "WITHDRAWAL",
	"hold-captured":        "HOLD_CAPTURE",
	"transfer-sent":        "TRANSFER_OUT",
	"transfer-received":    "TRANSFER_IN",
	"transfer-returned":    "TRANSFER_RETURNED",
	"transaction-reversed": "REVERSAL",
	"leg-posted":           "POSTING", // or, where it undoes another, REVERSAL
}

// String is the line for a finding.
func (e *Entry) String() string {
	if e == nil {
		return "no line"
	}
	side := "debit"
	if e.Credit {
		side = "credit"
	}
	return fmt.Sprintf("a line with %s, a %s of %s, %s after it, at position %d as version %d of %s, by %q at %s",
		e.Type, side, bank.Money{Minor: e.Amount, Currency: e.Currency},
		bank.Money{Minor: e.BalanceAfter, Currency: e.Currency}, e.Position, e.Version, e.Account, e.Caller,
		instant(e.OccurredAt))
}

// Derivation derives the lines of a log. It sums up the customers' postings.
type Derivation map[bank.AccountID]int64

// Entry is the line that the next record of the log must show; nil where nothing is posted to its customer.
func (d Derivation) Entry(r contract.Record) (*Entry, error) {
	var stored struct {
		Reverses any
		Postings []struct {
			Account string
			Amount  struct {
				Minor    int64
				Currency bank.Currency
			}
		}
	}
	if err := json.Unmarshal(r.Data, &stored); err != nil {
		return nil, fmt.Errorf("read the postings at position %d: %w", r.Position, err)
	}
	e := Entry{Account: r.Account, Version: r.Version, Position: r.Position, Type: entryTypes[r.Type],
		OccurredAt: r.At.UTC(), Caller: r.Caller}
	if e.Type == "POSTING" && stored.Reverses != nil {
		e.Type = "REVERSAL"
	}
	posted := false
	for _, p := range stored.Postings {
		if p.Account == "customer/"+string(r.Account) {
			posted = true
			e.Amount, e.Currency = e.Amount+p.Amount.Minor, p.Amount.Currency
		}
	}
	if !posted {
		return nil, nil
	}
	d[r.Account] += e.Amount
	e.BalanceAfter = d[r.Account]
	if e.Credit = e.Amount > 0; !e.Credit {
		e.Amount = -e.Amount
	}
	return &e, nil
}

// entryOf is what a line shows; nil for no line.
func entryOf(line *view.Transaction) *Entry {
	if line == nil {
		return nil
	}
	return &Entry{Account: line.Account, Version: line.Version, Position: line.Position, Type: string(line.Type),
		Currency: line.Currency, Amount: line.Amount, Credit: line.Credit, BalanceAfter: line.BalanceAfter,
		OccurredAt: line.OccurredAt.UTC(), Caller: line.Caller}
}

// checkEntry holds the line that the bank shows for a record to the derived one. An account whose money is wrong
// already is left out: that has been found.
func (l *Log) checkEntry(r contract.Record, acc *account, shown *view.Transaction) {
	want, err := l.derived.Entry(r)
	if err != nil || acc.faulty {
		return // what cannot be read has been found, too
	}
	if got := entryOf(shown); (want == nil) != (got == nil) || want != nil && *want != *got {
		l.findings.about(r, Entries, want.String(), got.String())
	}
}
