package bank_test

import (
	"math"
	"slices"
	"strings"
	"testing"
	"time"

	"corebank/internal/bank"
)

// A question is a command with all that an answer depends on.
type question struct {
	key     string
	account bank.Account
	earlier bank.Event // what the key was used for before
	now     time.Time
	past    bank.Event
	expiry  bank.Event
	command bank.Command
	taken   bool // the external id is another account's
}

// answer asks in the order in which an account's actor has to: the request
// itself, its key, the account, and then other accounts.
func (q question) answer(t *testing.T) *bank.Refusal {
	if refusal := bank.CheckKey(q.key); refusal != nil {
		return refusal
	}
	if refusal := bank.Check(q.command); refusal != nil {
		return refusal
	}
	if q.earlier != nil {
		return bank.RefuseConflict(bank.Conflicts(q.earlier, q.command))
	}
	in := bank.Circumstances{Now: q.now, Key: q.key, Past: q.past, Expiry: q.expiry}
	_, broken := judged(t, q.account, q.command, in)
	if len(broken) > 0 {
		return broken[0]
	}
	if q.taken {
		return bank.RefuseTaken(grace)
	}
	return nil
}

// A healing says which rule answers, and then heals it.
type healing struct {
	code bank.Code
	heal func(q *question)
}

// begin is the start of every chain: key and account are wrong, too.
func begin(then ...healing) []healing {
	return append([]healing{
		{bank.InputInvalid, func(q *question) { q.key = "corebank/receive/1" }},
		{bank.InputInvalid, func(q *question) { q.key = "k" }},
	}, then...)
}

func unused(q *question) { q.earlier = nil }

// state heals the account.
func state(a bank.Account) func(*question) { return func(q *question) { q.account = a } }

// ask heals the command.
func ask(c bank.Command) func(*question) { return func(q *question) { q.command = c } }

var long = strings.Repeat("x", 501)

// TestRefusalsByDescendingPrecedence breaks as many rules at once as a command
// can, and then heals the first of them, row by row: the next must answer, in
// the order of the registry; and in the end nothing is wrong.
func TestRefusalsByDescendingPrecedence(t *testing.T) {
	seen := make(map[bank.Code]bool)
	chains := []map[string]chain{openingChains(), paymentChains(), holdChains(), reversalChains()}
	for _, some := range chains {
		for name, c := range some {
			t.Run(name, func(t *testing.T) {
				q, last := c.from, 0
				q.earlier = bank.AccountFrozen{}
				for i, row := range c.rows {
					refusal := q.answer(t)
					if refusal == nil || refusal.Code != row.code {
						t.Fatalf("row %d, %+v: refused with %+v, want %s", i+1, q.command, refusal, row.code)
					}
					if position := rank(row.code); position < last {
						t.Errorf("row %d: %s stands earlier in the registry", i+1, row.code)
					} else {
						last = position
					}
					seen[row.code] = true
					row.heal(&q)
				}
				if refusal := q.answer(t); refusal != nil {
					t.Errorf("all is healed: %+v", refusal)
				}
			})
		}
	}
	seen[bank.TransferPending] = true // the gateway looks into both accounts
	for _, info := range bank.Codes() {
		if !seen[info.Code] {
			t.Errorf("no chain goes through %s", info.Code)
		}
	}
}

type chain struct {
	from question
	rows []healing
}

