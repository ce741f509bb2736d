package viewtest

import (
	"fmt"
	"math"
	"time"

	"corebank/internal/bank"
	"corebank/internal/view"
)

var referenceCases = cases{
	"references are found by their keys": func(h *harness) {
		h.follow(Month(h.T), 5)
		if keys := len(h.content().references); keys < 8 {
			h.Fatalf("there are %d keys: the log is too short", keys)
		}
		h.matches()
	},
	// Every version and position is asked for at every moment.
	"states and trial balances are retained": func(h *harness) {
		b := Month(h.T)
		h.follow(b, 6)
		moments := []time.Time{{}, opening.Add(-time.Hour), opening.Add(time.Hour)}
		for _, r := range b.Records {
			moments = append(moments, r.At, r.At.Add(-time.Nanosecond))
		}
		accounts, position := h.content().accounts, h.position()
		for _, moment := range moments {
			for id, account := range accounts {
				for version := range account.Version + 3 {
					h.stateBefore(id, version, moment)
				}
				h.stateBefore(id, math.MaxInt64, moment)
			}
			for past := range position + 3 {
				h.trialBefore(past, moment)
			}
			h.trialBefore(math.MaxInt64, moment)
		}
		h.stateBefore(absent, 5, time.Time{})
		if trial := h.content().trial; len(trial.Totals) < 6 {
			h.Errorf("the trial balance %+v has too few sums", trial)
		}
		h.matches()
	},
	"accounts are listed": func(h *harness) {
		b := Month(h.T)
		for i, id := range manyIDs("many", 30) {
			b.Do(id, bank.OpenAccount{Owner: fmt.Sprint("owner ", i%4), Currency: "EUR", Kind: bank.Kinds()[i%3]})
		}
		h.follow(b, 7)
		for _, filter := range []view.AccountFilter{{}, {Owner: "ada"}, {Kind: bank.Savings}, {Currency: "JPY"},
			{Owner: "no one"}, {Owner: "owner 1", Kind: bank.Current}, {Kind: bank.Business, Currency: "EUR"}} {
			for _, size := range []int{1, 4, view.MaxPage} {
				h.listed(filter, size)
			}
		}
		for _, id := range []string{"iban-ada", "iban-yamada", "", "iban", "IBAN-ADA"} {
			agree(h, fmt.Sprintf("the account of %q", id), func(s view.Store) (view.Account, error) {
				return s.AccountByExternalID(h.Context(), id)
			})
		}
	},
}

// listed fails unless the pages of a list are right.
func (h *harness) listed(filter view.AccountFilter, size int) {
	h.Helper()
	type list struct {
		Accounts []view.Account
		More     bool
	}
	for page, more := (view.Accounts{First: size, Filter: filter}), true; more; {
		var want list
		want.Accounts, want.More, _ = h.want.ListAccounts(h.Context(), page)
		agree(h, fmt.Sprintf("the list %+v", page), func(s view.Store) (got list, err error) {
			got.Accounts, got.More, err = s.ListAccounts(h.Context(), page)
			return got, err
		})
		if more = want.More; more {
			page.Before = want.Accounts[len(want.Accounts)-1].Opened
		}
	}
}
