package server

import (
	"context"
	"errors"
	"strings"
	"testing"

	"corebank/internal/bank"
	"corebank/internal/identity"
	"corebank/internal/identity/oidc"
	"corebank/internal/view"
	"corebank/internal/view/memory"
)

// TestASubjectOfEarlierRulesReachesItsAccounts, and no other of its kind signs in:
// two subjects that look alike are two.
func TestASubjectOfEarlierRulesReachesItsAccounts(t *testing.T) {
	views := memory.New()
	old, id := "ada\u200b", bank.NewAccountID("ada\u200b", "first")
	account := view.Account{Opened: 1, Account: bank.Account{ID: id, Owner: old, Currency: "EUR", Version: 1}}
	if err := views.Apply(t.Context(), view.Changes{To: 1, Accounts: []view.Account{account},
		Trial: view.Trial{Position: 1}}); err != nil {
		t.Fatal(err)
	}
	verify := onlyOwners(func(_ context.Context, token string) (identity.Principal, error) {
		return identity.Principal{Subject: token, Former: bank.CheckOwner(token) != nil,
			Roles: []identity.Role{identity.Customer}}, nil
	}, views)
	for subject, accepted := range map[string]bool{old: true, "ada": true, "new": true, "ada\u200c": false,
		"a\u200bda": false} {
		who, err := verify(t.Context(), subject)
		if (err == nil) != accepted || accepted && who.Subject != subject {
			t.Errorf("%q: %+v, %v", subject, who, err)
		}
		if !accepted && (!errors.Is(err, oidc.ErrRefused) || !strings.Contains(err.Error(), "cannot be seen")) {
			t.Errorf("%q is answered %v", subject, err)
		}
	}
}
