package laws

import (
	"fmt"
	"maps"
	"math/big"
	"slices"

	"corebank/internal/bank"
	"corebank/internal/contract"
)

// transfer is one that was sent and whose end the sender has not noted.
type transfer struct {
	from, to bank.AccountID
	amount   bank.Money
	step     string
}

// The steps of a transfer before its end.
const (
	stepSent     = "sent"
	stepReceived = "received"
	stepRejected = "rejected"
	// stepArrives is of one that its receiver takes in the step in which it is sent.
	stepArrives = "sent to arrive at once"
)

// checkTransfer holds an event to the steps of its transfer: sent, then received or rejected, then completed or
// returned, each once. One that ends in the step in which it is sent is sent, and then received or returned.
func (l *Log) checkTransfer(r contract.Record, event bank.Event) {
	switch e := event.(type) {
	case bank.TransferSent:
		l.sent++
		l.checkSent(r, e)
	case bank.TransferReceived:
		l.checkReceived(r, e)
	case bank.TransferRejected:
		if t := l.step(r, e.Transfer, transfer{e.From, r.Account, e.Amount, stepSent}); t != nil {
			t.step = stepRejected
		}
	case bank.TransferCompleted:
		l.step(r, e.Transfer, transfer{r.Account, e.To, e.Amount, stepReceived})
		delete(l.transfers, e.Transfer)
	case bank.TransferReturned:
		l.step(r, e.Transfer, transfer{r.Account, e.To, e.Amount, stepRejected})
		delete(l.transfers, e.Transfer)
	}
}

func (l *Log) checkSent(r contract.Record, e bank.TransferSent) {
	if id := bank.NewTransferID(r.Account, r.Key); e.Transfer != id {
		l.findings.about(r, Transfer, fmt.Sprintf("transfer %s, which follows from the account and the key", id),
			string(e.Transfer))
	}
	if e.To == r.Account {
		l.findings.about(r, Transfer, "another account as the destination", string(e.To))
	}
	if t := l.transfers[e.Transfer]; t != nil {
		l.findings.about(r, Transfer, fmt.Sprintf("transfer %s sent once", e.Transfer), "it again")
	}
	step := stepSent
	switch e.End {
	case bank.EndArrived:
		step = stepArrives
	case bank.EndReturned: // there is no more of the rejection than its return
		step = stepRejected
	}
	l.transfers[e.Transfer] = &transfer{r.Account, e.To, e.Amount, step}
}

func (l *Log) checkReceived(r contract.Record, e bank.TransferReceived) {
	step := stepSent
	if e.AtOnce {
		step = stepArrives
	}
	if t := l.step(r, e.Transfer, transfer{e.From, r.Account, e.Amount, step}); t != nil {
		t.step = stepReceived
	}
	if e.AtOnce {
		delete(l.transfers, e.Transfer)
	}
}

// checkAtOnce finds, at the end of the log, the transfers that arrived in one account and not in the other.
func (l *Log) checkAtOnce() {
	for _, id := range slices.Sorted(maps.Keys(l.transfers)) {
		if t := l.transfers[id]; t.step == stepArrives && !l.unreadable(t.to) {
			l.findings.Add(Finding{Law: Transfer, Position: l.position, Account: t.to,
				Expected: fmt.Sprintf("the arrival of transfer %s, %s from %s, at once", id, t.amount, t.from),
				Found:    "no arrival"})
		}
	}
}

// unreadable reports whether not all events of an account could be read.
func (l *Log) unreadable(id bank.AccountID) bool {
	acc := l.accounts[id]
	return acc != nil && acc.unreadable
}

// step is the transfer, which has to be as wanted; nil where there is none.
func (l *Log) step(r contract.Record, id bank.TransferID, want transfer) *transfer {
	t := l.transfers[id]
	switch {
	case t == nil:
		l.findings.about(r, Transfer, fmt.Sprintf("transfer %s, %s and not ended", id, want.step), r.Type)
	case *t != want:
		l.findings.about(r, Transfer, "what was "+t.String(), want.String())
	}
	return t
}

// String is the transfer in a finding.
func (t transfer) String() string {
	return fmt.Sprintf("%s, %s from %s to %s", t.step, t.amount, t.from, t.to)
}

// checkTransit holds the ledger, at the end of the log, to the transfers that neither arrived nor came back. Where
// something was not readable, nothing can be said.
func (l *Log) checkTransit() {
	want := make(map[bank.Currency]*big.Int)
	add := func(currency bank.Currency, minor *big.Int) {
		if want[currency] == nil {
			want[currency] = new(big.Int)
		}
		want[currency].Add(want[currency], minor)
	}
	for _, acc := range l.accounts {
		if acc.unreadable {
			return
		}
		for _, t := range acc.state.InTransit {
			if open := l.transfers[t.Transfer]; open == nil || open.step != stepReceived {
				add(t.Amount.Currency, big.NewInt(t.Amount.Minor))
			}
		}
	}
	for _, t := range l.transfers {
		if t.step == stepArrives { // that is a finding already
			add(t.amount.Currency, big.NewInt(t.amount.Minor))
		}
	}
	for _, j := range l.journals { // so is one with missing legs
		for _, leg := range j.legs {
			add(leg.Amount.Currency, big.NewInt(-signed(leg.Amount, leg.Credit).Minor))
		}
	}
	found := l.Trial()
	for _, total := range found.Totals {
		if total.Kind == bank.LedgerKind(bank.TransitLedger(total.Currency)) {
			add(total.Currency, new(big.Int).Neg(total.Sum))
		}
	}
	for _, currency := range slices.Sorted(maps.Keys(want)) {
		if off := want[currency]; off.Sign() != 0 {
			l.findings.Add(Finding{Law: Transit, Position: l.position,
				Expected: fmt.Sprintf("as much %s in transit in the ledger as in the transfers of all accounts", currency),
				Found:    currency.Decimal(off.Neg(off).String()) + " more"})
		}
	}
}