func openingChains() map[string]chain {
	never, open, closing := accountAfter(), accountAfter(opened("EUR")), accountAfter(opened("EUR"), bank.AccountClosed{})
	savings := accountAfter(bank.AccountOpened{Owner: "Ada", Currency: "EUR", Kind: bank.Savings})
	indebted := accountAfter(opened("EUR"), overdraft(9), withdrawn(eur(2), eur(-2)))
	indebtedSavings := indebted
	indebtedSavings.Kind = bank.Savings
	full := accountAfter(paidIn(eur(math.MaxInt64))...)
	limits := func(overdraft, perDay bank.Money) bank.SetLimits {
		return bank.SetLimits{Limits: bank.Limits{Overdraft: overdraft, PerDay: &perDay}}
	}
	return map[string]chain{
		"opening": {question{account: open, taken: true, command: bank.OpenAccount{Currency: "XXX"}}, begin(
			healing{bank.InputInvalid, ask(bank.OpenAccount{Owner: "Ada", Currency: "XXX"})},
			healing{bank.CurrencyUnknown, ask(bank.OpenAccount{Owner: "Ada", Currency: "EUR"})},
			healing{bank.IdempotencyConflict, unused},
			healing{bank.AccountAlreadyOpen, state(never)},
			healing{bank.ExternalIDTaken, func(q *question) { q.taken = false }})},
		"limits": {question{account: never, command: limits(bank.Money{Minor: -1, Currency: "XXX"}, usd(-1))}, begin(
			healing{bank.CurrencyUnknown, ask(limits(usd(-1), usd(1)))},
			healing{bank.AmountInvalid, ask(limits(eur(1), usd(1)))},
			healing{bank.IdempotencyConflict, unused},
			healing{bank.AccountNotFound, state(closing)},
			healing{bank.ClosedAccount, state(indebtedSavings)},
			healing{bank.CurrencyMismatch, ask(limits(eur(1), eur(1)))},
			healing{bank.OverdraftNotAllowed, state(indebted)},
			healing{bank.OverdraftInUse, ask(limits(eur(2), eur(1)))})},
		"savings beyond all measure": {question{account: full, command: limits(eur(1), eur(1))}, begin(
			healing{bank.IdempotencyConflict, func(q *question) { q.earlier, q.account.Kind = nil, bank.Savings }},
			healing{bank.OverdraftNotAllowed, func(q *question) { q.account.Kind = bank.Current }},
			healing{bank.BalanceTooLarge, state(open)})},
		"no overdraft of savings": {question{account: savings, command: limits(bank.Money{}, eur(1))}, begin(
			healing{bank.IdempotencyConflict, unused})},
		"freezing no more": {question{account: never, command: bank.UnfreezeAccount{Reason: long}}, begin(
			healing{bank.InputInvalid, ask(bank.UnfreezeAccount{})},
			healing{bank.IdempotencyConflict, unused},
			healing{bank.AccountNotFound, state(closing)},
			healing{bank.ClosedAccount, state(open)},
			healing{bank.AccountNotFrozen, state(accountAfter(opened("EUR"), frozenDebits))})},
		"closing": {question{account: never, command: bank.CloseAccount{Reason: long}}, begin(
			healing{bank.InputInvalid, ask(bank.CloseAccount{})},
			healing{bank.IdempotencyConflict, unused},
			healing{bank.AccountNotFound, state(closing)},
			healing{bank.ClosedAccount, state(accountAfter(paidIn(eur(1))...))},
			healing{bank.AccountNotEmpty, state(open)})},
	}
}

