package bank_test

import (
	"fmt"
	"math"
	"math/big"
	"reflect"
	"slices"
	"testing"
	"time"
	"unicode/utf8"

	"pgregory.net/rapid"

	"corebank/internal/bank"
)

var (
	// lengths of stories: most are long, since what is drawn from a range is
	// mostly near its ends.
	lengths = []int{60, 50, 70, 40, 80, 20, 5}
	// minors are amounts: mostly small, some at the edge of what there is.
	minors = rapid.OneOf(rapid.Int64Range(1, 1000), rapid.Int64Range(1, 1000), rapid.Int64Range(1, 1000),
		rapid.Int64Range(1, math.MaxInt64/2), rapid.Int64Range(math.MaxInt64-1000, math.MaxInt64),
		rapid.Int64Range(-10, 10), rapid.Just(int64(math.MinInt64)))
	currencies = rapid.SampledFrom(append(slices.Repeat([]bank.Currency{"EUR"}, 16),
		"USD", "JPY", "KWD", "CLF", "XXX", "eur", ""))
	texts = rapid.OneOf(rapid.Just(""), rapid.Just(""), rapid.Just(""), rapid.Just(""),
		rapid.StringOfN(letters, 0, 20, -1), rapid.StringOfN(letters, 139, 142, -1), rapid.StringOfN(letters, 498, 503, -1),
		rapid.SampledFrom([]string{"\x00", "a\u009fb", "a\u202eb", "\xc3\x28", " ", "a\u200bb", "a\ufffe"}))
	letters = rapid.RuneFrom([]rune("aZ09 .-äß語✓😀"))
	pauses  = rapid.SampledFrom([]time.Duration{0, 0, time.Microsecond, time.Second, time.Hour,
		13 * time.Hour, 8 * 24 * time.Hour})
	reasons = rapid.SampledFrom([]string{"r", "r", "r", "r", ""})
)

// drawMoney is an amount, now and then all that there is.
func drawMoney(t *rapid.T, name string, account bank.Account) bank.Money {
	if rapid.IntRange(0, 4).Draw(t, name+": all") == 2 {
		return account.Balance
	}
	return bank.Money{Minor: minors.Draw(t, name), Currency: currencies.Draw(t, name+" in")}
}

func drawOptional(t *rapid.T, name string, account bank.Account) *bank.Money {
	if rapid.Bool().Draw(t, name+" left out") {
		return nil
	}
	m := drawMoney(t, name, account)
	return &m
}

func drawDetails(t *rapid.T) bank.Details {
	return bank.Details{Reference: texts.Draw(t, "reference"), Memo: texts.Draw(t, "memo")}
}

// drawTime is none, mostly, or some time around now.
func drawTime(t *rapid.T, name string, now time.Time) time.Time {
	if rapid.IntRange(0, 3).Draw(t, name+"?") > 0 {
		return time.Time{}
	}
	return now.Add(time.Duration(rapid.Int64Range(-100, 100).Draw(t, name)) * time.Hour)
}

