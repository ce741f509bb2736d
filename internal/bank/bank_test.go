package bank_test

import (
	"encoding/json"
	"reflect"
	"slices"
	"strings"
	"testing"
	"time"

	"corebank/internal/bank"
)

// A story is one thing that is asked of Ada's account: what happened before,
// a minute between each, what is asked, and what becomes of it.
type story struct {
	given []bank.Event
	now   time.Time // zero for a minute after the last event
	when  bank.Command
	then  bank.Event
	or    bank.Refusal // its message aside, which has to say what to do
	also  []bank.Code  // the further rules that it breaks
}

// tell runs stories by their names.
func tell(t *testing.T, stories map[string]story) {
	t.Helper()
	for name, s := range stories {
		t.Run(name, func(t *testing.T) {
			account, in := accountAfter(s.given...), bank.Circumstances{Now: s.now, Caller: "grace", Key: "key"}
			if in.Now.IsZero() {
				in.Now = at(len(s.given) + 1)
			}
			if version := account.RequiredVersion(s.when); version != 0 {
				in.Past = s.given[version-1]
			}
			in.Expiry = expiry(account, s.when, s.given)
			event, broken := judged(t, account, s.when, in)
			switch {
			case s.then != nil && len(broken) > 0:
				t.Errorf("refused with %+v, want %+v", *broken[0], s.then)
			case s.then != nil && !reflect.DeepEqual(event, s.then):
				t.Errorf("decided\n%+v, want\n%+v", event, s.then)
			case s.then != nil:
				checkFact(t, account, event, s.when, in.Now)
			case len(broken) == 0:
				t.Errorf("decided %+v, want refusal %+v", event, s.or)
			default:
				broken[0].Message = ""
				if !reflect.DeepEqual(*broken[0], s.or) || !slices.Equal(codes(broken[1:]), s.also) {
					t.Errorf("refused with\n%+v and %v, want\n%+v and %v", *broken[0], codes(broken[1:]), s.or, s.also)
				}
			}
		})
	}
}

// expiry is the event with which the hold expired that a command is about; nil if there is none.
func expiry(a bank.Account, c bank.Command, history []bank.Event) bank.Event {
	for _, e := range history {
		if expired, is := e.(bank.HoldExpired); is {
			if key, _ := bank.SystemKey(bank.ExpireHold{Hold: expired.Hold}); key == a.ExpiryKey(c) {
				return expired
			}
		}
	}
	return nil
}

// tester is a test or a property.
type tester interface {
	Helper()
	Errorf(format string, args ...any)
	Fatalf(format string, args ...any)
}

// judged is what becomes of a command, after a look at whether the real run
// and the dry one agree, the order of refusals, their messages, and that a
// decision changes nothing.
func judged(t tester, account bank.Account, c bank.Command, in bank.Circumstances) (bank.Event, bank.Refusals) {
	t.Helper()
	before := written(t, account)
	event, broken := account.Judge(c, in)
	real, refusal := account.Decide(c, in)
	if !reflect.DeepEqual(real, event) || (refusal == nil) != (len(broken) == 0) ||
		refusal != nil && !reflect.DeepEqual(refusal, broken[0]) {
		t.Fatalf("%+v: the real run says %+v, %+v, the dry one %+v, %+v", c, real, refusal, event, broken)
	}
	if after := written(t, account); after != before {
		t.Fatalf("%+v: the decision changed the account from\n%s to\n%s", c, before, after)
	}
	itself := len(bank.CheckNew(c, in.Key)) // rules of the command itself come first
	for _, some := range []bank.Refusals{broken[:min(itself, len(broken))], broken[min(itself, len(broken)):]} {
		if !slices.IsSortedFunc(some, func(x, y *bank.Refusal) int { return rank(x.Code) - rank(y.Code) }) {
			t.Fatalf("%+v: refused with %v, which is not the order of precedence", c, codes(broken))
		}
	}
	for _, refusal := range broken {
		checkMessage(t, refusal.Message)
	}
	return event, broken
}

// checkFact checks what holds for every new event: it says all, it balances,
// asking for it again is the same request, and the account after it comes back
// from a snapshot as it was.
func checkFact(t tester, account bank.Account, event bank.Event, c bank.Command, now time.Time) {
	t.Helper()
	if err := bank.CheckEvent(event); err != nil {
		t.Fatalf("%+v says %v", event, err)
	}
	if err := bank.CheckBalanced(event.PostingLines()); err != nil {
		t.Fatalf("%+v: %v", event, err)
	}
	if fields := bank.Conflicts(event, c); len(fields) > 0 {
		t.Fatalf("%+v: the same request again differs in %v", c, fields)
	}
	before := written(t, account)
	after := account.Apply(event, now)
	if got := written(t, account); got != before {
		t.Fatalf("%+v changed what a copy of the account holds from\n%s to\n%s", event, before, got)
	}
	var restored bank.Account
	if err := json.Unmarshal([]byte(written(t, after)), &restored); err != nil || !reflect.DeepEqual(restored, after) {
		t.Fatalf("the account\n%+v comes back from its snapshot as\n%+v, %v", after, restored, err)
	}
}

