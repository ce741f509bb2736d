package view_test

import (
	"errors"
	"slices"
	"testing"

	"corebank/internal/bank"
	"corebank/internal/view"
)

func TestATransactionWithLegs(t *testing.T) {
	b, ada, grace := couple(t)
	at := b.Now
	now := b.DoTogether(ada, bank.PostTransaction{Legs: []bank.Leg{{Account: grace, Credit: true, Amount: euro(700),
		Reference: "rent"}, {Account: ada, Amount: euro(500)}, {Account: ada, Amount: euro(200), Memo: "March"}}})
	id := bank.NewJournalID(ada, now[0].Key)
	journal := func() view.Journal {
		t.Helper()
		j, err := view.JournalOf(id, filed(t, b, bank.JournalSubject(id)))
		if err != nil {
			t.Fatal(err)
		}
		return j
	}
	got := journal()
	type leg struct {
		account bank.AccountID
		amount  int64
		credit  bool
		text    string
	}
	var legs []leg
	for _, l := range got.Legs {
		if l.Journal != id || l.Type != bank.PostingEntry || !l.OccurredAt.Equal(at) {
			t.Errorf("a leg is %+v", l)
		}
		legs = append(legs, leg{l.Account, l.Amount, l.Credit, l.Reference + l.Memo})
	}
	want := []leg{{grace, 700, true, "rent"}, {ada, 500, false, ""}, {ada, 200, false, "March"}}
	if !slices.Equal(legs, want) || got.Of != 3 || got.Home != ada || !got.At.Equal(at) || got.Caller != "teller" ||
		got.Reverses != "" || got.ReversedBy != "" {
		t.Errorf("it is %+v with %v", got, legs)
	}
	undone := b.DoTogether(grace, bank.Reverse{Transaction: 2, Reason: "by mistake"})
	back := bank.NewJournalID(grace, undone[0].Key)
	if got := journal(); got.ReversedBy != back || len(got.Legs) != 3 {
		t.Errorf("reversed, it is %+v", got)
	}
	reversal, err := view.JournalOf(back, filed(t, b, bank.JournalSubject(back)))
	if err != nil || reversal.Reverses != id || reversal.Home != grace || len(reversal.Legs) != 3 ||
		reversal.Legs[0].Type != bank.ReversalEntry || reversal.Legs[0].Reason != "by mistake" {
		t.Errorf("its reversal is %+v (%v)", reversal, err)
	}
	if part, err := view.JournalOf(id, now[1:]); err != nil || part.Of != 3 || len(part.Legs) != 2 || part.Home != "" {
		t.Errorf("without one leg, it is %+v (%v)", part, err)
	}
	if none, err := view.JournalOf(id, nil); !errors.Is(err, view.ErrNotFound) {
		t.Errorf("%+v (%v), want ErrNotFound", none, err)
	}
}
