package graph

import (
	"context"
	"fmt"
	"slices"
	"testing"
	"time"

	"corebank/internal/bank"
	"corebank/internal/contract"
	"corebank/internal/identity"
	"corebank/internal/view"
)

// reads is a bank with one account of 5,000 events, and what was read of it.
type reads struct {
	view.Reader // nil: any other read fails the test
	Log
	made []string
}

func (r *reads) Account(_ context.Context, id bank.AccountID) (view.Account, error) {
	r.made = append(r.made, "view")
	if id != ada {
		return view.Account{}, view.ErrNotFound
	}
	return view.Account{Account: bank.Account{ID: ada, Owner: "ada", Currency: "EUR", Version: 5000}}, nil
}

func (r *reads) StateBefore(_ context.Context, id bank.AccountID, _ int64, _ time.Time) (view.State, error) {
	r.made = append(r.made, fmt.Sprintf("state of the account: %t", id == ada))
	return view.State{}, nil
}

func (r *reads) ReadStream(_ context.Context, request contract.ReadStreamRequest) (contract.Records, error) {
	var found contract.Records
	if request.Account == ada {
		found.Records = make([]contract.Record, min(request.Limit, 5000))
	}
	r.made = append(r.made, fmt.Sprintf("log: %d records", len(found.Records)))
	return found, nil
}

func (r *reads) FindKeys(context.Context, contract.FindKeysRequest) (contract.Records, error) {
	r.made = append(r.made, "keys")
	return contract.Records{}, nil
}

// TestTheTimeTellsNothing: for somebody else's account the same is read as for
// none, and nothing of it beyond its owner.
func TestTheTimeTellsNothing(t *testing.T) {
	none := bank.NewAccountID("ada", "another")
	ctx := identity.With(t.Context(), identity.Principal{Subject: "mallory", Roles: []identity.Role{identity.Customer}})
	for name, ask := range map[string]func(*Resolver, bank.AccountID) error{
		"commandStatus": func(r *Resolver, id bank.AccountID) error {
			account := string(id)
			_, err := r.commandStatus(ctx, &account, "salary")
			return err
		},
		"a subscription": func(r *Resolver, id bank.AccountID) error {
			account := string(id)
			heard, err := r.heard(ctx, &account)
			if heard != silentAccount {
				t.Errorf("the subscription is to %s", heard)
			}
			return err
		},
		"asOf a time": func(r *Resolver, id bank.AccountID) error {
			a, err := r.accountAt(ctx, id, point{time: time.Now()})
			if a.ID != id || a.Owner != "" {
				t.Errorf("the account is %+v", a)
			}
			return err
		},
		"asOf a version": func(r *Resolver, id bank.AccountID) error {
			_, err := r.accountAt(ctx, id, point{version: 4000})
			if err == nil || err.Error() != "The account has 0 versions; version 4000 does not exist yet." {
				t.Errorf("answered %v", err)
			}
			return nil
		},
	} {
		var made [2][]string
		for i, id := range []bank.AccountID{ada, none} {
			bank := &reads{}
			if err := ask(&Resolver{Views: bank, Log: bank}, id); err != nil {
				t.Errorf("%s: %v", name, err)
			}
			made[i] = bank.made
		}
		if len(made[0]) == 0 || !slices.Equal(made[0], made[1]) || slices.Contains(made[0], "keys") {
			t.Errorf("%s reads %q of somebody else's account and %q of none", name, made[0], made[1])
		}
	}
}