func paymentChains() map[string]chain {
	never, closing := accountAfter(), accountAfter(opened("EUR"), bank.AccountClosed{})
	open := accountAfter(opened("EUR"), limited(amount(1), nil))
	crowded := open
	crowded.InTransit = make([]bank.Transit, bank.MaxInTransit)
	iced := crowded
	iced.Freeze = bank.Freeze{Debits: true, Since: at(1), Reason: "r"}
	rich, full := crowded, accountAfter(paidIn(eur(math.MaxInt64))...)
	rich.Balance = eur(100)
	icedFull := full
	icedFull.Freeze = bank.Freeze{Credits: true, Since: at(1), Reason: "r"}
	now := at(60)
	worthless := bank.Money{Minor: -1, Currency: "XXX"}
	send := func(to bank.AccountID, sum bank.Money, memo string, at time.Time) bank.SendTransfer {
		return bank.SendTransfer{To: to, Amount: sum, Details: bank.Details{Memo: memo}, EffectiveAt: at}
	}
	pay := func(sum bank.Money, memo string) bank.Deposit {
		return bank.Deposit{Amount: sum, Details: bank.Details{Memo: memo}}
	}
	return map[string]chain{
		"sending": {question{account: never, now: now, command: send(ada, worthless, long, at(99))}, begin(
			healing{bank.InputInvalid, ask(send(ada, worthless, "", time.Time{}))},
			healing{bank.CurrencyUnknown, ask(send(ada, usd(-1), "", time.Time{}))},
			healing{bank.AmountInvalid, ask(send(ada, usd(2), "", time.Time{}))},
			healing{bank.IdempotencyConflict, unused},
			healing{bank.AccountNotFound, state(closing)},
			healing{bank.ClosedAccount, state(iced)},
			healing{bank.SameAccount, ask(send(grace, usd(2), "", time.Time{}))},
			healing{bank.CurrencyMismatch, ask(send(grace, eur(2), "", time.Time{}))},
			healing{bank.FrozenAccount, state(crowded)},
			healing{bank.LimitExceeded, ask(send(grace, eur(1), "", time.Time{}))},
			healing{bank.InsufficientFunds, state(rich)},
			healing{bank.TooManyOpenItems, state(accountAfter(paidIn(eur(5))...))})},
		"sending tomorrow, which only the clock knows": {
			question{account: closing, now: now, command: send(ada, usd(2), "", at(61))},
			[]healing{
				{bank.InputInvalid, func(q *question) { q.key, q.earlier = "k", nil }},
				{bank.InputInvalid, ask(send(ada, usd(2), "", at(60)))},
				{bank.ClosedAccount, state(iced)},
				{bank.SameAccount, ask(send(grace, eur(1), "", at(60)))},
				{bank.FrozenAccount, state(accountAfter(paidIn(eur(5))...))},
			},
		},
		"paying in": {question{account: never, now: now, command: pay(bank.Money{Currency: "XXX"}, long)}, begin(
			healing{bank.InputInvalid, ask(pay(bank.Money{Currency: "XXX"}, ""))},
			healing{bank.CurrencyUnknown, ask(pay(usd(0), ""))},
			healing{bank.AmountInvalid, ask(pay(usd(1), ""))},
			healing{bank.IdempotencyConflict, unused},
			healing{bank.AccountNotFound, state(closing)},
			healing{bank.ClosedAccount, state(icedFull)},
			healing{bank.CurrencyMismatch, ask(pay(eur(1), ""))},
			healing{bank.FrozenAccount, state(full)},
			healing{bank.BalanceTooLarge, state(open)})},
		"posting alone": {question{account: never, now: now, command: postingOf(outOf(ada, worthless))}, begin(
			healing{bank.InputInvalid, ask(postingOf(outOf(ada, worthless), into(grace, worthless)))},
			healing{bank.CurrencyUnknown, ask(postingOf(outOf(ada, usd(-1)), into(grace, usd(1))))},
			healing{bank.AmountInvalid, ask(postingOf(outOf(ada, usd(1)), into(grace, usd(1))))},
			healing{bank.IdempotencyConflict, unused},
			healing{bank.AccountsApart, func(q *question) {
				q.command, q.account = pay(usd(1), ""), accountAfter(opened("USD"))
			}})},
		"the end of a transfer": {question{account: open, now: now, command: completeIt}, begin(
			healing{bank.IdempotencyConflict, unused},
			healing{bank.TransferNotPending, state(accountAfter(then(paidIn(eur(5)), sent(eur(1), eur(4)))...))})},
	}
}

