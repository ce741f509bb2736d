package laws

import (
	"encoding/json"
	"slices"
	"testing"

	"corebank/internal/bank"
	"corebank/internal/contract"
	"corebank/internal/view/viewtest"
)

// inOneStep is a log with a transfer that arrives in the step in which it is sent, at positions 4 and 5, and one that
// comes back, at 6 and 7.
func inOneStep(t *testing.T) []contract.Record {
	t.Helper()
	b := viewtest.NewLog(t)
	ada := b.Open(bank.OpenAccount{Owner: "ada", Currency: "EUR"})
	grace := b.Open(bank.OpenAccount{Owner: "grace", Currency: "EUR"})
	b.Do(ada, bank.Deposit{Amount: bank.Money{Minor: 500, Currency: "EUR"}})
	b.DoTogether(ada, bank.SendTransfer{To: grace, Amount: bank.Money{Minor: 200, Currency: "EUR"}})
	absent := bank.NewAccountID("absent", "first")
	b.DoTogether(ada, bank.SendTransfer{To: absent, Amount: bank.Money{Minor: 100, Currency: "EUR"}})
	return b.Records
}

// edited is the log with another event at a position.
func edited[E bank.Event](t *testing.T, records []contract.Record, position int, change func(*E)) []contract.Record {
	t.Helper()
	var event E
	if err := json.Unmarshal(records[position-1].Data, &event); err != nil {
		t.Fatal(err)
	}
	change(&event)
	if err := records[position-1].SetEvent(event); err != nil {
		t.Fatal(err)
	}
	return records
}

// renumbered is the log after records were left out or added.
func renumbered(records []contract.Record) []contract.Record {
	versions := make(map[bank.AccountID]int64)
	for i := range records {
		r := &records[i]
		versions[r.Account]++
		r.Position, r.Version = int64(i+1), versions[r.Account]
	}
	return records
}

func checked(records []contract.Record) *Findings {
	var found Findings
	log := NewLog(&found)
	for _, r := range records {
		log.Record(r)
	}
	log.End()
	log.CheckEnded()
	return &found
}

func TestTransfersInOneStepAreSound(t *testing.T) {
	if found := checked(inOneStep(t)); found.Total > 0 {
		t.Errorf("found %v", found.Kept)
	}
}

func TestABrokenTransferInOneStepIsFound(t *testing.T) {
	without := func(at int) func(*testing.T, []contract.Record) []contract.Record {
		return func(_ *testing.T, records []contract.Record) []contract.Record {
			return renumbered(slices.Delete(records, at-1, at))
		}
	}
	for name, test := range map[string]struct {
		breakIt func(*testing.T, []contract.Record) []contract.Record
		law     Law
	}{
		"it does not arrive":        {without(5), Transfer},
		"it was not sent":           {without(4), Transfer},
		"it does not come back":     {without(7), Ended},
		"it was not sent, and back": {without(6), Transfer},
		"it arrives as by a process": {func(t *testing.T, records []contract.Record) []contract.Record {
			return edited(t, records, 5, func(e *bank.TransferReceived) { e.AtOnce = false })
		}, Transfer},
		"it is sent as by a process": {func(t *testing.T, records []contract.Record) []contract.Record {
			return edited(t, records, 4, func(e *bank.TransferSent) { e.End = "" })
		}, Transfer},
		"it arrives and comes back": {func(t *testing.T, records []contract.Record) []contract.Record {
			return edited(t, records, 6, func(e *bank.TransferSent) { e.End = bank.EndArrived })
		}, Transfer},
		"it arrives twice": {func(_ *testing.T, records []contract.Record) []contract.Record {
			again := records[4]
			again.Key += "again"
			return renumbered(slices.Insert(records, 5, again))
		}, Transfer},
		"another amount arrives": {func(t *testing.T, records []contract.Record) []contract.Record {
			return edited(t, records, 5, func(e *bank.TransferReceived) {
				for _, minor := range []*int64{&e.Amount.Minor, &e.Balance.Minor, &e.Postings[0].Amount.Minor} {
					*minor = 300
				}
				e.Postings[1].Amount.Minor = -300
			})
		}, Transfer},
	} {
		found := checked(test.breakIt(t, inOneStep(t)))
		if !slices.ContainsFunc(found.Kept, func(f Finding) bool { return f.Law == test.law }) {
			t.Errorf("%s: found %v", name, found.Kept)
		}
	}
}
