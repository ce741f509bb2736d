package bank_test

import (
	"reflect"
	"strings"
	"testing"
	"time"

	"corebank/internal/bank"
)

// A story is one thing that is asked of Ada's account: what happened before,
// what is asked, and what becomes of it.
type story struct {
	given []bank.Event
	when  bank.Command
	then  bank.Event
	or    bank.Refusal // its message aside, which has to say what to do
}

// tell runs stories by their names.
func tell(t *testing.T, stories map[string]story) {
	t.Helper()
	for name, s := range stories {
		t.Run(name, func(t *testing.T) {
			account := accountAfter(s.given...)
			before := account
			event, refusal := account.Decide(s.when)
			if account != before {
				t.Errorf("the decision changed the account from %+v to %+v", before, account)
			}
			if refusal != nil {
				checkMessage(t, refusal.Message)
				refusal.Message = ""
			}
			switch {
			case s.then != nil && refusal != nil:
				t.Errorf("refused with %+v, want %+v", *refusal, s.then)
			case s.then != nil && !reflect.DeepEqual(event, s.then):
				t.Errorf("decided %+v, want %+v", event, s.then)
			case s.then == nil && refusal == nil:
				t.Errorf("decided %+v, want refusal %+v", event, s.or)
			case s.then == nil && !reflect.DeepEqual(*refusal, s.or):
				t.Errorf("refused with %+v, want %+v", *refusal, s.or)
			}
		})
	}
}

// checkMessage wants sentences for people: what is wrong and what to do.
func checkMessage(t *testing.T, message string) {
	t.Helper()
	if len(message) < 20 || !strings.HasSuffix(message, ".") || strings.Contains(message, "%!") {
		t.Errorf("message %q is not a sentence that says what to do", message)
	}
}

var ada = bank.NewAccountID("ada", "first")

// accountAfter is Ada's account after the events, a minute between each.
func accountAfter(events ...bank.Event) bank.Account {
	account := bank.Account{ID: ada}
	for i, e := range events {
		account = account.Apply(e, at(i+1))
	}
	return account
}

// at is the time of an account's version in stories.
func at(version int) time.Time {
	return time.Date(2026, 3, 1, 9, version, 0, 0, time.UTC)
}

func eur(cents int64) bank.Money { return bank.Money{Minor: cents, Currency: "EUR"} }
func usd(cents int64) bank.Money { return bank.Money{Minor: cents, Currency: "USD"} }
func jpy(yen int64) bank.Money   { return bank.Money{Minor: yen, Currency: "JPY"} }

func opened(currency bank.Currency) bank.AccountOpened {
	return bank.AccountOpened{Owner: "Ada Lovelace", Currency: currency}
}

func deposited(amount, balance bank.Money) bank.MoneyDeposited {
	return bank.MoneyDeposited{Amount: amount, Balance: balance, Postings: []bank.Posting{
		{LedgerAccount: "customer/" + string(ada), Amount: amount},
		{LedgerAccount: "cash/" + string(amount.Currency), Amount: bank.Money{Minor: -amount.Minor, Currency: amount.Currency}},
	}}
}

func withdrawn(amount, balance bank.Money) bank.MoneyWithdrawn {
	return bank.MoneyWithdrawn{Amount: amount, Balance: balance, Postings: []bank.Posting{
		{LedgerAccount: "customer/" + string(ada), Amount: bank.Money{Minor: -amount.Minor, Currency: amount.Currency}},
		{LedgerAccount: "cash/" + string(amount.Currency), Amount: amount},
	}}
}

// paidIn is how an account came to hold an amount.
func paidIn(amount bank.Money) []bank.Event {
	return []bank.Event{opened(amount.Currency), deposited(amount, amount)}
}

func invalidInput(field string) bank.Refusal {
	return bank.Refusal{Code: bank.InputInvalid, Field: field}
}

func invalidAmount(decimals int) bank.Refusal {
	return bank.Refusal{Code: bank.AmountInvalid, Field: "amount.value", MaxPrecision: &decimals}
}
