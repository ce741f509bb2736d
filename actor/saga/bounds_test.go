package saga

import (
	"fmt"
	"testing"
	"time"

	"corebank/internal/bank"
	"corebank/internal/contract"
	"corebank/internal/seal"
)

var began = time.Date(2026, 3, 1, 9, 0, 0, 0, time.UTC)

var few = limits{transfers: 50, holds: 100}

// written is the i-th record of a log, a second after the one before it.
func written(t *testing.T, i int64, id bank.AccountID, version int64, e bank.Event) contract.Record {
	t.Helper()
	r := contract.Record{Position: i, Account: id, Version: version, At: began.Add(time.Duration(i) * time.Second)}
	if err := r.SetEvent(e); err != nil {
		t.Fatal(err)
	}
	return r
}

func TestTheTransferWithoutProgressForLongestIsForgotten(t *testing.T) {
	p, from, to := newPendingState(few), bank.NewAccountID("ada", "1"), bank.NewAccountID("bob", "1")
	amount := bank.Money{Minor: 1, Currency: "EUR"}
	for i := range int64(few.transfers + 10) {
		e := bank.TransferSent{Movement: bank.Movement{Amount: amount, Balance: amount, Postings: []bank.Posting{}},
			Transfer: bank.NewTransferID(from, fmt.Sprint(i)), To: to}
		if err := p.fold(written(t, i+1, from, i+1, e)); err != nil {
			t.Fatal(err)
		}
	}
	if len(p.transfers) != few.transfers || p.lostTransfers != 1 {
		t.Fatalf("%d transfers, forgotten from %d", len(p.transfers), p.lostTransfers)
	}
	if p.transfers[bank.NewTransferID(from, "9")] != nil || p.transfers[bank.NewTransferID(from, "10")] == nil {
		t.Error("others were forgotten than the first ten")
	}
}

func TestTheHoldsThatExpireLastAreForgotten(t *testing.T) {
	p, id := newPendingState(few), bank.NewAccountID("ada", "1")
	for i := range int64(few.holds + 10) {
		e := bank.HoldPlaced{Amount: bank.Money{Minor: 1, Currency: "EUR"},
			ExpiresAt: began.Add(time.Duration(-i) * time.Hour)}
		if err := p.fold(written(t, i+1, id, i+1, e)); err != nil {
			t.Fatal(err)
		}
	}
	if n := len(p.holds.byExpiry); n != few.holds || len(p.holds.byID) != n || p.lostHolds != 1 {
		t.Fatalf("%d holds, forgotten from %d", n, p.lostHolds)
	}
	due := p.holds.due(began.Add(-time.Duration(few.holds) * time.Hour))
	if len(due) != 10 || due[9].Version != int64(few.holds)+1 {
		t.Errorf("%d are due", len(due))
	}
}

func TestAnUnreadableRecordIsSkipped(t *testing.T) {
	p := newPendingState(few)
	poison := contract.Record{
		Position: 1, Account: bank.NewAccountID("ada", "1"), Version: 1, Type: "money-conjured", Schema: 1}
	if err := p.fold(poison); err == nil || p.at.Position != 1 {
		t.Errorf("at position %d: %v", p.at.Position, err)
	}
}

func TestACheckpointIsReadAsItWasWritten(t *testing.T) {
	p, from, to := newPendingState(few), bank.NewAccountID("ada", "1"), bank.NewAccountID("bob", "1")
	at := began.UTC()
	id := bank.NewTransferID(from, "a")
	p.add(&transfer{ID: id, From: from, To: to, Version: 2, Position: 3, progress: progress{Step: rejected, Since: at,
		Rejection: &bank.Rejection{Code: bank.FrozenAccount, Message: "It is frozen."}}})
	p.addHold(&hold{Account: from, Version: 4, Position: 5, ExpiresAt: at})
	p.at = contract.Checkpoint{Log: "ours", Position: 7, Mark: contract.Mark{1}}
	d := New(Parts{Key: seal.Key{1}})
	d.pending, d.changed = p, true
	data, err := d.encodeCheckpoint()
	if err != nil {
		t.Fatal(err)
	}
	again, err := d.decodeCheckpoint(data)
	if err != nil {
		t.Fatal(err)
	}
	if fmt.Sprintf("%+v", *again.transfers[id].Rejection) != "{Code:ACCOUNT_FROZEN Message:It is frozen.}" ||
		*again.holds.byExpiry[0] != (hold{Account: from, Version: 4, Position: 5, ExpiresAt: at}) ||
		again.at != p.at {
		t.Errorf("%+v", again)
	}
	data[len(data)/2] ^= 1
	if _, err := d.decodeCheckpoint(data); err == nil {
		t.Error("a damaged checkpoint was taken for a valid one")
	}
	for name, forger := range map[string]seal.Key{"another key": {2}, "the right key and name": {1}} {
		forged, err := forger.Seal(sealedAs, checkpoint{Schema: checkpointSchema, Checkpoint: p.at})
		if err != nil {
			t.Fatal(err)
		}
		if _, err := d.decodeCheckpoint(forged); (err == nil) != (forger == d.Key) {
			t.Errorf("sealed with %s: %v", name, err)
		}
	}
}