// drawCommand is mostly one that makes sense for the account.
func drawCommand(t *rapid.T, account bank.Account, now time.Time) bank.Command {
	version := rapid.OneOf(rapid.Int64Range(0, account.Version+1),
		rapid.Int64Range(max(0, account.Version-4), account.Version))
	switch rapid.IntRange(0, 23).Draw(t, "kind") {
	case 6:
		return bank.OpenAccount{Owner: texts.Draw(t, "owner"), Currency: currencies.Draw(t, "currency")}
	case 7:
		return bank.FreezeAccount{Debits: rapid.Bool().Draw(t, "debits"), Credits: true, Reason: "r"}
	case 8, 9:
		return bank.UnfreezeAccount{}
	case 10:
		return bank.CloseAccount{}
	case 5:
		limits := bank.Limits{PerTransaction: drawOptional(t, "per transaction", account),
			PerDay: drawOptional(t, "per day", account)}
		if m := drawOptional(t, "overdraft", account); m != nil {
			limits.Overdraft = *m
		}
		return bank.SetLimits{Limits: limits}
	case 2, 11:
		return bank.Withdraw{Amount: drawMoney(t, "amount", account), Details: drawDetails(t),
			EffectiveAt: drawTime(t, "effective", now)}
	case 4, 12, 13:
		return bank.PlaceHold{Amount: drawMoney(t, "amount", account), ExpiresAt: drawTime(t, "until", now)}
	case 14:
		return bank.CaptureHold{Hold: version.Draw(t, "hold"), Amount: drawOptional(t, "amount", account),
			ReleaseRest: rapid.Bool().Draw(t, "release")}
	case 16:
		if rapid.Bool().Draw(t, "adjust") {
			return bank.AdjustHold{Hold: version.Draw(t, "hold"), Amount: drawOptional(t, "amount", account),
				ExpiresAt: drawTime(t, "until", now)}
		}
		return bank.ReleaseHold{Hold: version.Draw(t, "hold")}
	case 17:
		return bank.ExpireHold{Hold: version.Draw(t, "hold")}
	case 0, 15:
		return bank.Reverse{Transaction: version.Draw(t, "transaction"), Amount: drawOptional(t, "amount", account),
			Reason: reasons.Draw(t, "reason")}
	case 1, 18:
		to := rapid.SampledFrom([]bank.AccountID{grace, grace, grace, ada}).Draw(t, "to")
		return bank.SendTransfer{To: to, Amount: drawMoney(t, "amount", account), EffectiveAt: drawTime(t, "effective", now)}
	case 3, 19, 20:
		return drawReceipt(t)
	case 21, 22:
		return drawEnd(t, account)
	default:
		return bank.Deposit{Amount: drawMoney(t, "amount", account), Details: drawDetails(t),
			EffectiveAt: drawTime(t, "effective", now)}
	}
}

// drawReceipt is a transfer as the bank would bring it: of a valid amount.
func drawReceipt(t *rapid.T) bank.Command {
	cents := rapid.OneOf(rapid.Int64Range(1, 1000), rapid.Int64Range(1, math.MaxInt64))
	currency := rapid.SampledFrom([]bank.Currency{"EUR", "EUR", "EUR", "USD"})
	id := bank.NewTransferID(grace, fmt.Sprint(rapid.Uint64().Draw(t, "transfer")))
	c := bank.ReceiveTransfer{Transfer: id, From: grace,
		Amount: bank.Money{Minor: cents.Draw(t, "amount"), Currency: currency.Draw(t, "in")}}
	if rapid.IntRange(0, 3).Draw(t, "as a reversal") == 0 {
		c.Reverses = trip
	}
	return c
}

func drawEnd(t *rapid.T, account bank.Account) bank.Command {
	id := trip
	if n := len(account.InTransit); n > 0 {
		id = account.InTransit[rapid.IntRange(0, n-1).Draw(t, "transit")].Transfer
	}
	if rapid.Bool().Draw(t, "arrived") {
		return bank.CompleteTransfer{Transfer: id}
	}
	return bank.ReturnTransfer{Transfer: id, Rejection: closedThere}
}

// TestTheBankAgreesWithALedger lets both answer any sequence of commands:
// never another answer, another balance, a debt beyond the overdraft or a line
// without its opposite; and the events tell it all again.
func TestTheBankAgreesWithALedger(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		account, model, history, times := bank.Account{ID: ada}, newLedger(), []bank.Event(nil), []time.Time(nil)
		now := at(0)
		steps := rapid.SampledFrom(lengths).Draw(t, "steps")
		for i := range steps {
			now = now.Add(pauses.Draw(t, "later"))
			c := drawCommand(t, account, now)
			if i == 2 { // after some that come too early
				kind := rapid.SampledFrom(bank.Kinds()).Draw(t, "kind")
				c = bank.OpenAccount{Owner: "Ada Lovelace", Currency: "EUR", Kind: kind}
			}
			if back, is := c.(bank.ReturnTransfer); is && model.transits[back.Transfer] != nil {
				back.SentAt = model.transits[back.Transfer].at
				c = back
			}
			in := bank.Circumstances{Now: now, Caller: "ada", Key: fmt.Sprint("key ", i)}
			if version := account.RequiredVersion(c); version != 0 {
				in.Past = history[version-1]
			}
			in.Expiry = expiry(account, c, history)
			event, broken := judged(t, account, c, in)
			want := model.allowed(c, now)
			if len(broken) > 0 {
				checkRefusal(t, c, broken[0], want, model, now)
				continue
			}
			if want != "" {
				t.Fatalf("%+v: accepted as %+v, want %s", c, event, want)
			}
			checkFact(t, account, event, c, now)
			account = account.Apply(event, now)
			history, times = append(history, event), append(times, now)
			model.record(c, event, account.Version, now)
			checkAccount(t, account, model, history, now)
		}
		replayed := bank.Account{ID: ada}
		for i, e := range history {
			replayed = replayed.Apply(e, times[i])
		}
		if !reflect.DeepEqual(replayed, account) {
			t.Fatalf("replayed, the account is\n%+v, it was\n%+v", replayed, account)
		}
	})
}

