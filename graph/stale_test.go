package graph

import (
	"testing"
	"time"

	"corebank/internal/bank"
	"corebank/internal/view"
)

const askStale = `query($id: ID!) {
	account(id: $id) { id owner currency version stale { reason sinceVersion since }
		balance { stale version current { value currency } } }
	balance(accountId: $id) { stale }
}`

func TestAStaleAccountIsShownAsStale(t *testing.T) {
	d := newDesk(t)
	shown := view.Account{
		Account: bank.Account{ID: ada, Owner: "Ada", Currency: "EUR", Balance: eur(500), Version: 3,
			OpenedAt: decidedAt, ChangedAt: decidedAt},
		Stale: view.Stale{Reason: "event money-printed is unknown", Position: 9, Version: 4,
			Since: decidedAt.Add(time.Hour)}}
	d.account = func(bank.AccountID) (view.Account, error) { return shown, nil }
	d.ask(askStale, `{"id": "`+string(ada)+`"}`).answers(`{
		"account": {"id": %q, "owner": "Ada", "currency": "EUR", "version": 3,
			"stale": {"reason": "event money-printed is unknown", "sinceVersion": 4, "since": "2026-03-01T10:30:00.123Z"},
			"balance": {"stale": true, "version": 3, "current": {"value": "5.00", "currency": "EUR"}}},
		"balance": {"stale": true}}`, ada)

	shown.Stale = view.Stale{}
	d.ask(askStale, `{"id": "`+string(ada)+`"}`).answers(`{
		"account": {"id": %q, "owner": "Ada", "currency": "EUR", "version": 3, "stale": null,
			"balance": {"stale": false, "version": 3, "current": {"value": "5.00", "currency": "EUR"}}},
		"balance": {"stale": false}}`, ada)
}

func TestAnAccountThatCouldNeverBeShownIsStaleAndNotMissing(t *testing.T) {
	d := newDesk(t)
	shown := view.Account{Account: bank.Account{ID: ada},
		Stale: view.Stale{Reason: "unknown", Position: 9, Version: 1, Since: decidedAt}}
	d.account = func(bank.AccountID) (view.Account, error) { return shown, nil }
	d.ask(askStale, `{"id": "`+string(ada)+`"}`).answers(`{
		"account": {"id": %q, "owner": "", "currency": "XXX", "version": 0,
			"stale": {"reason": "unknown", "sinceVersion": 1, "since": "2026-03-01T09:30:00.123Z"},
			"balance": {"stale": true, "version": 0, "current": {"value": "0", "currency": "XXX"}}},
		"balance": {"stale": true}}`, ada)
}

// TestNoQueryWaitsForAStaleView: the view would not become current in the meantime.
func TestNoQueryWaitsForAStaleView(t *testing.T) {
	d := newDesk(t)
	reads := 0
	d.account = func(bank.AccountID) (view.Account, error) {
		reads++
		return view.Account{Account: bank.Account{ID: ada, Currency: "EUR", Version: 3},
			Stale: view.Stale{Reason: "unknown", Position: 9, Version: 4, Since: decidedAt}}, nil
	}
	d.ask(`query { account(id: "`+string(ada)+`", minVersion: 4, waitMs: 10000) { id } }`, "").fails(map[string]any{
		"code": CodeNotYetVisible, "retryable": false, "stale": true, "minVersion": 4.0, "visibleVersion": 3.0})
	if reads != 1 {
		t.Errorf("the view was read %d times, want once", reads)
	}
}
