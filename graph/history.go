package graph

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"time"

	"corebank/graph/model"
	"corebank/graph/scalar"
	"corebank/internal/bank"
	"corebank/internal/view"
)

// historyOf selects the history of an account up to a version. Version 0 stands
// for all versions or, with before, for a time before the first one.
type historyOf struct {
	account bank.AccountID
	upTo    int64
	before  bool
}

// history reads one page of an account's transactions.
func (r *Resolver) history(ctx context.Context, of historyOf, p paging) (*model.TransactionConnection, error) {
	page, err := p.read()
	if err != nil {
		return nil, err
	}
	if of.account, err = r.onlySeen(ctx, of.account); err != nil {
		return nil, err
	}
	if err := r.checkVersions(ctx, of.account, of.upTo, page); err != nil {
		return nil, err
	}
	if page.Filter, err = r.readFilter(ctx, of.account, p.filter); err != nil {
		return nil, err
	}
	if page.Filter.UpTo = of.upTo; of.before {
		page.Filter.Until = beforeAll
	}
	lines, err := r.Views.History(ctx, of.account, page)
	if err != nil {
		return nil, historyFault(of.account, err)
	}
	return connectionOf(of.account, page.Filter, lines), nil
}

// beforeAll is a time before all transactions: a filter until then passes none.
var beforeAll = time.Unix(0, 0).UTC()

// checkVersions is an InvalidCursor if a cursor of a page names a version that the
// account does not have: it may be of another log. The caller knows that the account
// has one version.
func (r *Resolver) checkVersions(ctx context.Context, id bank.AccountID, known int64, page view.Page) error {
	version := max(page.After, page.Before)
	if version <= known || version == view.NoVersion { // which no page may have
		return nil
	}
	a, err := r.Views.Account(ctx, id)
	if err != nil && !errors.Is(err, view.ErrNotFound) {
		return fmt.Errorf("view of account %s: %w", id, err)
	}
	if version <= a.Version {
		return nil
	}
	if !id.Valid() {
		return InvalidCursor()
	}
	_, event, err := r.eventAt(ctx, id, version) // the views may be behind
	if err == nil && event == nil {
		err = InvalidCursor()
	}
	return err
}

// unlessUnknown is a page of history, or nil for an account that the caller may not
// know of. Only an empty page needs another look at the views.
func (r *Resolver) unlessUnknown(ctx context.Context, page *model.TransactionConnection,
	err error) (*model.TransactionConnection, error) {
	if err != nil || len(page.Nodes) > 0 {
		return page, err
	}
	a, err := r.viewAccount(ctx, string(page.Account), waiting{})
	if err != nil || a == nil {
		return nil, err
	}
	return page, nil
}

// historyFault shows clients what is wrong with their page or filter.
func historyFault(id bank.AccountID, err error) error {
	if errors.Is(err, view.ErrBadPage) || errors.Is(err, view.ErrFarScan) {
		return badInput(err.Error() + ".")
	}
	return fmt.Errorf("history of %s: %w", id, err)
}

// historyAsOf selects the history as of a point, after waiting until the views
// have reached it.
func (r *Resolver) historyAsOf(ctx context.Context, id bank.AccountID, w waiting,
	past *point) (historyOf, error) {
	of := historyOf{account: id}
	if past != nil {
		a, err := r.accountAt(ctx, id, *past)
		if err != nil {
			return of, err
		}
		of.upTo, of.before = a.Version, a.Version == 0
		w = waiting{version: max(w.version, a.Version), until: max(w.until, pastWait)}
	}
	if w.version == 0 {
		return of, nil
	}
	_, err := r.viewAccount(ctx, string(id), w)
	return of, err
}

// pastWait is how long a query about the past waits for views that are behind.
const pastWait = time.Second

// totals are the sums over all transactions that a history's filter selects.
func (r *Resolver) totals(ctx context.Context, c *model.TransactionConnection) (*model.TransactionTotals, error) {
	currency, err := r.currency(ctx, c.Account)
	if err != nil {
		return nil, err
	}
	sums, err := r.Views.Sums(ctx, c.Account, c.Filter)
	if err != nil {
		return nil, historyFault(c.Account, err)
	}
	return &model.TransactionTotals{Count: sums.Count, Credits: wideMoneyOf(sums.Credits, currency),
		Debits: wideMoneyOf(sums.Debits, currency)}, nil
}

