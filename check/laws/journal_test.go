package laws

import (
	"slices"
	"strings"
	"testing"

	"corebank/internal/bank"
	"corebank/internal/contract"
	"corebank/internal/view/viewtest"
)

// posted is a log with a transaction of three legs, which Ada's account was asked for, at positions 5 (hers, which has
// all), 6 (hers) and 7 (Grace's), and its reversal, which Grace's was asked for, at 8 (Grace's), 9 and 10 (Ada's).
func posted(t *testing.T) []contract.Record {
	t.Helper()
	b := viewtest.NewLog(t)
	eur := func(minor int64) bank.Money { return bank.Money{Minor: minor, Currency: "EUR"} }
	ada := b.Open(bank.OpenAccount{Owner: "ada", Currency: "EUR"})
	grace := b.Open(bank.OpenAccount{Owner: "grace", Currency: "EUR"})
	b.Do(ada, bank.Deposit{Amount: eur(500)})
	b.Do(grace, bank.Deposit{Amount: eur(500)})
	legs := b.DoTogether(ada, bank.PostTransaction{Legs: []bank.Leg{{Account: ada, Amount: eur(100), Memo: "rent"},
		{Account: grace, Credit: true, Amount: eur(120), Reference: "March"}, {Account: ada, Amount: eur(20)}}})
	b.DoTogether(grace, bank.Reverse{Transaction: legs[2].Version, Reason: "by mistake"})
	for i := range b.Records {
		if strings.HasPrefix(b.Records[i].Key, "corebank/") {
			b.Records[i].Caller = systemCaller
		}
	}
	return b.Records
}

func TestTransactionsWithLegsAreSound(t *testing.T) {
	records := posted(t)
	if found := checked(records); found.Total > 0 {
		t.Errorf("found %v", found.Kept)
	}
	for n := 5; n <= len(records); n++ {
		line, err := make(Derivation).Entry(records[n-1])
		if want := map[bool]string{true: "POSTING", false: "REVERSAL"}[n <= 7]; err != nil || line.Type != want {
			t.Errorf("position %d shows %v (%v), want %s", n, line, err, want)
		}
	}
}

func TestABrokenTransactionWithLegsIsFound(t *testing.T) {
	type records = []contract.Record
	cut := func(last int) func(*testing.T, records) records {
		return func(_ *testing.T, r records) records { return r[:last] }
	}
	without := func(last, at int) func(*testing.T, records) records {
		return func(_ *testing.T, r records) records { return renumbered(slices.Delete(r[:last], at-1, at)) }
	}
	change := func(at int, change func(*bank.LegPosted)) func(*testing.T, records) records {
		return func(t *testing.T, r records) records { return edited(t, r[:7], at, change) }
	}
	for name, breakIt := range map[string]func(*testing.T, records) records{
		"a leg is missing at the end": cut(6),
		"a leg is missing":            without(7, 6),
		"the leg that has all":        without(7, 5),
		"a leg of a reversal":         without(10, 9),
		"half of a reversal":          cut(9),
		"a leg twice": func(_ *testing.T, r records) records {
			again := r[6]
			again.Key += "0"
			return renumbered(slices.Insert(r[:7:7], 7, again))
		},
		"legs that do not sum to zero": change(5, func(e *bank.LegPosted) { e.Legs[1].Amount.Minor = 121 }),
		"a leg of another amount": change(5, func(e *bank.LegPosted) {
			e.Legs[0].Amount.Minor, e.Legs[2].Amount.Minor = 90, 30
		}),
		"a leg of another account": change(5, func(e *bank.LegPosted) { e.Legs[1].Account = e.Legs[0].Account }),
		"a leg at another version": change(5, func(e *bank.LegPosted) { e.Legs[1].Version++ }),
		"a leg with other texts":   change(7, func(e *bank.LegPosted) { e.Reference = "April" }),
		"a leg without its text":   change(5, func(e *bank.LegPosted) { e.Memo = "" }),
		"a leg of another whole":   change(7, func(e *bank.LegPosted) { e.Home.Version++ }),
		"a leg of more":            change(7, func(e *bank.LegPosted) { e.Of = 4 }),
		"a leg that undoes something": change(7, func(e *bank.LegPosted) {
			e.Reverses = &bank.LegReversal{Journal: e.Journal, Version: 2}
		}),
		"an id of another key": change(5, func(e *bank.LegPosted) {
			e.Journal = bank.NewJournalID(e.Legs[0].Account, "other")
		}),
		"a reversal of what is not there": func(t *testing.T, r records) records {
			return edited(t, r, 8, func(e *bank.LegPosted) {
				e.Reverses.Journal = bank.NewJournalID(e.Legs[0].Account, "other")
			})
		},
	} {
		found := checked(breakIt(t, posted(t)))
		if !slices.ContainsFunc(found.Kept, func(f Finding) bool { return f.Law == Journal }) {
			t.Errorf("%s: found %v", name, found.Kept)
		}
	}
}

// TestOneMissingLegIsOneFinding: what is left in transit by it is not found again. That the log ends before it is
// one as well.
func TestOneMissingLegIsOneFinding(t *testing.T) {
	for last, missing := range map[int]int64{5: 2, 6: 1, 8: 2, 9: 1} {
		found := checked(posted(t)[:last])
		if found.Total != missing+1 || found.Kept[0].Law != Journal || found.Kept[missing].Law != OnePiece {
			t.Errorf("a log that ends at position %d has findings %v, want %d missing legs", last, found.Kept, missing)
		}
	}
}

// TestLegsAreAskedForAndDecided: they follow from the request of the one that has all of them.
func TestLegsAreAskedForAndDecided(t *testing.T) {
	records := posted(t)
	history := func(records []contract.Record) *Findings {
		h := History{Findings: new(Findings), Caller: "teller"}
		for _, r := range records {
			if r.Caller == systemCaller {
				continue
			}
			event, err := r.Event()
			if err != nil {
				t.Fatal(err)
			}
			h.Answers = append(h.Answers, Answer{Request: NewRequest(r.Account, r.Key, requestOf(t, event)), Client: "c",
				Status: contract.Unknown})
		}
		for _, r := range records {
			h.Record(r)
		}
		h.Check()
		return h.Findings
	}
	if found := history(records); found.Total > 0 {
		t.Errorf("found %v", found.Kept)
	}
	stray := slices.Delete(slices.Clone(records), 4, 5) // legs that no one asked for
	if _, broken, _ := history(stray[:6]).Of(Asked); broken != 2 {
		t.Errorf("of two legs without the one that was asked for, %d are found", broken)
	}
}

// requestOf is the command that made an event of the log.
func requestOf(t *testing.T, event bank.Event) bank.Command {
	switch e := event.(type) {
	case bank.AccountOpened:
		return bank.OpenAccount{Owner: e.Owner, Currency: e.Currency}
	case bank.MoneyDeposited:
		return bank.Deposit{Amount: e.Amount}
	case bank.LegPosted:
		if e.Reverses != nil {
			return bank.Reverse{Transaction: e.Reverses.Version, Reason: e.Reverses.Reason}
		}
		legs := make([]bank.Leg, len(e.Legs))
		for i, l := range e.Legs {
			legs[i] = bank.Leg{Account: l.Account, Credit: l.Credit, Amount: l.Amount}
		}
		legs[0].Memo, legs[1].Reference = "rent", "March"
		return bank.PostTransaction{Legs: legs}
	}
	t.Fatalf("no request makes %+v", event)
	return nil
}