func holdChains() map[string]chain {
	never, closing := accountAfter(), accountAfter(opened("EUR"), bank.AccountClosed{})
	open := accountAfter(paidIn(eur(9))...)
	held := accountAfter(then(paidIn(eur(9)), placed(eur(5), at(60)))...)
	capture := func(sum bank.Money, memo string) bank.CaptureHold {
		return bank.CaptureHold{Hold: 3, Amount: &sum, Details: bank.Details{Memo: memo}}
	}
	look := func(e bank.Event, now time.Time) func(*question) {
		return func(q *question) { q.past, q.now = e, now }
	}
	crowded := open
	crowded.Holds = make([]bank.Hold, bank.MaxHolds)
	return map[string]chain{
		"capturing": {question{account: never, now: at(70), command: capture(bank.Money{Currency: "XXX"}, long)}, begin(
			healing{bank.InputInvalid, ask(capture(bank.Money{Currency: "XXX"}, ""))},
			healing{bank.CurrencyUnknown, ask(capture(usd(0), ""))},
			healing{bank.AmountInvalid, ask(capture(usd(6), ""))},
			healing{bank.IdempotencyConflict, unused},
			healing{bank.AccountNotFound, state(closing)},
			healing{bank.ClosedAccount, state(open)},
			healing{bank.CurrencyMismatch, ask(capture(eur(6), ""))},
			healing{bank.HoldNotFound, look(placed(eur(5), at(60)), at(59))},
			healing{bank.HoldEnded, func(q *question) {
				q.expiry = bank.HoldExpired{Hold: 3, Amount: eur(5), ExpiresAt: at(60)}
			}},
			healing{bank.ExpiredHold, func(q *question) { q.account, q.now = held, at(59) }},
			healing{bank.AmountExceedsRemaining, ask(capture(eur(5), ""))})},
		"placing until yesterday": {
			question{account: crowded, now: at(70), command: bank.PlaceHold{Amount: eur(10), ExpiresAt: at(69)}},
			[]healing{
				{bank.InputInvalid, func(q *question) { q.key, q.earlier = "k", nil }},
				{bank.InputInvalid, ask(bank.PlaceHold{Amount: eur(10), ExpiresAt: at(71)})},
				{bank.InsufficientFunds, ask(bank.PlaceHold{Amount: eur(9), ExpiresAt: at(71)})},
				{bank.TooManyOpenItems, state(open)},
			},
		},
	}
}

func reversalChains() map[string]chain {
	never, closing := accountAfter(), accountAfter(opened("EUR"), bank.AccountClosed{})
	open := accountAfter(paidIn(eur(9))...)
	done := open
	done.Reversed = []bank.Reversed{{Version: 2, Minor: 9, By: 3}}
	icedDone := done
	icedDone.Freeze = bank.Freeze{Debits: true, Credits: true, Since: at(1), Reason: "r"}
	poor := open
	poor.Balance = eur(0)
	full := accountAfter(opened("EUR"), deposited(eur(math.MaxInt64), eur(math.MaxInt64)))
	back := func(sum bank.Money, reason string) bank.Reverse {
		return bank.Reverse{Transaction: 2, Amount: &sum, Reason: reason}
	}
	look := func(e bank.Event) func(*question) { return func(q *question) { q.past = e } }
	return map[string]chain{
		"reversing a deposit": {question{account: never, now: at(9), command: back(bank.Money{Currency: "XXX"}, "")}, begin(
			healing{bank.InputInvalid, ask(back(bank.Money{Currency: "XXX"}, "r"))},
			healing{bank.CurrencyUnknown, ask(back(usd(0), "r"))},
			healing{bank.AmountInvalid, ask(back(usd(10), "r"))},
			healing{bank.IdempotencyConflict, unused},
			healing{bank.AccountNotFound, state(closing)},
			healing{bank.ClosedAccount, state(icedDone)},
			healing{bank.CurrencyMismatch, ask(back(eur(10), "r"))},
			healing{bank.TransactionNotFound, look(undone(2, 1, 2, 3, "cash"))},
			healing{bank.NotReversible, look(deposited(eur(9), eur(9)))},
			healing{bank.FrozenAccount, state(done)},
			healing{bank.AlreadyReversed, state(poor)},
			healing{bank.AmountExceedsRemaining, ask(back(eur(9), "r"))},
			healing{bank.InsufficientFunds, state(open)})},
		"reversing a withdrawal": {
			question{account: icedDone, past: withdrawn(eur(9), eur(0)), now: at(9), command: back(eur(10), "r")},
			begin(
				healing{bank.IdempotencyConflict, unused},
				healing{bank.FrozenAccount, state(done)},
				healing{bank.AlreadyReversed, state(full)},
				healing{bank.AmountExceedsRemaining, ask(back(eur(9), "r"))},
				healing{bank.BalanceTooLarge, state(open)}),
		},
	}
}

