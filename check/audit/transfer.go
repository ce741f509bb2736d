package audit

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
)

// checkTransfer holds an event to the steps of its transfer: sent, then
// received or rejected, then completed or returned, each once.
func (a *Auditor) checkTransfer(r contract.Record, event bank.Event) {
	switch e := event.(type) {
	case bank.TransferSent:
		a.checkSent(r, e)
	case bank.TransferReceived:
		if t := a.step(r, e.Transfer, transfer{e.From, r.Account, e.Amount, stepSent}); t != nil {
			t.step = stepReceived
		}
	case bank.TransferRejected:
		if t := a.step(r, e.Transfer, transfer{e.From, r.Account, e.Amount, stepSent}); t != nil {
			t.step = stepRejected
		}
	case bank.TransferCompleted:
		a.step(r, e.Transfer, transfer{r.Account, e.To, e.Amount, stepReceived})
		delete(a.transfers, e.Transfer)
	case bank.TransferReturned:
		a.step(r, e.Transfer, transfer{r.Account, e.To, e.Amount, stepRejected})
		delete(a.transfers, e.Transfer)
	}
}

func (a *Auditor) checkSent(r contract.Record, e bank.TransferSent) {
	if id := bank.NewTransferID(r.Account, r.Key); e.Transfer != id {
		a.findings.about(r, RuleTransfer, fmt.Sprintf("transfer %s, which follows from the account and the key", id), string(e.Transfer))
	}
	if e.To == r.Account {
		a.findings.about(r, RuleTransfer, "another account as the destination", string(e.To))
	}
	if t := a.transfers[e.Transfer]; t != nil {
		a.findings.about(r, RuleTransfer, fmt.Sprintf("transfer %s sent once", e.Transfer), "it again")
	}
	a.transfers[e.Transfer] = &transfer{r.Account, e.To, e.Amount, stepSent}
}

// step is the transfer, which has to be as wanted; nil where there is none.
func (a *Auditor) step(r contract.Record, id bank.TransferID, want transfer) *transfer {
	t := a.transfers[id]
	switch {
	case t == nil:
		a.findings.about(r, RuleTransfer, fmt.Sprintf("transfer %s, %s and not ended", id, want.step), r.Type)
	case *t != want:
		a.findings.about(r, RuleTransfer, "what was "+t.String(), want.String())
	}
	return t
}

// String is the transfer in a finding.
func (t transfer) String() string {
	return fmt.Sprintf("%s, %s from %s to %s", t.step, t.amount, t.from, t.to)
}

// checkTransit holds the ledger, at the end of the log, to the transfers that
// neither arrived nor came back. Where something was not readable, nothing can
// be said.
func (a *Auditor) checkTransit() {
	want := make(map[bank.Currency]*big.Int)
	add := func(currency bank.Currency, minor *big.Int) {
		if want[currency] == nil {
			want[currency] = new(big.Int)
		}
		want[currency].Add(want[currency], minor)
	}
	for _, acc := range a.accounts {
		if acc.unreadable {
			return
		}
		for _, t := range acc.state.InTransit {
			if open := a.transfers[t.Transfer]; open == nil || open.step != stepReceived {
				add(t.Amount.Currency, big.NewInt(t.Amount.Minor))
			}
		}
	}
	found := a.trial.Trial(a.position)
	for _, total := range found.Totals {
		if total.Kind == bank.LedgerKind(bank.TransitLedger(total.Currency)) {
			add(total.Currency, new(big.Int).Neg(total.Sum))
		}
	}
	for _, currency := range slices.Sorted(maps.Keys(want)) {
		if off := want[currency]; off.Sign() != 0 {
			a.findings.add(Finding{Rule: RuleTransit, Position: a.position,
				Expected: fmt.Sprintf("as much %s in transit in the ledger as in the transfers of all accounts", currency),
				Found:    decimal(off.Neg(off), currency) + " more"})
		}
	}
}
