package graph

import (
	"context"
	"errors"
	"slices"
	"testing"

	"corebank/internal/bank"
	"corebank/internal/contract"
	"corebank/internal/identity"
	"corebank/internal/view"
)

// sent notes where commands are sent.
type sent struct {
	to    bank.AccountID
	batch []bank.AccountID
}

func (s *sent) Execute(_ context.Context, id bank.AccountID, _ contract.Command) (contract.Outcome, error) {
	s.to = id
	return contract.Outcome{}, nil
}

func (s *sent) ExecuteBatch(_ context.Context, batch contract.ClearingBatch) ([]contract.Outcome, error) {
	s.batch, s.to = batch.Accounts, batch.Accounts[1]
	return nil, nil
}

// TestSomebodyElsesAccountIsNotLoaded: a customer's command for it goes where there
// is nothing to load, as one for an account that does not exist does.
func TestSomebodyElsesAccountIsNotLoaded(t *testing.T) {
	none := bank.NewAccountID("ada", "another")
	for name, test := range map[string]struct {
		subject string
		role    identity.Role
		id      bank.AccountID
		loaded  bool
		away    bool
	}{
		"her own":                 {subject: "ada", role: identity.Customer, id: ada, loaded: true},
		"somebody else's":         {subject: "mallory", role: identity.Customer, id: ada},
		"one that looks the same": {subject: "ada\u200b", role: identity.Customer, id: ada},
		"a teller's":              {subject: "tell", role: identity.Teller, id: ada, loaded: true},
		"one that the views lack": {subject: "mallory", role: identity.Customer, id: none, loaded: true},
		"while the views are away": {subject: "ada", role: identity.Customer, id: ada, loaded: true,
			away: true},
	} {
		t.Run(name, func(t *testing.T) {
			ctx := identity.With(t.Context(), identity.Principal{Subject: test.subject, Roles: []identity.Role{test.role}})
			to := new(sent)
			var views view.Reader = &reads{}
			if test.away {
				views = noAccounts{}
			}
			commands := newHidingCommands(to, views)
			for range 2 {
				_, _ = commands.Execute(ctx, test.id, contract.Command{})
				if one := to.to; (one == test.id) != test.loaded || !one.Valid() {
					t.Errorf("a command goes to %s", one)
				}
				_, _ = commands.ExecuteBatch(ctx, contract.ClearingBatch{Accounts: []bank.AccountID{test.id, test.id},
					Batch: contract.CommandBatch{Commands: make([]contract.Command, 2)}})
				if (to.to == test.id) != test.loaded || to.batch[0] != to.to {
					t.Errorf("a batch goes to %v", to.batch)
				}
				third := bank.NewAccountID("ada", "third")
				several := contract.ClearingBatch{Accounts: []bank.AccountID{third, test.id, third, test.id},
					Batch: contract.CommandBatch{Commands: make([]contract.Command, 4)}}
				_, _ = commands.ExecuteBatch(ctx, several)
				if got := to.batch; (got[1] == test.id) != test.loaded || got[3] != got[1] || got[0] != third || got[2] != third {
					t.Errorf("a batch of several accounts goes to %v", got)
				}
				several.Batch.Atomic = true
				_, _ = commands.ExecuteBatch(ctx, several)
				if !slices.Equal(to.batch, several.Accounts) {
					t.Errorf("an atomic batch of several accounts goes to %v", to.batch)
				}
			}
		})
	}
}

// noAccounts are views that are away.
type noAccounts struct{ view.Reader }

func (noAccounts) Account(context.Context, bank.AccountID) (view.Account, error) {
	return view.Account{}, errors.New("connection refused")
}
