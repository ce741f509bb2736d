package audit

import (
	"fmt"
	"math/big"
	"slices"
	"strings"

	"corebank/internal/bank"
	"corebank/internal/contract"
)

// changeOf is what the event does to the balance of an account, by its amount
// alone. An event that moves money and that it does not know is a programming
// error, and panics.
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
		if e.Credit {
			return e.Amount
		}
		return minus(e.Amount)
	}
	if len(event.PostingLines()) > 0 {
		panic(fmt.Sprintf("audit: no change for event %T", event))
	}
	return bank.Money{Currency: before.Currency}
}

func minus(m bank.Money) bank.Money { return bank.Money{Minor: -m.Minor, Currency: m.Currency} }

// counterparts are the ledger accounts that an event may move money to or from.
func counterparts(event bank.Event, c bank.Currency) []string {
	switch event.(type) {
	case bank.HoldCaptured:
		return []string{bank.SettlementLedger(c)}
	case bank.TransferSent, bank.TransferReceived, bank.TransferReturned:
		return []string{bank.TransitLedger(c)}
	case bank.TransactionReversed:
		return []string{bank.CashLedger(c), bank.SettlementLedger(c)}
	}
	return []string{bank.CashLedger(c)}
}

// checkPostings holds the double entry against the event. As it is zero for
// every event, it is zero at every prefix of the log.
func (a *Auditor) checkPostings(r contract.Record, event bank.Event, change bank.Money) {
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
	a.trial.Add(r.At, event.PostingLines())
	err := bank.CheckBalanced(event.PostingLines())
	switch {
	case err != nil:
		a.findings.about(r, RulePostings, "postings that sum to zero", err.Error())
	case stranger != "":
		var kinds []string
		for _, ledger := range counterparts(event, change.Currency) {
			kinds = append(kinds, bank.LedgerKind(ledger))
		}
		a.findings.about(r, RulePostings, fmt.Sprintf("postings between the account and %s in its currency", strings.Join(kinds, " or ")), stranger)
	case own != change:
		a.findings.about(r, RulePostings, fmt.Sprintf("%s on the account, which is the event's amount", change), own.String())
	}
}

// checkBalance adds the change to the account and holds what the event states
// against it. A difference is found where it begins or changes, not again in
// every event that carries it on.
func (a *Auditor) checkBalance(r contract.Record, acc *account, change bank.Money) {
	currency, stated := acc.state.Currency, acc.state.Balance
	if change.Currency != currency {
		a.findings.about(r, RuleBalance, fmt.Sprintf("an amount in %s, like the account", currency), change.String())
	}
	before := bank.Money{Minor: acc.sum, Currency: currency}
	sum, err := before.Add(bank.Money{Minor: change.Minor, Currency: currency})
	if err != nil {
		a.findings.about(r, RuleBalance, "a balance that can be held", fmt.Sprintf("%s after %s: %v", change, before, err))
		acc.sum, acc.carried = stated.Minor, 0
		return
	}
	carried := stated.Minor - sum.Minor
	if carried != 0 && carried != acc.carried {
		a.findings.about(r, RuleBalance, sum.String(), stated.String())
	}
	acc.sum, acc.carried = sum.Minor, carried
	a.checkEnough(r, acc, sum)
}

// checkEnough holds the sum to the overdraft, and what is left of it to the
// holds. That there is too little is found where it begins.
func (a *Auditor) checkEnough(r contract.Record, acc *account, sum bank.Money) {
	least := minus(acc.state.Limits.Overdraft)
	least.Currency = sum.Currency
	left := bank.Money{Minor: sum.Minor - acc.state.Held(r.At).Minor, Currency: sum.Currency}
	short := left.Minor < least.Minor
	switch {
	case !short || acc.short:
	case sum.Minor < least.Minor:
		a.findings.about(r, RuleLimit, "a balance of at least "+least.String(), sum.String())
	default:
		a.findings.about(r, RuleAvailable, "a balance less holds of at least "+least.String(), left.String())
	}
	acc.short = short
}

// Total is what the ledger accounts of one currency come to at the end of the
// log, as decimals: they sum to zero.
type Total struct {
	Currency   bank.Currency `json:"currency"`
	Customers  string        `json:"customers"`
	Cash       string        `json:"cash"`
	Transit    string        `json:"transit"`
	Settlement string        `json:"settlement"`
}

// totalsByCurrency are sorted by currency.
func (a *Auditor) totalsByCurrency() []Total {
	totals := []Total{}
	for _, sum := range a.trial.Trial(a.position).Totals {
		c := sum.Currency
		if n := len(totals); n == 0 || totals[n-1].Currency != c {
			none := decimal(new(big.Int), c)
			totals = append(totals, Total{Currency: c, Customers: none, Cash: none, Transit: none, Settlement: none})
		}
		of := &totals[len(totals)-1]
		for ledger, text := range map[string]*string{bank.CustomerLedger(""): &of.Customers, bank.CashLedger(c): &of.Cash,
			bank.TransitLedger(c): &of.Transit, bank.SettlementLedger(c): &of.Settlement} {
			if bank.LedgerKind(ledger) == sum.Kind {
				*text = decimal(sum.Sum, c)
			}
		}
	}
	return totals
}

// decimal writes an amount that may be larger than bank.Money holds.
func decimal(minor *big.Int, currency bank.Currency) string {
	exponent, _ := currency.Exponent()
	digits := new(big.Int).Abs(minor).String()
	for len(digits) <= exponent {
		digits = "0" + digits
	}
	if exponent > 0 {
		digits = digits[:len(digits)-exponent] + "." + digits[len(digits)-exponent:]
	}
	if minor.Sign() < 0 {
		return "-" + digits
	}
	return digits
}
