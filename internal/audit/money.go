package audit

import (
	"fmt"
	"maps"
	"math/big"
	"slices"

	"corebank/internal/bank"
	"corebank/internal/contract"
)

// changeOf is what the event does to the account's balance, by its amount
// alone. An event that it does not know is a programming error, and panics.
func changeOf(event bank.Event) bank.Money {
	switch e := event.(type) {
	case bank.AccountOpened:
		return bank.Money{Currency: e.Currency}
	case bank.MoneyDeposited:
		return e.Amount
	case bank.MoneyWithdrawn:
		return bank.Money{Minor: -e.Amount.Minor, Currency: e.Amount.Currency}
	default:
		panic(fmt.Sprintf("audit: no change for event %T", e))
	}
}

// floor is the least balance that an account may have, in minor units.
const floor = 0

// sums are what the ledger accounts of one currency come to, wider than any
// one account can hold.
type sums struct{ customers, cash big.Int }

func (a *Auditor) sums(currency bank.Currency) *sums {
	s := a.totals[currency]
	if s == nil {
		s = new(sums)
		a.totals[currency] = s
	}
	return s
}

// checkPostings holds the double entry against the event. As it is zero for
// every event, it is zero at every prefix of the log.
func (a *Auditor) checkPostings(r contract.Record, event bank.Event, change bank.Money) {
	own, stranger := bank.Money{Currency: change.Currency}, ""
	var failed error
	for _, p := range event.PostingLines() {
		switch amount := big.NewInt(p.Amount.Minor); p.LedgerAccount {
		case bank.CustomerLedger(r.Account):
			if own, failed = own.Add(p.Amount); failed != nil {
				stranger = fmt.Sprintf("%s on %s: %v", p.Amount, p.LedgerAccount, failed)
			}
			s := a.sums(p.Amount.Currency)
			s.customers.Add(&s.customers, amount)
		case bank.CashLedger(p.Amount.Currency):
			s := a.sums(p.Amount.Currency)
			s.cash.Add(&s.cash, amount)
		default:
			stranger = fmt.Sprintf("%s on %q", p.Amount, p.LedgerAccount)
		}
	}
	err := bank.CheckBalanced(event.PostingLines())
	switch {
	case err != nil:
		a.findings.about(r, RulePostings, "postings that sum to zero", err.Error())
	case stranger != "":
		a.findings.about(r, RulePostings, "postings between the account and cash in its currency", stranger)
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
	if sum.Minor < floor && before.Minor >= floor {
		a.findings.about(r, RuleLimit, "a balance of at least "+bank.Money{Minor: floor, Currency: currency}.String(), sum.String())
	}
	acc.sum, acc.carried = sum.Minor, carried
}

// Total is what the ledger accounts of one currency come to at the end of the
// log, as decimals: they sum to zero.
type Total struct {
	Currency  bank.Currency `json:"currency"`
	Customers string        `json:"customers"`
	Cash      string        `json:"cash"`
}

// totalsByCurrency are sorted by currency.
func (a *Auditor) totalsByCurrency() []Total {
	totals := make([]Total, 0, len(a.totals))
	for _, currency := range slices.Sorted(maps.Keys(a.totals)) {
		s := a.totals[currency]
		totals = append(totals, Total{Currency: currency, Customers: decimal(&s.customers, currency), Cash: decimal(&s.cash, currency)})
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
