package simulation

import (
	"context"
	"time"

	"corebank/check/laws"
	"corebank/internal/bank"
	"corebank/internal/contract"
	"corebank/internal/view"
	"corebank/internal/view/live"
	"corebank/server"
)

// sight is what one query showed of all accounts at once.
type sight struct {
	at       time.Duration
	accounts map[bank.AccountID]bank.Account
}

// shown is what the views were after a change: as of a position, with a trial balance.
type shown struct {
	position int64
	trial    view.Trial
}

// openViews are the views as a gateway reads them.
func (g *gateway) openViews(w *world, log wire) {
	now := live.Reader{Use: func(_ context.Context, read func(view.Reader) error) error {
		return read(w.views.live().Store)
	}}
	g.views = server.NewVerifiedViews(now, log)
	g.feed.OnTakeover(g.views.Note)
}

// look reads all accounts through some gateway, again and again, until ctx ends.
func (w *world) look(ctx context.Context) {
	th := w.thread("reader", nil)
	for w.sleep(ctx, th.between(10*time.Millisecond, 2*time.Second)) == nil {
		g, served, leave := w.enter(th.in(ctx), th.IntN(len(w.gateways)))
		if g == nil {
			continue
		}
		all, _, err := g.views.ListAccounts(served, view.Accounts{First: view.MaxPage})
		leave()
		if err != nil {
			th.note("cannot read the accounts: %v", err)
			continue
		}
		s := sight{at: w.now(), accounts: make(map[bank.AccountID]bank.Account, len(all))}
		for _, a := range all {
			s.accounts[a.ID] = a.Account
		}
		w.mu.Lock()
		w.sights = append(w.sights, s)
		w.mu.Unlock()
	}
}

// checkSights holds what queries showed to the log. What was shown before the log was put back is left out, and so is
// what is shown then: gateways need a moment to find that out.
func (w *world) checkSights(h *laws.History, records []contract.Record) {
	if w.wasPutBack() {
		return
	}
	groups := together(records)
	for _, s := range w.sights {
		for id, a := range s.accounts {
			if is, there := h.State(id, a.Version); !there || is.Balance != a.Balance {
				w.violated(laws.Served, "at %s %s was %s at version %d, where the log has %s", s.at, w.name(string(id)), a.Balance,
					a.Version, is.Balance)
			}
		}
		for _, group := range groups {
			first := group[0]
			for _, r := range group[1:] {
				if s.has(first) != s.has(r) {
					w.violated(laws.Always, "at %s a query showed one of positions %d and %d, which are one step", s.at,
						first.Position, r.Position)
				}
			}
		}
	}
}

// has reports whether a query showed an account after a record.
func (s sight) has(r contract.Record) bool { return s.accounts[r.Account].Version >= r.Version }

// together are the records of each append to several streams.
func together(records []contract.Record) (groups [][]contract.Record) {
	for i := 0; i < len(records); i++ {
		if n := records[i].More; n > 0 && i+n < len(records) {
			groups = append(groups, records[i:i+n+1])
			i += n
		}
	}
	return groups
}

// checkShown: the views never showed an append to several streams in part, their sum was always zero, and where all
// accounts are in one partition, nothing was ever in transit.
func (w *world) checkShown(records []contract.Record) {
	for _, s := range w.shown {
		if s.position > int64(len(records)) {
			continue
		}
		if more := records[s.position-1].More; more > 0 {
			w.violated(laws.Always, "the views showed position %d without the %d that belong to it", s.position, more)
		}
		sums := make(map[bank.Currency]int64)
		for _, total := range s.trial.Totals {
			sums[total.Currency] += total.Sum.Int64()
			if total.Kind == bank.LedgerKind(bank.TransitLedger(total.Currency)) && total.Sum.Sign() != 0 && len(w.logs()) == 1 {
				w.violated(laws.Always, "at position %d the views had %s minor units of %s in transit", s.position, total.Sum,
					total.Currency)
			}
		}
		for currency, sum := range sums {
			if sum != 0 {
				w.violated(laws.Always, "at position %d all sums of %s in the views came to %d", s.position, currency, sum)
			}
		}
	}
}
