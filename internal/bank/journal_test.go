package bank_test

import (
	"math"
	"reflect"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"

	"corebank/internal/bank"
)

// split is the transaction that Ada posts under the key of the stories; edsger's account is the third in them.
var (
	split  = bank.NewJournalID(ada, "key")
	edsger = bank.NewAccountID("edsger", "1")
)

func outOf(id bank.AccountID, sum bank.Money) bank.Leg { return bank.Leg{Account: id, Amount: sum} }

func into(id bank.AccountID, sum bank.Money) bank.Leg {
	return bank.Leg{Account: id, Credit: true, Amount: sum}
}

func postingOf(legs ...bank.Leg) bank.PostTransaction { return bank.PostTransaction{Legs: legs} }

// leg is what one does to Ada's account; change is negative for money that leaves.
func leg(number, of int, change, balance bank.Money) bank.LegPosted {
	return bank.LegPosted{Movement: moved(change, balance, "transit"), Credit: change.Minor > 0, Journal: split,
		Number: number, Of: of}
}

// asStep is the leg as another one's account posts it, which the bank asks for.
func asStep(id bank.AccountID, e bank.LegPosted, home bank.EventAt) bank.Decided {
	e.Movement, e.Home = on(id, e.Movement), &home
	return bank.Decided{Account: id, Event: e, Step: bank.PostLeg{Journal: e.Journal, Number: e.Number, Of: e.Of,
		Credit: e.Credit, Amount: e.Amount, Details: e.Details, Home: &home, Reverses: e.Reverses}}
}

// asHome is the leg that answers the caller.
func asHome(e bank.LegPosted, all ...bank.PostedLeg) bank.Decided {
	e.Legs = all
	return bank.Decided{Account: ada, Event: e}
}

func placedLeg(id bank.AccountID, version int64, change bank.Money) bank.PostedLeg {
	sum := change
	sum.Minor = max(change.Minor, -change.Minor)
	return bank.PostedLeg{Account: id, Version: version, Credit: change.Minor > 0, Amount: sum}
}

func TestPostingTransactions(t *testing.T) {
	rich, open := paidIn(eur(5_00)), []bank.Event{opened("EUR")}
	home := bank.EventAt{Account: ada, Version: 3}
	noted := postingOf(outOf(ada, eur(2_00)), into(grace, eur(2_00)))
	noted.Legs[0].Reference, noted.Legs[1].Memo = "rent", "March"
	paid, got := leg(1, 2, eur(-2_00), eur(3_00)), leg(2, 2, eur(2_00), eur(2_00))
	paid.Reference, got.Memo = "rent", "March"
	rentPaid, rentGot := placedLeg(ada, 3, eur(-2_00)), placedLeg(grace, 2, eur(2_00))
	rentPaid.Reference, rentGot.Memo = "0e9fd1596c4b", "9d95a2cf0d71"
	tellTogether(t, map[string]joint{
		"from one to another": {given: histories(rich, open), when: postingOf(outOf(ada, eur(2_00)), into(grace, eur(2_00))),
			then: []bank.Decided{
				asHome(leg(1, 2, eur(-2_00), eur(3_00)), placedLeg(ada, 3, eur(-2_00)), placedLeg(grace, 2, eur(2_00))),
				asStep(grace, leg(2, 2, eur(2_00), eur(2_00)), home)}},
		"with what they are for": {given: histories(rich, open), when: noted,
			then: []bank.Decided{asHome(paid, rentPaid, rentGot), asStep(grace, got, home)}},
		"the home account's legs come first, whatever their order": {given: histories(rich, open),
			when: postingOf(into(grace, eur(2_00)), outOf(ada, eur(2_00))),
			then: []bank.Decided{
				asHome(leg(2, 2, eur(-2_00), eur(3_00)), placedLeg(grace, 2, eur(2_00)), placedLeg(ada, 3, eur(-2_00))),
				asStep(grace, leg(1, 2, eur(2_00), eur(2_00)), home)}},
		"what one leg pays in, a later one takes": {given: histories(rich, open),
			when: postingOf(outOf(ada, eur(5_00)), into(grace, eur(5_00)), outOf(grace, eur(4_00)), into(ada, eur(4_00))),
			then: []bank.Decided{
				asHome(leg(1, 4, eur(-5_00), eur(0)), placedLeg(ada, 3, eur(-5_00)), placedLeg(grace, 2, eur(5_00)),
					placedLeg(grace, 3, eur(-4_00)), placedLeg(ada, 4, eur(4_00))),
				asStep(ada, leg(4, 4, eur(4_00), eur(4_00)), home), asStep(grace, leg(2, 4, eur(5_00), eur(5_00)), home),
				asStep(grace, leg(3, 4, eur(-4_00), eur(1_00)), home)}},
		"in two currencies": {parties: []bank.AccountID{ada, edsger, grace},
			given: map[bank.AccountID][]bank.Event{ada: rich, grace: open, edsger: paidIn(usd(9))},
			when:  postingOf(outOf(ada, eur(1)), outOf(edsger, usd(9)), into(grace, eur(1)), into(edsger, usd(9))),
			then: []bank.Decided{
				asHome(leg(1, 4, eur(-1), eur(4_99)), placedLeg(ada, 3, eur(-1)), placedLeg(edsger, 3, usd(-9)),
					placedLeg(grace, 2, eur(1)), placedLeg(edsger, 4, usd(9))),
				asStep(edsger, leg(2, 4, usd(-9), usd(0)), home), asStep(edsger, leg(4, 4, usd(9), usd(9)), home),
				asStep(grace, leg(3, 4, eur(1), eur(1)), home)}},
	})
}