func written(t tester, account bank.Account) string {
	text, err := json.Marshal(account)
	if err != nil {
		t.Fatalf("%+v: %v", account, err)
	}
	return string(text)
}

// rank is a code's index in the order of precedence.
func rank(c bank.Code) int {
	return slices.IndexFunc(bank.Codes(), func(info bank.CodeInfo) bool { return info.Code == c })
}

func codes(broken bank.Refusals) (list []bank.Code) {
	for _, refusal := range broken {
		list = append(list, refusal.Code)
	}
	return list
}

// checkMessage wants sentences for people: what is wrong and what to do.
func checkMessage(t tester, message string) {
	t.Helper()
	if len(message) < 20 || !strings.HasSuffix(message, ".") || strings.Contains(message, "%!") {
		t.Errorf("message %q is not a sentence that says what to do", message)
	}
}

var (
	ada   = bank.NewAccountID("ada", "first")
	grace = bank.NewAccountID("grace", "first")
)

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

// amount is a pointer to euros, for what may be left out.
func amount(cents int64) *bank.Money {
	m := eur(cents)
	return &m
}

func opened(currency bank.Currency) bank.AccountOpened {
	return bank.AccountOpened{Owner: "Ada Lovelace", Currency: currency, Kind: bank.Current}
}

// moved is the money part of an event on Ada's account: change is negative for
// money that leaves.
func moved(change, balance bank.Money, other string) bank.Movement {
	sum, opposite := change, change
	sum.Minor, opposite.Minor = max(change.Minor, -change.Minor), -change.Minor
	return bank.Movement{Amount: sum, Balance: balance, Postings: []bank.Posting{
		{LedgerAccount: "customer/" + string(ada), Amount: change},
		{LedgerAccount: other + "/" + string(change.Currency), Amount: opposite},
	}}
}

func deposited(sum, balance bank.Money) bank.MoneyDeposited {
	return bank.MoneyDeposited{Movement: moved(sum, balance, "cash")}
}

func withdrawn(sum, balance bank.Money) bank.MoneyWithdrawn {
	sum.Minor = -sum.Minor
	return bank.MoneyWithdrawn{Movement: moved(sum, balance, "cash")}
}

// paidIn is how an account came to hold an amount.
func paidIn(sum bank.Money) []bank.Event {
	return []bank.Event{opened(sum.Currency), deposited(sum, sum)}
}

// then is a history with more events.
func then(history []bank.Event, more ...bank.Event) []bank.Event {
	return append(slices.Clip(history), more...)
}

func overdraft(cents int64) bank.LimitsSet {
	return bank.LimitsSet{Limits: bank.Limits{Overdraft: eur(cents)}}
}

var (
	frozenDebits  = bank.AccountFrozen{Debits: true, Reason: "court order", By: "bob"}
	frozenCredits = bank.AccountFrozen{Credits: true, Reason: "court order", By: "bob"}
)

// frozen is the refusal of an account that was frozen with a version.
func frozen(version int) bank.Refusal {
	return bank.Refusal{Code: bank.FrozenAccount, Field: "accountId", Since: at(version), Reason: "court order"}
}

func closed(version int) bank.Refusal {
	return bank.Refusal{Code: bank.ClosedAccount, Field: "accountId", Since: at(version)}
}

func mismatch(field string) bank.Refusal {
	return bank.Refusal{Code: bank.CurrencyMismatch, Field: field + ".currency", Expected: "EUR"}
}

var notFound = bank.Refusal{Code: bank.AccountNotFound, Field: "accountId"}

func short(available, shortfall bank.Money) bank.Refusal {
	return bank.Refusal{Code: bank.InsufficientFunds, Field: "amount", Available: &available, Shortfall: &shortfall}
}

func invalidInput(field string) bank.Refusal {
	return bank.Refusal{Code: bank.InputInvalid, Field: field}
}

func invalidAmount(decimals int) bank.Refusal {
	return bank.Refusal{Code: bank.AmountInvalid, Field: "amount.value", MaxPrecision: &decimals}
}
