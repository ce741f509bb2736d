package saga_test

import (
	"time"

	"corebank/internal/bank"
	"corebank/internal/contract"
)

// send gives an account's actor a command, which must be applied; it may be replayed
// because the first answer got lost.
func (w *cluster) send(id bank.AccountID, key string, c bank.Command) contract.Record {
	w.t.Helper()
	return w.sendFrom(contract.Origin{}, id, key, c)
}

// sendFrom is send for a command that comes of something.
func (w *cluster) sendFrom(origin contract.Origin, id bank.AccountID, key string, c bank.Command) contract.Record {
	w.t.Helper()
	command, err := contract.EncodeCommand("ada", key, c)
	if err != nil {
		w.t.Fatal(err)
	}
	command.Origin = origin
	var reply contract.CommandReply
	w.until(key+" to be answered", time.Minute, func() bool {
		reply, err = w.host(id).Execute(w.t.Context(), id, contract.CommandBatch{Commands: []contract.Command{command}})
		return err == nil && reply.Outcomes[0].Status != contract.Unavailable
	})
	if status := reply.Outcomes[0].Status; status != contract.Applied && status != contract.Replayed {
		w.t.Fatalf("%s: %+v", key, reply.Outcomes[0])
	}
	return *reply.Outcomes[0].Record
}

// open opens an account in a currency with 100.00 in it, on a host.
func (w *cluster) open(name string, currency bank.Currency, at int) bank.AccountID {
	w.t.Helper()
	id := bank.NewAccountID("ada", name)
	w.moveActor(id, at)
	w.send(id, name, bank.OpenAccount{Owner: name, Currency: currency})
	w.send(id, "pay", bank.Deposit{Amount: bank.Money{Minor: 10_000, Currency: currency}})
	return id
}

// transfer sends money on its way.
func (w *cluster) transfer(from, to bank.AccountID, key string, minor int64) bank.TransferID {
	w.t.Helper()
	w.send(from, key, bank.SendTransfer{To: to, Amount: eur(minor), Details: bank.Details{Reference: key}})
	return bank.NewTransferID(from, key)
}

func eur(minor int64) bank.Money { return bank.Money{Minor: minor, Currency: "EUR"} }

// account is an account as the log has it.
func (w *cluster) account(id bank.AccountID) bank.Account {
	w.t.Helper()
	a := bank.Account{ID: id}
	for _, r := range w.log() {
		if r.Account != id {
			continue
		}
		var err error
		if a, err = contract.Fold(a, r); err != nil {
			w.t.Fatal(err)
		}
	}
	return a
}

func (w *cluster) log() []contract.Record {
	w.t.Helper()
	records, err := w.memory.Open().ReadAll(w.t.Context(), 0, 1_000_000)
	if err != nil {
		w.t.Fatal(err)
	}
	return records
}

// end is what became of a transfer.
type end struct {
	sent, received, rejected, completed, returned int
	why                                           bank.Code
}

func (e end) ended() bool { return e.completed+e.returned > 0 }

// ends are what became of all transfers; they fail on money that is not where
// it should be.
func (w *cluster) ends() map[bank.TransferID]end {
	w.t.Helper()
	ends := make(map[bank.TransferID]end)
	transit := int64(0)
	for _, r := range w.log() {
		event, err := r.Event()
		if err != nil {
			w.t.Fatal(err)
		}
		for _, p := range event.PostingLines() {
			if bank.LedgerKind(p.LedgerAccount) == "transit" {
				transit += p.Amount.Minor
			}
		}
		count := func(id bank.TransferID, add func(*end)) {
			e := ends[id]
			add(&e)
			ends[id] = e
		}
		switch e := event.(type) {
		case bank.TransferSent:
			count(e.Transfer, func(n *end) { n.sent++ })
		case bank.TransferReceived:
			count(e.Transfer, func(n *end) { n.received++ })
		case bank.TransferRejected:
			count(e.Transfer, func(n *end) { n.rejected++ })
		case bank.TransferCompleted:
			count(e.Transfer, func(n *end) { n.completed++ })
		case bank.TransferReturned:
			count(e.Transfer, func(n *end) { n.returned++; n.why = e.Code })
		}
	}
	open := false
	for id, e := range ends {
		if e.sent != 1 || e.received+e.rejected > 1 || e.completed > e.received || e.returned > e.rejected {
			w.t.Fatalf("transfer %s: %+v", id, e)
		}
		open = open || !e.ended()
	}
	if !open && transit != 0 {
		w.t.Fatalf("%d in transit after all transfers ended", transit)
	}
	return ends
}

// settle waits until all transfers have ended.
func (w *cluster) settle(most time.Duration) map[bank.TransferID]end {
	w.t.Helper()
	var ends map[bank.TransferID]end
	w.until("the transfers to end", most, func() bool {
		ends = w.ends()
		for _, e := range ends {
			if !e.ended() {
				return false
			}
		}
		return true
	})
	return ends
}
