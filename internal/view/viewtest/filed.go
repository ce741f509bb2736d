package viewtest

import (
	"errors"
	"fmt"
	"slices"
	"testing"

	"corebank/internal/bank"
	"corebank/internal/contract"
	"corebank/internal/view"
)

func recordsAreFiled(t *testing.T, s *story) {
	s.follow(Month(t), 5)
	if len(s.links) < 8 {
		t.Fatalf("%d things are filed: the story is too short", len(s.links))
	}
	s.filed()
}

// filed holds all that is filed against what happened.
func (s *story) filed() {
	s.t.Helper()
	for key, want := range s.links {
		got, err := s.store.References(s.t.Context(), key)
		if err != nil || len(got) != len(want) || len(want) > 0 && !same(got, want) {
			s.t.Errorf("under %s are\n%+v (%v), want\n%+v", key, got, err, want)
		}
	}
	if got, err := s.store.References(s.t.Context(), "trf_none"); err != nil || len(got) != 0 {
		s.t.Errorf("under nothing are %+v (%v), want none", got, err)
	}
}

func filedTwice(t *testing.T, s *story) {
	b := Month(t)
	s.follow(b, len(b.Records))
	id := b.Records[0].Account
	for key := range s.links {
		id = s.links[key][0].Account
		break
	}
	state := view.State{Account: s.accounts[id].Account, Position: s.position + 1}
	link := view.Reference{Key: "k", Record: contract.Record{Account: id, Version: s.accounts[id].Version, Position: s.position + 1}}
	for name, changes := range map[string]view.Changes{
		"a state": {States: []view.State{state, state}},
		"a link":  {References: []view.Reference{link, link}},
	} {
		changes.From, changes.To, changes.Accounts = s.position, s.position+1, []view.Account{s.accounts[id]}
		if err := s.store.Apply(t.Context(), bare(changes)); err == nil || errors.Is(err, view.ErrCheckpointMoved) {
			t.Errorf("%s twice: %v, want an error that says so", name, err)
		}
	}
	s.checkpoint(s.position)
}

func accountsAreListed(t *testing.T, s *story) {
	b := Month(t)
	for i := range 30 {
		id := bank.NewAccountID("many", fmt.Sprint(i))
		b.Do(id, bank.OpenAccount{Owner: fmt.Sprint("owner ", i%4), Currency: "EUR", Kind: bank.Kinds()[i%3]})
	}
	s.follow(b, 7)
	for _, filter := range []view.AccountFilter{{}, {Owner: "ada"}, {Kind: bank.Savings}, {Currency: "JPY"}, {Owner: "nobody"},
		{Owner: "owner 1", Kind: bank.Current}, {Kind: bank.Business, Currency: "EUR"}} {
		for _, size := range []int{1, 4, view.MaxPage} {
			s.listed(filter, size)
		}
	}
	for external, want := range map[string]bank.AccountID{"iban-ada": b.Records[1].Account, "iban-yamada": bank.NewAccountID("yamada", "first")} {
		got, err := s.store.AccountByExternalID(t.Context(), external)
		if err != nil || !same(got, s.accounts[want]) {
			t.Errorf("%s belongs to\n%+v (%v), want\n%+v", external, got, err, s.accounts[want])
		}
	}
	for _, none := range []string{"", "iban", "IBAN-ADA"} {
		if got, err := s.store.AccountByExternalID(t.Context(), none); !errors.Is(err, view.ErrNotFound) {
			t.Errorf("%q belongs to %+v (%v), want ErrNotFound", none, got, err)
		}
	}
}

// listed walks the accounts that a filter lets through.
func (s *story) listed(filter view.AccountFilter, size int) {
	s.t.Helper()
	var want, got []view.Account
	for _, a := range s.accounts {
		if a.IsOpen() && (filter.Owner == "" || a.Owner == filter.Owner) && (filter.Kind == "" || a.Kind == filter.Kind) &&
			(filter.Currency == "" || a.Currency == filter.Currency) {
			want = append(want, a)
		}
	}
	slices.SortFunc(want, func(a, b view.Account) int { return int(b.Opened - a.Opened) })
	for page, more := (view.Accounts{First: size, Filter: filter}), true; more; {
		accounts, rest, err := s.store.ListAccounts(s.t.Context(), page)
		if err != nil || len(accounts) == 0 && rest || len(accounts) > size {
			s.t.Fatalf("page %+v: %d accounts, more %t (%v)", page, len(accounts), rest, err)
		}
		if got, more = append(got, accounts...), rest; more {
			page.Before = accounts[len(accounts)-1].Opened
		}
	}
	if !same(got, want) {
		s.t.Errorf("filter %+v in pages of %d lists\n%+v, want\n%+v", filter, size, got, want)
	}
}

func malformedLists(t *testing.T, s *story) {
	for _, page := range []view.Accounts{{}, {First: -1}, {First: view.MaxPage + 1}, {First: 1, Before: -1}} {
		if _, _, err := s.store.ListAccounts(t.Context(), page); !errors.Is(err, view.ErrBadPage) {
			t.Errorf("page %+v: %v, want ErrBadPage", page, err)
		}
	}
	if _, err := s.store.Sums(t.Context(), ada, view.Filter{MinAmount: -1}); !errors.Is(err, view.ErrBadPage) {
		t.Errorf("sums of a malformed filter: %v, want ErrBadPage", err)
	}
}