// currency is the currency of an account, noCurrency if it has none.
func (r *Resolver) currency(ctx context.Context, id bank.AccountID) (bank.Currency, error) {
	a, err := r.viewAccount(ctx, string(id), waiting{})
	if err != nil || a == nil || a.Currency == "" {
		return noCurrency, err
	}
	return a.Currency, nil
}

func connectionOf(id bank.AccountID, filter view.Filter, lines view.Lines) *model.TransactionConnection {
	n := len(lines.Transactions)
	connection := &model.TransactionConnection{
		Edges: make([]*model.TransactionEdge, n), Nodes: make([]*model.Transaction, n),
		PageInfo: &model.PageInfo{HasNextPage: lines.Older, HasPreviousPage: lines.Newer},
		Account:  id, Filter: filter,
	}
	for i, line := range lines.Transactions {
		node := transactionOf(line)
		connection.Nodes[i] = node
		connection.Edges[i] = &model.TransactionEdge{Cursor: cursor(cursorVersion, line.Version), Node: node}
	}
	if n > 0 {
		connection.PageInfo.StartCursor = &connection.Edges[0].Cursor
		connection.PageInfo.EndCursor = &connection.Edges[n-1].Cursor
	}
	return connection
}

// readFilter reads a client's filter of an account's history.
func (r *Resolver) readFilter(ctx context.Context, id bank.AccountID,
	in *model.TransactionFilter) (view.Filter, error) {
	if in == nil {
		return view.Filter{}, nil
	}
	if err := cmp.Or(notEmpty("filter.reference", in.Reference), notEmpty("filter.externalId", in.ExternalID),
		notEmpty("filter.counterpartyId", in.CounterpartyID), notEmpty("filter.transferId", in.TransferID),
		onlyOwnID("filter.counterpartyId", deref(in.CounterpartyID)),
		onlyOwnID("filter.transferId", deref(in.TransferID))); err != nil {
		return view.Filter{}, err
	}
	filter := view.Filter{
		Since: exact(in.Since), Until: exact(in.Until),
		EffectiveSince: exact(in.EffectiveSince), EffectiveUntil: exact(in.EffectiveUntil),
		Reference: deref(in.Reference), ExternalID: deref(in.ExternalID),
		Counterparty: bank.AccountID(deref(in.CounterpartyID)), Transfer: bank.TransferID(deref(in.TransferID)),
	}
	if in.Types != nil && len(in.Types) == 0 { // a list of no types has no transactions
		filter.Until = beforeAll
	}
	for _, t := range in.Types {
		filter.Types = append(filter.Types, bank.EntryType(t))
	}
	if in.Direction != nil {
		filter.Credits, filter.Debits = *in.Direction == model.DirectionCredit, *in.Direction == model.DirectionDebit
	}
	if in.MinAmount == nil && in.MaxAmount == nil {
		return filter, nil
	}
	currency, err := r.currency(ctx, id)
	if err != nil || currency == noCurrency {
		return filter, err // there is no transaction to filter
	}
	if filter.MinAmount, err = readBound("filter.minAmount", in.MinAmount, currency, 0); err == nil {
		filter.MaxAmount, err = readBound("filter.maxAmount", in.MaxAmount, currency, 1)
	}
	return filter, err
}

// readBound reads a bound of amounts in minor units, 0 for none.
func readBound(name string, in *scalar.Decimal, currency bank.Currency, minimum int64) (int64, error) {
	if in == nil {
		return 0, nil
	}
	money, err := bank.ParseMoney(string(*in), currency)
	if err != nil {
		return 0, badInput(name + ": " + err.Error() + " (" + string(currency) + ").")
	}
	if money.Minor < minimum {
		return 0, badInput(name + " must not be below the smallest possible amount.")
	}
	return money.Minor, nil
}

// notEmpty refuses an empty text where a text would select something: nothing is
// selected by leaving it out.
func notEmpty(name string, text *string) error {
	if text != nil && *text == "" {
		return badInput(name + " must not be empty; leave it out to select everything.")
	}
	return nil
}

func exact(in *scalar.DateTime) time.Time { return time.Time(deref(in)) }
