package viewtest

import (
	"time"

	"corebank/internal/bank"
	"corebank/internal/contract"
	"corebank/internal/view"
)

// The tests retain states and trial balances more often than the bank does, so that there are many of them.
const (
	stateInterval = 3
	trialInterval = 4
)

func cents(minor int64) bank.Money { return bank.Money{Minor: minor, Currency: "EUR"} }

// Month is a log in which everything happens: transfers that arrive, come back and are reversed, in several steps and
// in one, transactions with several legs, one of which is reversed, a hold, and a stream that is no account.
func Month(t Fataler) *Log {
	b := NewLog(t)
	open := func(owner string, kind bank.Kind, currency bank.Currency, external string) bank.AccountID {
		return b.Open(bank.OpenAccount{Owner: owner, Kind: kind, Currency: currency, ExternalID: external})
	}
	mine, hers := open("ada", bank.Current, "EUR", "iban-ada"), open("grace", bank.Savings, "EUR", "")
	yen := open("yamada", bank.Business, "JPY", "iban-yamada")
	b.Do(mine, bank.Deposit{Amount: cents(250_000), Details: bank.Details{Reference: "salary", ExternalID: "pay-1"}})
	b.Do(yen, bank.Deposit{Amount: bank.Money{Minor: 5000, Currency: "JPY"}})
	sent := b.Send(mine, hers, cents(80_000))
	b.Do(mine, bank.Withdraw{Amount: cents(5_000), Details: bank.Details{Reference: "cash"},
		EffectiveAt: opening.Add(time.Microsecond)})
	b.Deliver(mine, sent)
	b.Deliver(mine, b.Send(mine, yen, cents(1_000))) // of another currency: it comes back
	b.Deliver(mine, b.Send(mine, absent, cents(1_000)))
	hold := b.Do(mine, bank.PlaceHold{Amount: cents(20_000), Details: bank.Details{Memo: "hotel"}})
	part := cents(15_000)
	b.Do(mine, bank.CaptureHold{Hold: hold.Version, Amount: &part, ReleaseRest: true,
		Details: bank.Details{Reference: "salary"}})
	part = cents(30_000)
	b.Deliver(hers, b.Reverse(hers, 2, &part))
	b.Reverse(mine, 2, &part)
	b.Send(mine, hers, cents(7_000)) // still in transit
	now := b.DoTogether(mine, bank.SendTransfer{To: hers, Amount: cents(9_000)})
	b.DoTogether(hers, bank.Reverse{Transaction: now[1].Version, Reason: "by mistake"})
	b.DoTogether(mine, bank.SendTransfer{To: yen, Amount: cents(1_000)}) // of another currency: it comes back
	b.DoTogether(mine, bank.PostTransaction{Legs: []bank.Leg{{Account: mine, Amount: cents(600), Memo: "a third"},
		{Account: hers, Credit: true, Amount: cents(600), Reference: "dinner"}}})
	posted := b.DoTogether(hers, bank.PostTransaction{Legs: []bank.Leg{{Account: mine, Credit: true, Amount: cents(500)},
		{Account: hers, Amount: cents(300)}, {Account: hers, Amount: cents(200)}}})
	b.DoTogether(mine, bank.Reverse{Transaction: posted[2].Version, Reason: "by mistake"})
	b.Do(hers, bank.FreezeAccount{Debits: true, Reason: "lost card"})
	return b
}

// follow applies a log in steps of so many records.
func (h *harness) follow(b *Log, step int) {
	h.Helper()
	for first := 0; first < len(b.Records); first += step {
		h.apply(h.changes(b.Records[first:min(first+step, len(b.Records))]))
	}
}

func (h *harness) changes(records []contract.Record) view.Changes {
	h.Helper()
	at, sums := h.position(), view.Resume(must(h.want.Trial(h.Context())))
	changes := view.Changes{From: at, To: at + int64(len(records))}
	accounts := make(map[bank.AccountID]view.Account)
	for _, r := range records {
		was, touched := accounts[r.Account]
		if !touched {
			was = h.account(r.Account)
		}
		account, effect, err := view.Fold(was, r)
		if err != nil {
			h.Fatal(err)
		}
		accounts[r.Account] = account
		if effect.Line != nil {
			changes.Transactions = append(changes.Transactions, *effect.Line)
		}
		changes.References = append(changes.References, view.ReferencesOf(r, effect.Subjects)...)
		if account.Version%stateInterval == 0 {
			changes.States = append(changes.States, view.State{Account: account.Account, Position: r.Position})
		}
		sums.Add(r.At, effect.Postings)
		if r.Position%trialInterval == 0 {
			changes.PastTrials = append(changes.PastTrials, sums.Trial(r.Position))
		}
	}
	for _, account := range accounts {
		changes.Accounts = append(changes.Accounts, account)
	}
	changes.Trial = sums.Trial(changes.To)
	return changes
}