// refusedLeg is a refusal of a leg, by its index.
func refusedLeg(index int, r bank.Refusal) bank.Refusal {
	r.Leg = &index
	return r
}

func TestLegsObeyTheRulesOfTheirAccounts(t *testing.T) {
	rich, open := paidIn(eur(5_00)), []bank.Event{opened("EUR")}
	move := postingOf(outOf(ada, eur(2_00)), into(grace, eur(2_00)))
	twice := postingOf(outOf(ada, eur(3)), outOf(ada, eur(3)), into(grace, eur(6)))
	threefold := postingOf(outOf(ada, eur(1)), outOf(grace, eur(5)), into(edsger, eur(6)))
	held := then(rich, placed(eur(3_01), at(60)))
	tellTogether(t, map[string]joint{
		"more than is there": {given: histories(rich, open), when: postingOf(outOf(ada, eur(6_00)), into(grace, eur(6_00))),
			or: refusedLeg(0, short(eur(5_00), eur(1_00)))},
		"more than is not held": {given: histories(held, open), when: move,
			or: refusedLeg(0, short(eur(1_99), eur(1)))},
		"of an account that has nothing": {when: threefold, parties: []bank.AccountID{ada, grace, edsger},
			given: map[bank.AccountID][]bank.Event{ada: rich, grace: open, edsger: open},
			or:    refusedLeg(1, short(eur(0), eur(5)))},
		"before it is paid in": {given: histories(rich, open),
			when: postingOf(outOf(ada, eur(5)), outOf(grace, eur(5)), into(grace, eur(10))),
			or:   refusedLeg(1, short(eur(0), eur(5)))},
		"frozen for debits": {given: histories(then(rich, frozenDebits), open), when: move, or: refusedLeg(0, frozen(3))},
		"beyond the limit per transaction, in one leg": {given: histories(then(rich, limited(amount(1_99), nil)), open),
			when: move, or: refusedLeg(0, bank.Refusal{Code: bank.LimitExceeded, Field: "amount", Limit: amount(1_99),
				Remaining: amount(1_99)})},
		"beyond the limit per transaction, together": {given: histories(then(rich, limited(amount(5), nil)), open),
			when: twice, or: refusedLeg(1, bank.Refusal{Code: bank.LimitExceeded, Field: "amount", Limit: amount(5),
				Remaining: amount(5)})},
		"beyond the day's limit, together": {given: histories(then(rich, limited(nil, amount(5))), open), when: twice,
			or: refusedLeg(1, bank.Refusal{Code: bank.LimitExceeded, Field: "amount", Limit: amount(5), Remaining: amount(2),
				ResetsAt: time.Date(2026, 3, 2, 0, 0, 0, 0, time.UTC)})},
		"from what is closed": {given: histories(then(open, bank.AccountClosed{}), open), when: move,
			or: refusedLeg(0, closed(2))},
		"from no account": {given: histories(nil, open), when: move, or: refusedLeg(0, notFound)},
		"dollars of euros": {given: histories(rich, []bank.Event{opened("USD")}),
			when: postingOf(outOf(ada, usd(1)), into(grace, usd(1))), or: refusedLeg(0, mismatch("amount"))},
	})
}

