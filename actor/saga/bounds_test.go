package saga

import (
	"fmt"
	"testing"
	"time"

	"corebank/internal/bank"
	"corebank/internal/contract"
)

var began = time.Date(2026, 3, 1, 9, 0, 0, 0, time.UTC)

var few = bounds{transfers: 50, holds: 100}

// written is the i-th record of a log, a second after the one before it.
func written(t *testing.T, i int64, id bank.AccountID, version int64, e bank.Event) contract.Record {
	t.Helper()
	r := contract.Record{Position: i, Account: id, Version: version, At: began.Add(time.Duration(i) * time.Second)}
	if err := r.SetEvent(e); err != nil {
		t.Fatal(err)
	}
	return r
}

func TestTheBookForgetsWhatStandsStillLongest(t *testing.T) {
	b, from, to := newBook(few), bank.NewAccountID("ada", "1"), bank.NewAccountID("bob", "1")
	amount := bank.Money{Minor: 1, Currency: "EUR"}
	for i := range int64(few.transfers + 10) {
		e := bank.TransferSent{Movement: bank.Movement{Amount: amount, Balance: amount, Postings: []bank.Posting{}},
			Transfer: bank.NewTransferID(from, fmt.Sprint(i)), To: to}
		if err := b.fold(written(t, i+1, from, i+1, e)); err != nil {
			t.Fatal(err)
		}
	}
	if len(b.transfers) != few.transfers || b.lostTransfers != 1 {
		t.Fatalf("%d transfers, forgotten from %d", len(b.transfers), b.lostTransfers)
	}
	if b.transfers[bank.NewTransferID(from, "9")] != nil || b.transfers[bank.NewTransferID(from, "10")] == nil {
		t.Error("others were forgotten than the first ten")
	}
}

func TestTheBookForgetsTheHoldsThatExpireLast(t *testing.T) {
	b, id := newBook(few), bank.NewAccountID("ada", "1")
	for i := range int64(few.holds + 10) {
		e := bank.HoldPlaced{Amount: bank.Money{Minor: 1, Currency: "EUR"}, ExpiresAt: began.Add(time.Duration(-i) * time.Hour)}
		if err := b.fold(written(t, i+1, id, i+1, e)); err != nil {
			t.Fatal(err)
		}
	}
	if n := len(b.holds.byExpiry); n != few.holds || len(b.holds.byID) != n || b.lostHolds != 1 {
		t.Fatalf("%d holds, forgotten from %d", n, b.lostHolds)
	}
	if due := b.holds.due(began.Add(-time.Duration(few.holds) * time.Hour)); len(due) != 10 || due[9].Version != int64(few.holds)+1 {
		t.Errorf("%d are due", len(due))
	}
}

func TestPoisonIsPassedBy(t *testing.T) {
	b := newBook(few)
	poison := contract.Record{Position: 1, Account: bank.NewAccountID("ada", "1"), Version: 1, Type: "money-conjured", Schema: 1}
	if err := b.fold(poison); err == nil || b.position != 1 {
		t.Errorf("at position %d: %v", b.position, err)
	}
}

func TestABookIsKeptAndFoundEqual(t *testing.T) {
	b, from, to := newBook(few), bank.NewAccountID("ada", "1"), bank.NewAccountID("bob", "1")
	at := began.UTC()
	b.add(&transfer{ID: bank.NewTransferID(from, "a"), From: from, To: to, Version: 2, Position: 3, Step: rejected, Since: at,
		Rejection: &bank.Rejection{Code: bank.FrozenAccount, Message: "It is frozen."}})
	b.place(&hold{Account: from, Version: 4, Position: 5, ExpiresAt: at})
	b.position, b.mark = 7, "here"
	d := New(Parts{})
	d.book, d.changed = b, true
	data, err := d.sealed()
	if err != nil {
		t.Fatal(err)
	}
	again, err := opened(data, few)
	if err != nil {
		t.Fatal(err)
	}
	if fmt.Sprintf("%+v", *again.transfers[bank.NewTransferID(from, "a")].Rejection) != "{Code:ACCOUNT_FROZEN Message:It is frozen.}" ||
		*again.holds.byExpiry[0] != (hold{Account: from, Version: 4, Position: 5, ExpiresAt: at}) || again.position != 7 || again.mark != "here" {
		t.Errorf("%+v", again)
	}
	data[len(data)/2] ^= 1
	if _, err := opened(data, few); err == nil {
		t.Error("a damaged book was taken for a sound one")
	}
}
