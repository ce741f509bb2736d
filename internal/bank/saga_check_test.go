package bank_test

import (
	"math/big"
	"reflect"
	"slices"

	"corebank/internal/bank"
)

// course is what became of one transfer.
type course struct {
	from, to                                        bank.AccountID
	amount                                          bank.Money
	end                                             bank.TransferEnd // where it ended in one step
	sent, received, rejected, completed, returned   int
	receivedAt, rejectedAt, completedAt, returnedAt bank.AccountID
}

func (w *world) courses() map[bank.TransferID]*course {
	all := make(map[bank.TransferID]*course)
	of := func(id bank.TransferID) *course {
		if all[id] == nil {
			all[id] = &course{}
		}
		return all[id]
	}
	for _, f := range w.log {
		switch e := f.event.(type) {
		case bank.TransferSent:
			c := of(e.Transfer)
			c.sent++
			c.from, c.to, c.amount, c.end = f.account, e.To, e.Amount, e.End
		case bank.TransferReceived:
			c := of(e.Transfer)
			c.received++
			c.receivedAt = f.account
		case bank.TransferRejected:
			c := of(e.Transfer)
			c.rejected++
			c.rejectedAt = f.account
		case bank.TransferCompleted:
			c := of(e.Transfer)
			c.completed++
			c.completedAt = f.account
		case bank.TransferReturned:
			c := of(e.Transfer)
			c.returned++
			c.returnedAt = f.account
		}
	}
	return all
}

// checkTransfers: sent once, received or rejected at most once, and completed
// or returned only after that; ended, exactly once. One that ends in one step is
// received or returned, and no more.
func (w *world) checkTransfers(ended bool) {
	for id, c := range w.courses() {
		switch c.end {
		case bank.EndArrived:
			c.completed++
		case bank.EndReturned:
			c.rejected, c.rejectedAt = c.rejected+1, c.to
		}
		arrived, over := c.received+c.rejected, c.completed+c.returned
		if c.sent != 1 || arrived > 1 || over > arrived ||
			c.completed > c.received || c.returned > c.rejected || ended && over != 1 {
			w.Fatalf("transfer %s: %+v", id, *c)
		}
		for _, at := range []bank.AccountID{c.receivedAt, c.rejectedAt} {
			if at != "" && at != c.to {
				w.Fatalf("transfer %s to %s came to %s", id, c.to, at)
			}
		}
		for _, at := range []bank.AccountID{c.completedAt, c.returnedAt} {
			if at != "" && at != c.from {
				w.Fatalf("transfer %s from %s ended in %s", id, c.from, at)
			}
		}
	}
}

// checkLegs: each transaction has each of its legs once, as the one says that has all; they sum to zero in each
// currency, and it is undone as a whole, at most once, or not at all.
func (w *world) checkLegs() {
	found, undone := make(map[bank.JournalID]int), make(map[bank.JournalID]int)
	sums := make(map[string]*big.Int)
	for _, f := range w.log {
		e, ok := f.event.(bank.LegPosted)
		if !ok {
			continue
		}
		found[e.Journal]++
		for _, p := range e.Postings[1:] { // the other side, of which nothing stays
			sum(sums, string(e.Journal)+string(p.Amount.Currency), p.Amount.Minor)
		}
		if e.Reverses != nil {
			undone[e.Reverses.Journal]++
		}
		whole := e
		if e.Home != nil {
			whole, _ = w.streams[e.Home.Account][e.Home.Version-1].event.(bank.LegPosted)
		}
		if said := whole.Legs[e.Number-1]; whole.Journal != e.Journal || said.Account != f.account ||
			said.Version != f.version || said.Amount != e.Amount || said.Credit != e.Credit {
			w.Fatalf("leg %+v of %s is said to be %+v", e, f.account, said)
		}
		if n := found[e.Journal]; n > e.Of {
			w.Fatalf("%s has %d legs of %d", e.Journal, n, e.Of)
		}
	}
	for _, f := range w.log {
		if e, ok := f.event.(bank.LegPosted); ok &&
			(found[e.Journal] != e.Of || undone[e.Journal] != 0 && undone[e.Journal] != e.Of) {
			w.Fatalf("%s has %d of %d legs, and %d are undone", e.Journal, found[e.Journal], e.Of, undone[e.Journal])
		}
	}
	for of, left := range sums {
		if left.Sign() != 0 {
			w.Fatalf("%s leaves %s", of, left)
		}
	}
}

// checkReversals: of no transaction more is reversed than it was; what came
// back does not count.
func (w *world) checkReversals() {
	courses := w.courses()
	for id, stream := range w.streams {
		reversed := make(map[int64]int64)
		for _, f := range stream {
			switch e := f.event.(type) {
			case bank.TransactionReversed:
				reversed[e.Transaction] += e.Amount.Minor
			case bank.TransferSent:
				if e.Reverses != nil && courses[e.Transfer].returned == 0 {
					reversed[e.Reverses.Version] += e.Amount.Minor
				}
			case bank.LegPosted:
				if e.Reverses != nil {
					reversed[e.Reverses.Version] += e.Amount.Minor
				}
			}
		}
		for version, minor := range reversed {
			known := w.accounts[id].Reversed
			same := func(r bank.Reversed) bool { return r.Version == version && r.Minor == minor }
			if !slices.ContainsFunc(known, same) {
				w.Fatalf("%s: of transaction %d, %d were reversed; the account knows %+v", id, version, minor, known)
			}
			if most := amountOf(stream[version-1].event); minor > most || minor <= 0 {
				w.Fatalf("%s: of transaction %d over %d, %d were reversed", id, version, most, minor)
			}
		}
		if len(reversed) != len(w.accounts[id].Reversed) {
			w.Fatalf("%s: %v were reversed; the account knows %+v", id, reversed, w.accounts[id].Reversed)
		}
	}
}

func amountOf(e bank.Event) int64 {
	switch e := e.(type) {
	case bank.MoneyDeposited:
		return e.Amount.Minor
	case bank.MoneyWithdrawn:
		return e.Amount.Minor
	case bank.HoldCaptured:
		return e.Amount.Minor
	case bank.TransferReceived:
		return e.Amount.Minor
	case bank.LegPosted:
		return e.Amount.Minor
	}
	return 0
}

// checkTheEnd: every transfer has ended, nothing is in transit, and the log
// tells every account again.
func (w *world) checkTheEnd() {
	w.checkTransfers(true)
	inTransit := int64(0)
	replayed := make(map[bank.AccountID]bank.Account)
	for _, f := range w.log {
		for _, p := range f.event.PostingLines() {
			if bank.LedgerKind(p.LedgerAccount) == "transit" {
				inTransit += p.Amount.Minor
			}
		}
		account := replayed[f.account]
		account.ID = f.account
		replayed[f.account] = account.Apply(f.event, f.at)
	}
	if inTransit != 0 {
		w.Fatalf("%d minor units stay in transit", inTransit)
	}
	if !reflect.DeepEqual(replayed, w.accounts) {
		w.Fatalf("replayed, the accounts are\n%+v, they were\n%+v", replayed, w.accounts)
	}
	for id, account := range w.accounts {
		if len(account.InTransit) > 0 {
			w.Fatalf("%s still has in transit %+v", id, account.InTransit)
		}
	}
}