// TestALegTellsNoMoreThanATransfer: of an account that is only paid, its state stays its owner's.
func TestALegTellsNoMoreThanATransfer(t *testing.T) {
	rich, open := paidIn(eur(5_00)), []bank.Event{opened("EUR")}
	move := postingOf(outOf(ada, eur(2_00)), into(grace, eur(2_00)))
	little := func(code bank.Code, field string) bank.Refusal {
		return refusedLeg(1, bank.Refusal{Code: code, Field: field})
	}
	other := little(bank.CurrencyMismatch, "amount.currency")
	other.Expected = "USD"
	tellTogether(t, map[string]joint{
		"there is no account": {given: histories(rich, nil), when: move, or: little(bank.AccountNotFound, "accountId")},
		"it is closed": {given: histories(rich, then(open, bank.AccountClosed{})), when: move,
			or: little(bank.ClosedAccount, "accountId")},
		"it is frozen": {given: histories(rich, then(open, frozenCredits)), when: move,
			or: little(bank.FrozenAccount, "accountId")},
		"it is in dollars": {given: histories(rich, []bank.Event{opened("USD")}), when: move, or: other},
		"it is full": {given: histories(rich, paidIn(eur(math.MaxInt64))), when: move,
			or: little(bank.BalanceTooLarge, "amount")},
		"but one that also pays is said all": {given: histories(rich, then(paidIn(eur(9)), frozenCredits)),
			when: postingOf(outOf(ada, eur(1)), outOf(grace, eur(1)), into(grace, eur(2))),
			or:   refusedLeg(2, frozen(3))},
	})
	j := joint{given: histories(rich, then(open, frozenCredits)), when: move}
	_, broken := bank.DecideTogether(move, ada, j.party, j.circumstances())
	if said := broken[0].Message; strings.Contains(said, "court order") || strings.Contains(said, "2026") {
		t.Errorf("it says %q", said)
	}
}

// TestADryRunTellsNothingOfAnUnseenAccount: neither that it would refuse, nor its version.
func TestADryRunTellsNothingOfAnUnseenAccount(t *testing.T) {
	c := postingOf(outOf(ada, eur(2)), into(grace, eur(1)), into(grace, eur(1)))
	for name, graces := range map[string][]bank.Event{"there is none": nil, "it is closed": then(paidIn(eur(1)),
		withdrawn(eur(1), eur(0)), bank.AccountClosed{}), "it takes the money": paidIn(eur(1))} {
		j := joint{given: histories(paidIn(eur(5)), graces), when: c}
		decided, broken := bank.DecideTogether(c, ada, func(id bank.AccountID) bank.Party {
			p := j.party(id)
			p.Unseen = id == grace
			return p
		}, j.circumstances())
		want := []bank.Decided{asHome(leg(1, 3, eur(-2), eur(3)), placedLeg(ada, 3, eur(-2)), placedLeg(grace, 1, eur(1)),
			placedLeg(grace, 2, eur(1)))}
		if len(broken) > 0 || !reflect.DeepEqual(decided, want) {
			t.Errorf("%s: decided %+v, %v, want %+v", name, decided, codes(broken), want)
		}
	}
}

func TestADryRunNamesWhatIsWrongWithEachLeg(t *testing.T) {
	c := postingOf(outOf(ada, eur(9)), outOf(grace, eur(9)), into(edsger, eur(18)), outOf(ada, usd(1)), into(ada, usd(1)))
	j := joint{given: histories(paidIn(eur(5)), then([]bank.Event{opened("EUR")}, frozenDebits)), when: c}
	_, broken := bank.DecideTogether(c, ada, j.party, j.circumstances())
	type at struct {
		code bank.Code
		leg  int
	}
	var got []at
	for _, refusal := range broken {
		got = append(got, at{refusal.Code, *refusal.Leg})
	}
	want := []at{{bank.AccountNotFound, 2}, {bank.CurrencyMismatch, 3}, {bank.CurrencyMismatch, 4},
		{bank.FrozenAccount, 1}, {bank.InsufficientFunds, 0}, {bank.InsufficientFunds, 1}}
	if !slices.Equal(got, want) {
		t.Errorf("it names %v, want %v", got, want)
	}
}

