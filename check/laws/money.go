package laws

import (
	"fmt"
	"slices"
	"strings"

	"corebank/internal/bank"
	"corebank/internal/contract"
)

// changeOf is what the event does to the balance of an account, by its amount alone. An event that moves money and
// that it does not know is a programming error, and panics.
func changeOf(before bank.Account, event bank.Event) bank.Money {
	switch e := event.(type) {
	case bank.AccountOpened:
		return bank.Money{Currency: e.Currency}
	case bank.MoneyDeposited:
		return e.Amount
	case bank.TransferReceived:
		return e.Amount
	case bank.TransferReturned:
		return e.Amount
	case bank.MoneyWithdrawn:
		return minus(e.Amount)
	case bank.HoldCaptured:
		return minus(e.Amount)
	case bank.TransferSent:
		return minus(e.Amount)
	case bank.TransactionReversed:
		return signed(e.Amount, e.Credit)
	case bank.LegPosted:
		return signed(e.Amount, e.Credit)
	}
	if len(event.PostingLines()) > 0 {
		panic(fmt.Sprintf("laws: no change for event %T", event))
	}
	return bank.Money{Currency: before.Currency}
}

func signed(m bank.Money, credit bool) bank.Money {
	if credit {
		return m
	}
	return minus(m)
}

func minus(m bank.Money) bank.Money { return bank.Money{Minor: -m.Minor, Currency: m.Currency} }

// counterparts are the ledger accounts that an event may move money to or from.
func counterparts(event bank.Event, c bank.Currency) []string {
	switch event.(type) {
	case bank.HoldCaptured:
		return []string{bank.SettlementLedger(c)}
	case bank.TransferSent, bank.TransferReceived, bank.TransferReturned, bank.LegPosted:
		return []string{bank.TransitLedger(c)}
	case bank.TransactionReversed:
		return []string{bank.CashLedger(c), bank.SettlementLedger(c)}
	}
	return []string{bank.CashLedger(c)}
}

// checkPostings holds the double entry against the event. As it is zero for every event, it is zero at every prefix
// of the log.
func (l *Log) checkPostings(r contract.Record, event bank.Event, change bank.Money) {
	own, stranger := bank.Money{Currency: change.Currency}, ""
	var failed error
	for _, p := range event.PostingLines() {
		switch {
		case p.LedgerAccount == bank.CustomerLedger(r.Account):
			if own, failed = own.Add(p.Amount); failed != nil {
				stranger = fmt.Sprintf("%s on %s: %v", p.Amount, p.LedgerAccount, failed)
			}
		case !slices.Contains(counterparts(event, p.Amount.Currency), p.LedgerAccount):
			stranger = fmt.Sprintf("%s on %q", p.Amount, p.LedgerAccount)
		}
	}
	l.trial.Add(r.At, event.PostingLines())
	err := bank.CheckBalanced(event.PostingLines())
	switch {
	case err != nil:
		l.findings.about(r, Postings, "postings that sum to zero", err.Error())
	case stranger != "":
		var kinds []string
		for _, ledger := range counterparts(event, change.Currency) {
			kinds = append(kinds, bank.LedgerKind(ledger))
		}
		l.findings.about(r, Postings,
			fmt.Sprintf("postings between the account and %s in its currency", strings.Join(kinds, " or ")), stranger)
	case own != change:
		l.findings.about(r, Postings, fmt.Sprintf("%s on the account, which is the event's amount", change), own.String())
	}
}

// checkBalance adds the change to the account and holds what the event states against it. A difference is found
// where it begins or changes, not again in every event that carries it on.
func (l *Log) checkBalance(r contract.Record, acc *account, change bank.Money) {
	currency, stated := acc.state.Currency, acc.state.Balance
	if change.Currency != currency {
		l.findings.about(r, Balance, fmt.Sprintf("an amount in %s, like the account", currency), change.String())
	}
	before := bank.Money{Minor: acc.sum, Currency: currency}
	sum, err := before.Add(bank.Money{Minor: change.Minor, Currency: currency})
	if err != nil {
		l.findings.about(r, Balance, "a balance that can be held", fmt.Sprintf("%s after %s: %v", change, before, err))
		acc.sum, acc.carried = stated.Minor, 0
		return
	}
	carried := stated.Minor - sum.Minor
	if carried != 0 && carried != acc.carried {
		l.findings.about(r, Balance, sum.String(), stated.String())
	}
	acc.sum, acc.carried = sum.Minor, carried
	l.checkEnough(r, acc, sum)
}

// checkEnough holds the sum to the overdraft, and what is left of it to the holds. That there is too little is
// found where it begins.
func (l *Log) checkEnough(r contract.Record, acc *account, sum bank.Money) {
	lowest := minus(acc.state.Limits.Overdraft)
	lowest.Currency = sum.Currency
	left := bank.Money{Minor: sum.Minor - acc.state.Held(r.At).Minor, Currency: sum.Currency}
	short := left.Minor < lowest.Minor
	switch {
	case !short || acc.short:
	case sum.Minor < lowest.Minor:
		l.findings.about(r, Limit, "a balance of at least "+lowest.String(), sum.String())
	default:
		l.findings.about(r, Available, "a balance less holds of at least "+lowest.String(), left.String())
	}
	acc.short = short
}
