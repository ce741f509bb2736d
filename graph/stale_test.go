package graph

import (
	"testing"
	"time"

	"corebank/internal/bank"
	"corebank/internal/view"
)

const askStale = `query($id: ID!) {
	account(id: $id) { id owner currency version stale { reason sinceVersion since } balance { stale version current { value currency } } }
	balance(accountId: $id) { stale }
}`

func TestAStaleAccountIsShownAsStale(t *testing.T) {
	d := newDesk(t)
	shown := view.Account{Account: bank.Account{ID: ada, Owner: "Ada", Currency: "EUR", Balance: eur(500), Version: 3, OpenedAt: decidedAt, ChangedAt: decidedAt},
		Stale: view.Stale{Reason: "event money-printed is unknown", Position: 9, Version: 4, Since: decidedAt.Add(time.Hour)}}
	d.account = func(bank.AccountID) (view.Account, error) { return shown, nil }
	got := d.ask(askStale, `{"id": "`+string(ada)+`"}`)
	if len(got.Errors) > 0 {
		t.Fatalf("%+v", got.Errors)
	}
	stale, _ := got.Data["account"]["stale"].(map[string]any)
	if stale["reason"] != "event money-printed is unknown" || stale["sinceVersion"] != 4.0 || stale["since"] != "2026-03-01T10:30:00.123Z" {
		t.Errorf("stale is %v", stale)
	}
	if balance := got.Data["account"]["balance"].(map[string]any); balance["stale"] != true || balance["version"] != 3.0 || got.Data["balance"]["stale"] != true {
		t.Errorf("balance is %v and %v", balance, got.Data["balance"])
	}
	shown.Stale = view.Stale{}
	got = d.ask(askStale, `{"id": "`+string(ada)+`"}`)
	if got.Data["account"]["stale"] != nil || got.Data["balance"]["stale"] != false {
		t.Errorf("in good order it is shown as %v", got.Data)
	}
}

func TestAnAccountThatCouldNeverBeShownIsStaleAndNotMissing(t *testing.T) {
	d := newDesk(t)
	shown := view.Account{Account: bank.Account{ID: ada}, Stale: view.Stale{Reason: "unknown", Position: 9, Version: 1, Since: decidedAt}}
	d.account = func(bank.AccountID) (view.Account, error) { return shown, nil }
	got := d.ask(askStale, `{"id": "`+string(ada)+`"}`)
	account := got.Data["account"]
	if len(got.Errors) > 0 || account["id"] != string(ada) || account["owner"] != "" || account["currency"] != "XXX" ||
		account["version"] != 0.0 || account["stale"] == nil {
		t.Errorf("it is shown as %v (%+v)", account, got.Errors)
	}
}

func TestNobodyWaitsForAViewThatStandsStill(t *testing.T) {
	d := newDesk(t)
	looks := 0
	d.account = func(bank.AccountID) (view.Account, error) {
		looks++
		return view.Account{Account: bank.Account{ID: ada, Currency: "EUR", Version: 3}, Stale: view.Stale{Reason: "unknown", Position: 9, Version: 4, Since: decidedAt}}, nil
	}
	got := d.ask(`query { account(id: "`+string(ada)+`", minVersion: 4, waitMs: 10000) { id } }`, "")
	if len(got.Errors) != 1 || looks != 1 {
		t.Fatalf("%d looks, errors %+v; want one look and one error", looks, got.Errors)
	}
	if e := got.Errors[0].Extensions; e["code"] != CodeNotYetVisible || e["retryable"] != false || e["stale"] != true || e["visibleVersion"] != 3.0 {
		t.Errorf("the error says %v", e)
	}
}