func TestWhatIsNoTransaction(t *testing.T) {
	many := slices.Repeat([]bank.Leg{outOf(ada, eur(1)), into(grace, eur(1))}, 26)
	far := int64(math.MaxInt64)
	for name, test := range map[string]struct {
		command bank.PostTransaction
		code    bank.Code
		field   string
		leg     int // -1 for none
	}{
		"nothing":             {postingOf(), bank.InputInvalid, "legs", -1},
		"one leg":             {postingOf(outOf(ada, eur(1))), bank.InputInvalid, "legs", -1},
		"51 legs":             {postingOf(many[1:]...), bank.InputInvalid, "legs", -1},
		"one account":         {postingOf(outOf(ada, eur(1)), into(ada, eur(1))), bank.InputInvalid, "legs", -1},
		"legs that differ":    {postingOf(outOf(ada, eur(1)), into(grace, eur(2))), bank.InputInvalid, "legs", -1},
		"no debit":            {postingOf(into(ada, eur(1)), into(grace, eur(1))), bank.InputInvalid, "legs", -1},
		"euros for dollars":   {postingOf(outOf(ada, eur(1)), into(grace, usd(1))), bank.InputInvalid, "legs", -1},
		"a leg of nothing":    {postingOf(outOf(ada, eur(0)), into(grace, eur(0))), bank.AmountInvalid, "amount.value", 0},
		"a leg of no account": {postingOf(outOf(ada, eur(1)), into("acc_1", eur(1))), bank.InputInvalid, "accountId", 1},
		"a leg in nothing": {postingOf(outOf(ada, bank.Money{Minor: 1, Currency: "XXX"}), into(grace, eur(1))),
			bank.CurrencyUnknown, "amount.currency", 0},
		"a leg that says too much": {postingOf(outOf(ada, eur(1)), bank.Leg{Account: grace, Credit: true, Amount: eur(1),
			Memo: long}), bank.InputInvalid, "memo", 1},
		"sums that overflow": {postingOf(outOf(ada, eur(far)), outOf(ada, eur(far)), into(grace, eur(far)),
			into(grace, eur(far-1))), bank.InputInvalid, "legs", -1},
	} {
		refusal := bank.Check(test.command)
		if refusal == nil || refusal.Code != test.code || refusal.Field != test.field ||
			(refusal.Leg == nil) != (test.leg < 0) || refusal.Leg != nil && *refusal.Leg != test.leg {
			t.Errorf("%s is refused with %+v", name, refusal)
			continue
		}
		checkMessage(t, refusal.Message)
		decided, broken := bank.DecideTogether(test.command, ada, joint{}.party, bank.Circumstances{Key: "k"})
		if decided != nil || len(broken) == 0 || broken[0].Code != test.code {
			t.Errorf("%s becomes %+v, %v", name, decided, codes(broken))
		}
	}
	whole := postingOf(outOf(ada, eur(far)), outOf(ada, eur(far)), into(grace, eur(far)), into(grace, eur(far)))
	if refusal := bank.Check(whole); refusal != nil {
		t.Errorf("sums beyond 64 bits that are equal: %+v", *refusal)
	}
	unequal := bank.Check(postingOf(outOf(ada, eur(1_00)), into(grace, eur(2_50))))
	if want := "legs must sum to zero in each currency: the credits are 1.50 EUR more than the debits."; want !=
		unequal.Message {
		t.Errorf("it says %q, want %q", unequal.Message, want)
	}
}

// TestNoAccountPostsAlone: neither what concerns others, nor what another account is the home of.
func TestNoAccountPostsAlone(t *testing.T) {
	move := postingOf(outOf(ada, eur(1)), into(grace, eur(1)))
	account := accountAfter(paidIn(eur(5))...)
	_, broken := judged(t, account, move, bank.Circumstances{Now: at(3), Key: "key"})
	if !slices.Equal(codes(broken), []bank.Code{bank.AccountsApart}) || broken[0].Field != "legs" {
		t.Errorf("alone it is refused with %v", codes(broken))
	}
	j := joint{given: histories(paidIn(eur(5)), paidIn(eur(5))), when: move}
	_, broken = bank.DecideTogether(move, grace, j.party, bank.Circumstances{Key: "key"})
	if len(broken) != 1 || broken[0].Code != bank.InputInvalid || broken[0].Field != "accountId" {
		t.Errorf("asked of another account, it is refused with %v", codes(broken))
	}
	if home := move.Home(); home != ada {
		t.Errorf("its home is %s", home)
	}
	if home := postingOf(into(ada, eur(1)), outOf(grace, eur(1)), outOf(ada, eur(1))).Home(); home != grace {
		t.Errorf("the home of a debit of Grace's is %s", home)
	}
}

func TestJournalIDs(t *testing.T) {
	shape := regexp.MustCompile(`^jnl_[a-z2-7]{26}$`)
	if !split.Valid() || !shape.MatchString(string(split)) || split != bank.NewJournalID(ada, "key") {
		t.Errorf("%q", split)
	}
	// The keys of legs have it: an id that changed would let a leg happen a second time.
	const want = bank.JournalID("jnl_crh35r7auan5aghiotmqy4lw3y")
	if got := bank.NewJournalID("acc_5ih27m6dq3hhjmwvirvlablrb4", "rent"); got != want {
		t.Errorf("the id of a known transaction became %s, it was %s", got, want)
	}
	for _, text := range []bank.JournalID{"", "jnl_", bank.JournalID(ada), split[:29], split + "a", bank.JournalID(trip)} {
		if text.Valid() {
			t.Errorf("%q is valid", text)
		}
	}
}
