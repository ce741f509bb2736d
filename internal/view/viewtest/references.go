package viewtest

import (
	"errors"
	"fmt"
	"math"
	"slices"
	"testing"
	"time"

	"corebank/internal/bank"
	"corebank/internal/view"
)

func referencesAreFound(t *testing.T, h *harness) {
	h.follow(Month(t), 5)
	if len(h.references) < 8 {
		t.Fatalf("there are %d keys: the log is too short", len(h.references))
	}
	h.matches()
}

// historyStates asks for every version and position at every moment.
func historyStates(t *testing.T, h *harness) {
	b := Month(t)
	h.follow(b, 6)
	moments := []time.Time{{}, opening.Add(-time.Hour), opening.Add(time.Hour)}
	for _, r := range b.Records {
		moments = append(moments, r.At, r.At.Add(-time.Nanosecond))
	}
	for _, moment := range moments {
		for id, account := range h.accounts {
			for version := range account.Version + 3 {
				h.stateBefore(id, version, moment)
			}
			h.stateBefore(id, math.MaxInt64, moment)
		}
		for position := range h.position + 3 {
			h.trialBefore(position, moment)
		}
		h.trialBefore(math.MaxInt64, moment)
	}
	h.stateBefore(absent, 5, time.Time{})
	if last := h.pastTrials[len(h.pastTrials)-1]; len(h.trial.Totals) < 6 || last.Position > h.position {
		t.Errorf("the trial balance %+v has too few sums", h.trial)
	}
	h.matches()
}

func accountsAreListed(t *testing.T, h *harness) {
	b := Month(t)
	for i := range 30 {
		id := bank.NewAccountID("many", fmt.Sprint(i))
		b.Do(id, bank.OpenAccount{Owner: fmt.Sprint("owner ", i%4), Currency: "EUR", Kind: bank.Kinds()[i%3]})
	}
	h.follow(b, 7)
	for _, filter := range []view.AccountFilter{{}, {Owner: "ada"}, {Kind: bank.Savings}, {Currency: "JPY"},
		{Owner: "no one"}, {Owner: "owner 1", Kind: bank.Current}, {Kind: bank.Business, Currency: "EUR"}} {
		for _, size := range []int{1, 4, view.MaxPage} {
			h.listed(filter, size)
		}
	}
	for externalID, id := range map[string]bank.AccountID{"iban-ada": ada,
		"iban-yamada": bank.NewAccountID("yamada", "first")} {
		got, err := h.store.AccountByExternalID(t.Context(), externalID)
		expect(t, "the account of "+externalID, got, err, h.accounts[id])
	}
	for _, none := range []string{"", "iban", "IBAN-ADA"} {
		if got, err := h.store.AccountByExternalID(t.Context(), none); !errors.Is(err, view.ErrNotFound) {
			t.Errorf("%q belongs to %+v (%v), want ErrNotFound", none, got, err)
		}
	}
}

// listed fails unless the pages of a list have the accounts of the model.
func (h *harness) listed(filter view.AccountFilter, size int) {
	h.t.Helper()
	var want, got []view.Account
	for _, a := range h.accounts {
		if a.IsOpen() && (filter.Owner == "" || a.Owner == filter.Owner) && (filter.Kind == "" || a.Kind == filter.Kind) &&
			(filter.Currency == "" || a.Currency == filter.Currency) {
			want = append(want, a)
		}
	}
	slices.SortFunc(want, func(a, b view.Account) int { return int(b.Opened - a.Opened) })
	for page, more := (view.Accounts{First: size, Filter: filter}), true; more; {
		accounts, rest, err := h.store.ListAccounts(h.t.Context(), page)
		if err != nil || len(accounts) == 0 && (rest || len(got) > 0) || len(accounts) > size {
			h.t.Fatalf("page %+v: %d accounts, more %t (%v)", page, len(accounts), rest, err)
		}
		if got, more = append(got, accounts...), rest; more {
			page.Before = accounts[len(accounts)-1].Opened
		}
	}
	expect(h.t, fmt.Sprintf("the list %+v in pages of %d", filter, size), got, nil, want)
}
