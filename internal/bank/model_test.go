package bank_test

import (
	"math"
	"math/big"
	"regexp"
	"strings"
	"testing"
	"time"
	"unicode/utf8"

	"pgregory.net/rapid"

	"corebank/internal/bank"
)

// ledger is one account again, as naively as can be: numbers without bounds
// and one rule after the other. It shares no code with the bank.
type ledger struct {
	open     bool
	currency bank.Currency
	balance  big.Int
}

// known are the currencies that commands are drawn from, and some that are none.
var known = map[bank.Currency]bool{"EUR": true, "USD": true, "JPY": true, "KWD": true, "CLF": true}

var largest = big.NewInt(math.MaxInt64)

// ask says with which code a command has to be refused, "" for none, and takes
// note of what happens.
func (l *ledger) ask(c bank.Command) bank.Code {
	switch c := c.(type) {
	case bank.OpenAccount:
		switch {
		case !isText(c.Owner, 1, 140):
			return "INPUT_INVALID"
		case !known[c.Currency]:
			return "CURRENCY_UNKNOWN"
		case l.open:
			return "ACCOUNT_ALREADY_OPEN"
		}
		l.open, l.currency = true, c.Currency
		return ""
	case bank.Deposit:
		return l.move(c.Amount, c.Reference, c.Memo, big.NewInt(c.Amount.Minor))
	default:
		w := c.(bank.Withdraw)
		return l.move(w.Amount, w.Reference, w.Memo, new(big.Int).Neg(big.NewInt(w.Amount.Minor)))
	}
}

func (l *ledger) move(amount bank.Money, reference, memo string, change *big.Int) bank.Code {
	after := new(big.Int).Add(&l.balance, change)
	switch {
	case !isText(reference, 0, 140) || !isText(memo, 0, 500):
		return "INPUT_INVALID"
	case !known[amount.Currency]:
		return "CURRENCY_UNKNOWN"
	case amount.Minor <= 0:
		return "AMOUNT_INVALID"
	case !l.open:
		return "ACCOUNT_NOT_FOUND"
	case amount.Currency != l.currency:
		return "CURRENCY_MISMATCH"
	case after.Cmp(largest) > 0:
		return "BALANCE_TOO_LARGE"
	case after.Sign() < 0:
		return "INSUFFICIENT_FUNDS"
	}
	l.balance.Set(after)
	return ""
}

var control = regexp.MustCompile(`\p{Cc}`)

func isText(s string, least, most int) bool {
	n := len([]rune(s))
	return utf8.ValidString(s) && n >= least && n <= most && !control.MatchString(s)
}

// anyCommand is mostly one that makes sense: payments in euros.
var anyCommand = rapid.Custom(func(t *rapid.T) bank.Command {
	currency := rapid.SampledFrom([]bank.Currency{"EUR", "EUR", "EUR", "EUR", "EUR", "EUR", "USD", "JPY", "KWD", "CLF", "XXX", "eur", ""})
	minor := rapid.OneOf(rapid.Int64Range(1, 1000), rapid.Int64Range(1, math.MaxInt64/2),
		rapid.Int64Range(math.MaxInt64-1000, math.MaxInt64), rapid.Int64Range(-10, 10), rapid.Just(int64(math.MinInt64)))
	text := rapid.OneOf(rapid.Just(""), rapid.Just(""), rapid.StringN(0, 20, -1), rapid.StringN(139, 142, -1),
		rapid.StringN(498, 503, -1), rapid.SampledFrom([]string{"\x00", "a\u009fb", "\xc3\x28"}))
	amount := bank.Money{Minor: minor.Draw(t, "minor"), Currency: currency.Draw(t, "currency")}
	switch rapid.IntRange(0, 8).Draw(t, "kind") {
	case 0:
		return bank.OpenAccount{Owner: text.Draw(t, "owner"), Currency: amount.Currency}
	case 1, 2, 3, 4:
		return bank.Deposit{Amount: amount, Reference: text.Draw(t, "reference"), Memo: text.Draw(t, "memo")}
	default:
		return bank.Withdraw{Amount: amount, Reference: text.Draw(t, "reference"), Memo: text.Draw(t, "memo")}
	}
})