// TestADryRunNamesEveryBrokenRule: all at once, where a real run would name
// the first only.
func TestADryRunNamesEveryBrokenRule(t *testing.T) {
	poor := accountAfter(opened("EUR"), limited(amount(1), amount(2)), frozenDebits)
	c := bank.SendTransfer{To: ada, Amount: eur(5), EffectiveAt: at(99),
		Details: bank.Details{Memo: long, Reference: "a\nb"}}
	_, broken := judged(t, poor, c, bank.Circumstances{Now: at(5), Key: "k"})
	want := []bank.Code{bank.InputInvalid, bank.InputInvalid, bank.InputInvalid, bank.SameAccount, bank.FrozenAccount,
		bank.LimitExceeded, bank.LimitExceeded, bank.InsufficientFunds}
	if !slices.Equal(codes(broken), want) {
		t.Errorf("it names %v, want %v", codes(broken), want)
	}
	nothing := bank.Withdraw{Amount: eur(0), Details: bank.Details{Memo: long}}
	_, broken = judged(t, poor, nothing, bank.Circumstances{Now: at(5)})
	if want := []bank.Code{bank.InputInvalid, bank.AmountInvalid, bank.FrozenAccount}; !slices.Equal(codes(broken), want) {
		t.Errorf("of an amount that makes no sense it says %v, want %v", codes(broken), want)
	}
	for _, dollars := range []bank.Command{bank.Withdraw{Amount: usd(5)}, bank.PlaceHold{Amount: usd(5)},
		bank.SendTransfer{To: grace, Amount: usd(5)}} {
		_, broken = judged(t, poor, dollars, bank.Circumstances{Now: at(5)})
		if want := []bank.Code{bank.CurrencyMismatch, bank.FrozenAccount}; !slices.Equal(codes(broken), want) {
			t.Errorf("of %T in another currency it says %v, want %v", dollars, codes(broken), want)
		}
	}
}

// TestWhichEarlierEventADecisionLooksAt: reversals at their transaction, and
// what asks for a hold at it when the account no longer knows it.
func TestWhichEarlierEventADecisionLooksAt(t *testing.T) {
	account := accountAfter(then(paidIn(eur(9)), placed(eur(5), at(60)))...)
	for name, test := range map[string]struct {
		command bank.Command
		version int64
	}{
		"a reversal":             {reverse(2), 2},
		"a reversal of the last": {reverse(3), 3},
		"of the future":          {reverse(4), 0},
		"of nothing":             {reverse(0), 0},
		"of less":                {reverse(-1), 0},
		"a hold that is known":   {bank.CaptureHold{Hold: 3}, 0},
		"a hold that is not":     {bank.CaptureHold{Hold: 2}, 2},
		"released":               {bank.ReleaseHold{Hold: 1}, 1},
		"to come":                {bank.ReleaseHold{Hold: 4}, 0},
		"expired":                {bank.ExpireHold{Hold: 1}, 0},
		"a deposit":              {bank.Deposit{Amount: eur(1)}, 0},
		"the end of a transfer":  {completeIt, 0},
	} {
		if got := account.RequiredVersion(test.command); got != test.version {
			t.Errorf("%s: it looks at %d, want %d", name, got, test.version)
		}
	}
}
