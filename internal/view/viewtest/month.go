package viewtest

import (
	"time"

	"corebank/internal/bank"
	"corebank/internal/contract"
	"corebank/internal/view"
)

// How often stories keep states and trial balances: often, so that there are
// many of them.
const (
	stateEvery = 3
	trialEvery = 4
)

func cents(minor int64) bank.Money { return bank.Money{Minor: minor, Currency: "EUR"} }

// Month is a log in which everything happens: transfers that arrive, come back
// and are reversed, a hold, and a stream that is no account.
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
	b.Do(mine, bank.Withdraw{Amount: cents(5_000), Details: bank.Details{Reference: "cash"}, EffectiveAt: opening.Add(time.Microsecond)})
	b.Deliver(mine, sent)
	b.Deliver(mine, b.Send(mine, yen, cents(1_000))) // of another currency: it comes back
	b.Deliver(mine, b.Send(mine, nobody, cents(1_000)))
	hold := b.Do(mine, bank.PlaceHold{Amount: cents(20_000), Details: bank.Details{Memo: "hotel"}})
	part := cents(15_000)
	b.Do(mine, bank.CaptureHold{Hold: hold.Version, Amount: &part, ReleaseRest: true, Details: bank.Details{Reference: "salary"}})
	part = cents(30_000)
	b.Deliver(hers, b.Reverse(hers, 2, &part))
	b.Reverse(mine, 2, &part)
	b.Send(mine, hers, cents(7_000)) // still on its way
	b.Do(hers, bank.FreezeAccount{Debits: true, Reason: "lost card"})
	return b
}

// follow applies a log in steps of so many records, and remembers what has to
// come of it.
func (s *story) follow(b *Log, step int) {
	s.t.Helper()
	sums := view.Resume(view.Trial{})
	for first := 0; first < len(b.Records); first += step {
		records := b.Records[first:min(first+step, len(b.Records))]
		s.apply(s.changes(sums, records))
	}
}

func (s *story) changes(sums *view.Running, records []contract.Record) view.Changes {
	s.t.Helper()
	changes := view.Changes{From: s.position, To: s.position + int64(len(records))}
	touched := make(map[bank.AccountID]bool)
	for _, r := range records {
		account, effect, err := view.Fold(s.accounts[r.Account], r)
		if err != nil {
			s.t.Fatal(err)
		}
		s.accounts[r.Account], touched[r.Account] = account, true
		if effect.Line != nil {
			changes.Transactions = append(changes.Transactions, *effect.Line)
			s.lines[r.Account] = append(s.lines[r.Account], *effect.Line)
		}
		for _, link := range view.ReferencesOf(r, effect.Subjects) {
			changes.References = append(changes.References, link)
			s.links[link.Key] = append(s.links[link.Key], r)
		}
		if account.Version%stateEvery == 0 {
			state := view.State{Account: account.Account, Position: r.Position}
			changes.States = append(changes.States, state)
			s.states[r.Account] = append(s.states[r.Account], state)
		}
		sums.Add(r.At, effect.Postings)
		if r.Position%trialEvery == 0 {
			changes.PastTrials = append(changes.PastTrials, sums.Trial(r.Position))
		}
	}
	for id := range touched {
		changes.Accounts = append(changes.Accounts, s.accounts[id])
	}
	s.kept = append(s.kept, changes.PastTrials...)
	s.position, changes.Trial = changes.To, sums.Trial(changes.To)
	return changes
}