// TestTheBankAgreesWithALedger lets both answer any sequence of commands:
// never another answer, another balance, a debt or a line without its
// opposite; and the events tell it all again.
func TestTheBankAgreesWithALedger(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		commands := rapid.SliceOfN(anyCommand, 0, 3).Draw(t, "too early")
		commands = append(commands, bank.OpenAccount{Owner: "Ada Lovelace", Currency: "EUR"})
		commands = append(commands, rapid.SliceOfN(anyCommand, 0, 60).Draw(t, "commands")...)
		account, history := bank.Account{ID: ada}, []bank.Event(nil)
		var model ledger
		for _, c := range commands {
			before := account
			event, refusal := account.Decide(c)
			if account != before {
				t.Fatalf("%+v: the decision changed the account", c)
			}
			want := model.ask(c)
			if refusal != nil {
				checkRefusal(t, c, refusal, want, account)
				continue
			}
			if want != "" {
				t.Fatalf("%+v: accepted as %+v, want %s", c, event, want)
			}
			history = append(history, event)
			account = account.Apply(event, moment(len(history)))
			checkAccount(t, account, &model, history)
		}
		replayed := bank.Account{ID: ada}
		for i, e := range history {
			replayed = replayed.Apply(e, moment(i+1))
		}
		if replayed != account {
			t.Fatalf("replayed, the account is %+v, it was %+v", replayed, account)
		}
	})
}

// moment is the time of an account's version in properties.
func moment(version int) time.Time { return at(0).Add(time.Duration(version) * time.Microsecond) }

func checkRefusal(t *rapid.T, c bank.Command, r *bank.Refusal, want bank.Code, account bank.Account) {
	if r.Code != want {
		t.Fatalf("%+v: refused with %+v, want %q", c, *r, want)
	}
	if !strings.HasSuffix(r.Message, ".") || strings.Contains(r.Message, "%!") || !utf8.ValidString(r.Message) {
		t.Fatalf("%+v: message %q", c, r.Message)
	}
	if r.Code == bank.InsufficientFunds {
		asked := new(big.Int).Add(big.NewInt(r.Available.Minor), big.NewInt(r.Shortfall.Minor))
		if *r.Available != account.Balance || asked.Cmp(big.NewInt(c.(bank.Withdraw).Amount.Minor)) != 0 {
			t.Fatalf("%+v of %s: available %s, short of %s", c, account.Balance, r.Available, r.Shortfall)
		}
	}
}

func checkAccount(t *rapid.T, account bank.Account, model *ledger, history []bank.Event) {
	if account.Balance.Minor < 0 || model.balance.Cmp(big.NewInt(account.Balance.Minor)) != 0 {
		t.Fatalf("the balance is %s, want %s minor units", account.Balance, &model.balance)
	}
	if account.Currency != model.currency || account.Balance.Currency != model.currency {
		t.Fatalf("the account is kept in %s and %s, want %s", account.Currency, account.Balance.Currency, model.currency)
	}
	if account.Version != int64(len(history)) || account.OpenedAt != moment(1) || account.ChangedAt != moment(len(history)) {
		t.Fatalf("after %d events: %+v", len(history), account)
	}
	var customer, total big.Int
	for _, e := range history {
		if err := bank.CheckBalanced(e.PostingLines()); err != nil {
			t.Fatalf("%+v: %v", e, err)
		}
		if err := bank.CheckEvent(e); err != nil {
			t.Fatalf("%+v: %v", e, err)
		}
		for _, p := range e.PostingLines() {
			if p.Amount.Currency != account.Currency {
				t.Fatalf("%+v: a posting in %s", e, p.Amount.Currency)
			}
			total.Add(&total, big.NewInt(p.Amount.Minor))
			if p.LedgerAccount == "customer/"+string(ada) {
				customer.Add(&customer, big.NewInt(p.Amount.Minor))
			}
		}
	}
	if total.Sign() != 0 || customer.Cmp(&model.balance) != 0 {
		t.Fatalf("the postings sum to %s, the customer's to %s, want 0 and %s", &total, &customer, &model.balance)
	}
}
