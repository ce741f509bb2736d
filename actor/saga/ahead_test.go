package saga

import (
	"log/slog"
	"testing"
	"time"

	"corebank/internal/bank"
	"corebank/internal/contract"
	"corebank/internal/seal"
)

// saved is the pending state as the checkpoint has it now.
func (d *Driver) saved(t *testing.T) *pendingState {
	t.Helper()
	d.changed = true
	data, err := d.encodeCheckpoint()
	if err != nil {
		t.Fatal(err)
	}
	p, err := d.decodeCheckpoint(data)
	if err != nil {
		t.Fatal(err)
	}
	return p
}

// applied is the answer to a command that became an event, and the event as the log has it.
func applied(t *testing.T, account bank.AccountID, version, position int64, e bank.Event) contract.Outcome {
	t.Helper()
	r := contract.Record{Account: account, Version: version, Position: position, At: began.Add(time.Minute)}
	if err := r.SetEvent(e); err != nil {
		t.Fatal(err)
	}
	return contract.Outcome{Status: contract.Applied, Record: &r}
}

// An earlier copy of the log may be put in its place, of which the position of the checkpoint is the end. What the
// bank did after that position never happened then.
func TestACheckpointSaysNoMoreThanTheLogUpToItsPosition(t *testing.T) {
	from, to := bank.NewAccountID("ada", "1"), bank.NewAccountID("bob", "1")
	id := bank.NewTransferID(from, "a")
	d := New(Parts{Key: seal.Key{1}, Logger: slog.New(slog.DiscardHandler), Clock: time.Now})
	d.pending = newPendingState(few)
	cent := bank.Money{Minor: 1, Currency: "EUR"}
	paid := bank.Movement{Amount: cent, Balance: cent}
	sending := bank.TransferSent{Movement: paid, Transfer: id, To: to}
	if err := d.pending.fold(*applied(t, from, 2, 3, sending).Record); err != nil {
		t.Fatal(err)
	}
	d.pending.addHold(&hold{Account: from, Version: 1, Position: 2, ExpiresAt: began})

	transfer := d.pending.transfers[id]
	transfer.delivery = d.step(transfer)
	arrived := applied(t, to, 2, 4, bank.TransferReceived{Movement: paid, Transfer: id, From: from})
	transfer.delivery.answered(arrived)
	if next := d.step(transfer); next.account != from || transfer.delivery != nil {
		t.Errorf("the sender has to learn at once that it arrived; next is %+v", next)
	}
	if p := d.saved(t); p.at.Position != 3 || p.transfers[id].Step != sent {
		t.Errorf("at position %d the transfer is %s", p.at.Position, p.transfers[id].Step)
	}
	transfer.delivery = d.step(transfer)
	if err := d.pending.fold(*arrived.Record); err != nil {
		t.Fatal(err)
	}
	if p := d.saved(t); p.at.Position != 4 || p.transfers[id].Step != received || transfer.delivery.cancelled.Load() {
		t.Errorf("at position %d the transfer is %s; it goes on: %t",
			p.at.Position, p.transfers[id].Step, !transfer.delivery.cancelled.Load())
	}
	completed := applied(t, from, 3, 5, bank.TransferCompleted{Transfer: id, To: to, Amount: cent})
	transfer.delivery.answered(completed)
	h := d.pending.holds.byExpiry[0]
	h.delivery = d.expire(h)
	expired := applied(t, from, 4, 6, bank.HoldExpired{Hold: 1, Amount: cent})
	h.delivery.answered(expired)
	sends := transfer.delivery == nil || h.delivery == nil
	if p := d.saved(t); p.transfers[id] == nil || len(p.holds.byExpiry) != 1 || sends {
		t.Errorf("at position %d are %d transfers and %d holds", p.at.Position, len(p.transfers), len(p.holds.byExpiry))
	}
	for _, outcome := range []contract.Outcome{completed, expired} {
		if err := d.pending.fold(*outcome.Record); err != nil {
			t.Fatal(err)
		}
	}
	if p := d.saved(t); len(p.transfers)+len(p.holds.byExpiry) != 0 {
		t.Errorf("at position %d are %d transfers and %d holds", p.at.Position, len(p.transfers), len(p.holds.byExpiry))
	}
}

// What a second reading brought back may have ended in between, so that the log says no more of it: also after a
// restart.
func TestWhatWasReadAgainEndsWithItsAnswer(t *testing.T) {
	account := bank.NewAccountID("ada", "1")
	d := New(Parts{Key: seal.Key{1}, Logger: slog.New(slog.DiscardHandler), Clock: time.Now})
	d.pending = newPendingState(few)
	id := bank.NewTransferID(account, "a")
	d.pending.addHold(&hold{Account: account, Version: 4, Position: 5, ExpiresAt: began, Again: true})
	d.pending.add(&transfer{ID: id, From: account, To: account, Again: true, progress: progress{Step: received}})
	d.pending = d.saved(t) // a restart
	h := d.pending.holds.byExpiry[0]
	d.expire(h).answered(contract.Outcome{Status: contract.Refused, Refusal: &bank.Refusal{Code: bank.HoldEnded}})
	d.step(d.pending.transfers[id]).answered(contract.Outcome{Status: contract.Refused,
		Refusal: &bank.Refusal{Code: bank.TransferNotPending}})
	if p := d.saved(t); len(p.transfers)+len(p.holds.byExpiry) != 0 {
		t.Errorf("%d transfers and %d holds are kept", len(p.transfers), len(p.holds.byExpiry))
	}
}
