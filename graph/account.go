package graph

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"slices"

	"corebank/graph/model"
	"corebank/graph/scalar"
	"corebank/internal/bank"
	"corebank/internal/identity"
	"corebank/internal/view"
)

// accountOf is the API's form of an account.
func accountOf(a state) *model.Account {
	account := &model.Account{ID: marked(string(a.ID), a.mark), AccountID: string(a.ID), Owner: a.Owner,
		Name: optional(a.Name), Kind: model.AccountKind(a.Kind),
		ExternalID: optional(a.ExternalID), Metadata: metadataOf(a.Metadata), Currency: currencyOf(a.Currency),
		Status: statusOf(a.Account), Freeze: freezeOf(a.Freeze), Limits: limitsOf(a), Balance: balanceOf(a),
		Holds: []*model.Hold{}, TransfersInTransit: []*model.TransferInTransit{}, Version: a.Version,
		OpenedAt: scalar.DateTime(a.OpenedAt), ClosedAt: optionalTime(a.ClosedAt), State: a.Account}
	for _, h := range a.Holds {
		if a.at.Before(h.ExpiresAt) {
			account.Holds = append(account.Holds, activeHold(a, h))
		}
	}
	for _, t := range a.InTransit {
		account.TransfersInTransit = append(account.TransfersInTransit,
			&model.TransferInTransit{TransferID: string(t.Transfer), ToAccountID: string(t.To), Amount: moneyOf(t.Amount)})
	}
	return account
}

func statusOf(a bank.Account) model.AccountStatus {
	switch {
	case a.IsClosed():
		return model.AccountStatusClosed
	case a.Freeze.Any():
		return model.AccountStatusFrozen
	}
	return model.AccountStatusOpen
}

func metadataOf(m map[string]string) []*model.MetadataEntry {
	entries := make([]*model.MetadataEntry, 0, len(m))
	for _, key := range slices.Sorted(maps.Keys(m)) {
		entries = append(entries, &model.MetadataEntry{Key: key, Value: m[key]})
	}
	return entries
}

// viewedAccount is the API's form of an account in the views.
func viewedAccount(a view.Account) *model.Account {
	if a.Currency == "" {
		a.Currency, a.OpenedAt, a.ChangedAt, a.Kind = noCurrency, a.Stale.Since, a.Stale.Since, bank.Current
		a.Balance.Currency = noCurrency
	}
	account := accountOf(stateOfNow(a.Account))
	account.Stale, account.Balance.Stale = staleOf(a), a.Quarantined()
	return account
}

// noCurrency is ISO 4217's code for no currency. An account whose first event
// the view could not apply has no other.
const noCurrency bank.Currency = "XXX"

func staleOf(a view.Account) *model.StaleView {
	if !a.Quarantined() {
		return nil
	}
	return &model.StaleView{Reason: a.Stale.Reason, SinceVersion: a.Stale.Version, Since: scalar.DateTime(a.Stale.Since)}
}

// isVisible reports whether a document is an account that clients may see. The
// stream of a claim, or of transfers to an id without an account, is not.
func isVisible(a view.Account) bool { return a.IsOpen() || a.Quarantined() }

// account returns an account as it is or, with a point, as it was; nil when
// none is visible.
func (r *Resolver) account(ctx context.Context, id string, w waiting, past *point) (*model.Account, error) {
	if past != nil {
		a, err := r.accountAt(ctx, bank.AccountID(id), *past)
		if err != nil || !a.IsOpen() {
			return nil, err
		}
		account := accountOf(past.state(a))
		account.Past = true
		return account, nil
	}
	a, err := r.viewAccount(ctx, id, w)
	if err != nil || a == nil {
		return nil, err
	}
	return viewedAccount(*a), nil
}

func (r *Resolver) accountByExternalID(ctx context.Context, externalID string) (*model.Account, error) {
	a, err := r.Views.AccountByExternalID(ctx, externalID)
	if errors.Is(err, view.ErrNotFound) {
		return nil, nil
	}
	if err != nil {
		return nil, fmt.Errorf("view of the account with an external id: %w", err)
	}
	if !identity.From(ctx).Sees(a.Owner) {
		return nil, nil
	}
	return viewedAccount(a), nil
}

// accounts reads one page of all accounts.
func (r *Resolver) accounts(ctx context.Context, first *int64, after *string,
	filter *model.AccountFilter) (*model.AccountConnection, error) {
	page := view.Accounts{First: defaultPage}
	var err error
	if page.Before, err = r.readAccountCursor(ctx, after); err != nil {
		return nil, err
	}
	if first != nil {
		if page.First, err = pageLength("first", *first); err != nil {
			return nil, err
		}
	}
	if filter != nil {
		if err := notEmpty("filter.owner", filter.Owner); err != nil {
			return nil, err
		}
		page.Filter = view.AccountFilter{Owner: deref(filter.Owner), Kind: bank.Kind(deref(filter.Kind)),
			Currency: bank.Currency(deref(filter.Currency))}
	}
	accounts, more, err := r.listAccounts(ctx, page)
	if err != nil {
		return nil, fmt.Errorf("list accounts: %w", err)
	}
	connection := &model.AccountConnection{Edges: []*model.AccountEdge{}, Nodes: []*model.Account{},
		PageInfo: &model.PageInfo{HasNextPage: more, HasPreviousPage: after != nil}}
	for _, a := range accounts {
		node := viewedAccount(a)
		connection.Nodes = append(connection.Nodes, node)
		connection.Edges = append(connection.Edges, &model.AccountEdge{Cursor: accountCursor(a.ID), Node: node})
	}
	if n := len(connection.Edges); n > 0 {
		connection.PageInfo.StartCursor = &connection.Edges[0].Cursor
		connection.PageInfo.EndCursor = &connection.Edges[n-1].Cursor
	}
	return connection, nil
}

func openAccountRequest(ctx context.Context, in model.OpenAccountInput) commandRequest {
	id := bank.NewAccountID(identity.From(ctx).Subject, in.IdempotencyKey)
	c := newRequest(string(id), in.IdempotencyKey, in.DryRun)
	c.command = bank.OpenAccount{Owner: in.Owner, Currency: bank.Currency(in.Currency), Name: deref(in.Name),
		Kind: bank.Kind(deref(in.Kind)), ExternalID: deref(in.ExternalID), Metadata: c.metadata(in.Metadata)}
	return c
}

func updateAccountRequest(in model.UpdateAccountInput) commandRequest {
	c := newRequest(in.AccountID, in.IdempotencyKey, in.DryRun)
	command := bank.UpdateAccount{Name: in.Name}
	if in.Metadata != nil {
		metadata := c.metadata(in.Metadata)
		command.Metadata = &metadata
	}
	c.command = command
	return c
}

func closeAccountRequest(in model.CloseAccountInput) commandRequest {
	c := newRequest(in.AccountID, in.IdempotencyKey, in.DryRun)
	c.command = bank.CloseAccount{Reason: deref(in.Reason)}
	return c
}

// metadata reads entries; two entries with the same key are refused.
func (c *commandRequest) metadata(entries []*model.MetadataInput) map[string]string {
	if len(entries) == 0 {
		return nil
	}
	m := make(map[string]string, len(entries))
	for _, e := range entries {
		m[e.Key] = e.Value
	}
	if len(m) < len(entries) {
		c.inputRefusals = append(c.inputRefusals,
			bank.RefuseInput("metadata", "must not have two entries with the same key"))
	}
	return m
}