func checkRefusal(t *rapid.T, c bank.Command, r *bank.Refusal, want bank.Code, model *ledger, now time.Time) {
	if r.Code != want {
		t.Fatalf("%+v: refused with %+v, want %q", c, *r, want)
	}
	if !utf8.ValidString(r.Message) {
		t.Fatalf("%+v: message %q", c, r.Message)
	}
	if r.Code == bank.InsufficientFunds {
		if whole(r.Available.Minor).Cmp(model.available(now)) != 0 || r.Shortfall.Minor <= 0 {
			t.Fatalf("%+v: available %s, short of %s; want %s", c, r.Available, r.Shortfall, model.available(now))
		}
	}
}

func checkAccount(t *rapid.T, account bank.Account, model *ledger, history []bank.Event, now time.Time) {
	same := func(what string, got int64, want *big.Int) {
		if whole(got).Cmp(want) != 0 {
			t.Fatalf("%s: %d, want %s", what, got, want)
		}
	}
	same("balance", account.Balance.Minor, model.balance)
	same("held", account.Held(now).Minor, model.held(now))
	same("available", account.Available(now).Minor, model.available(now))
	same("in transit", account.MoneyInTransit().Minor, model.inTransit())
	if spent := account.SumSpentOn(now); spent.Cmp(model.spent(now)) != 0 {
		t.Fatalf("spent: %s, want %s", spent, model.spent(now))
	}
	if model.available(now).Sign() < 0 || model.overfull(new(big.Int), model.overdraft) {
		t.Fatalf("available %s, balance %s, in transit %s", model.available(now), model.balance, model.inTransit())
	}
	if account.Currency != model.currency || account.Balance.Currency != model.currency ||
		account.IsOpen() != model.open || account.IsClosed() != model.closed {
		t.Fatalf("the account is %+v, want it in %s, open %v, closed %v", account, model.currency, model.open, model.closed)
	}
	for version, m := range model.moves {
		reversed := m.minor - m.rest
		same := func(r bank.Reversed) bool { return r.Version == version && r.Minor == reversed }
		if slices.ContainsFunc(account.Reversed, same) != (reversed != 0) {
			t.Fatalf("of transaction %d, %d were reversed; the account knows %+v", version, reversed, account.Reversed)
		}
	}
	if account.Version != int64(len(history)) || account.ChangedAt != now ||
		len(account.Holds) != count(model.holds) || len(account.InTransit) != count(model.transits) {
		t.Fatalf("after %d events at %s: %+v", len(history), now, account)
	}
	var customer, total big.Int
	for _, e := range history {
		for _, p := range e.PostingLines() {
			if p.Amount.Currency != account.Currency {
				t.Fatalf("%+v: a posting in %s", e, p.Amount.Currency)
			}
			total.Add(&total, whole(p.Amount.Minor))
			if p.LedgerAccount == "customer/"+string(ada) {
				customer.Add(&customer, whole(p.Amount.Minor))
			}
		}
	}
	if total.Sign() != 0 || customer.Cmp(model.balance) != 0 {
		t.Fatalf("the postings sum to %s, the customer's to %s, want 0 and %s", &total, &customer, model.balance)
	}
}
