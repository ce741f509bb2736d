package graph

import (
	"context"
	"encoding/base64"
	"errors"
	"fmt"
	"strconv"
	"strings"
	"time"

	"corebank/graph/model"
	"corebank/internal/bank"
	"corebank/internal/view"
)

// defaultPage is the length of a page when nobody says.
const defaultPage = 20

// paging are the arguments of a connection.
type paging struct {
	first, last   *int64
	after, before *string
	filter        *model.TransactionFilter
}

func (p paging) read() (view.Page, error) {
	var page view.Page
	var err error
	if page.After, err = readCursor(p.after, cursorVersion); err != nil {
		return page, err
	}
	if page.Before, err = readCursor(p.before, cursorVersion); err != nil {
		return page, err
	}
	switch {
	case p.first != nil && p.last != nil:
		return page, badInput("Give first or last, not both.")
	case p.last != nil:
		page.Last, err = pageLength("last", *p.last)
	case p.first != nil:
		page.First, err = pageLength("first", *p.first)
	default:
		page.First = defaultPage
	}
	return page, err
}

func pageLength(name string, n int64) (int, error) {
	if n < 1 || n > view.MaxPage {
		return 0, badInput(fmt.Sprintf("%s must be 1 to %d, not %d.", name, view.MaxPage, n))
	}
	return int(n), nil
}

// historyOf is whose history is asked for, and up to which version; 0 for all,
// unless it is one from before there was any.
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
	if page.Filter, err = r.readFilter(ctx, of.account, p.filter); err != nil {
		return nil, err
	}
	if page.Filter.UpTo = of.upTo; of.before {
		page.Filter.Until = time.Unix(0, 0).UTC() // nothing is older
	}
	lines, err := r.Views.History(ctx, of.account, page)
	if err != nil {
		return nil, historyFault(of.account, err)
	}
	return connectionOf(of.account, page.Filter, lines), nil
}

// historyFault tells clients what is wrong with their page or filter.
func historyFault(id bank.AccountID, err error) error {
	if errors.Is(err, view.ErrBadPage) || errors.Is(err, view.ErrFarScan) {
		return badInput(err.Error() + ".")
	}
	return fmt.Errorf("history of %s: %w", id, err)
}

// historyAsOf is what a history as of a point is bounded by, after waiting
// until the views show that much.
func (r *Resolver) historyAsOf(ctx context.Context, id bank.AccountID, w waiting, past *point) (historyOf, error) {
	of := historyOf{account: id}
	if past != nil {
		a, err := r.accountAt(ctx, id, *past)
		if err != nil {
			return of, err
		}
		of.upTo, of.before = a.Version, a.Version == 0
		w = waiting{version: max(w.version, a.Version), until: max(w.until, patience)}
	}
	if w.version == 0 {
		return of, nil
	}
	_, err := r.viewAccount(ctx, string(id), w)
	return of, err
}

// patience is how long a look into the past waits for views that are behind.
const patience = time.Second

// totals are the sums over all that a history's filter lets through.
func (r *Resolver) totals(ctx context.Context, c *model.TransactionConnection) (*model.TransactionTotals, error) {
	currency, err := r.currency(ctx, c.Account)
	if err != nil {
		return nil, err
	}
	sums, err := r.Views.Sums(ctx, c.Account, c.Filter)
	if err != nil {
		return nil, historyFault(c.Account, err)
	}
	return &model.TransactionTotals{Count: sums.Count, Credits: wideMoneyOf(sums.Credits, currency), Debits: wideMoneyOf(sums.Debits, currency)}, nil
}

// currency is what an account is kept in, noCurrency where there is none.
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

// Cursors name what they count, so that one of a history is not taken for one
// of a subscription.
const (
	cursorVersion  = "version"
	cursorPosition = "position"
)

func cursor(kind string, n int64) string {
	return base64.RawURLEncoding.EncodeToString(fmt.Appendf(nil, "%s:%d", kind, n))
}

// readCursor is the number in a cursor of a kind; 0 for none.
func readCursor(text *string, kind string) (int64, error) {
	if text == nil {
		return 0, nil
	}
	plain, err := base64.RawURLEncoding.DecodeString(*text)
	digits, _ := strings.CutPrefix(string(plain), kind+":")
	n, parseErr := strconv.ParseInt(digits, 10, 64)
	if err != nil || parseErr != nil || n < 0 || *text != cursor(kind, n) {
		return 0, badInput(fmt.Sprintf("%.60q is not a cursor of this field; pass one that an earlier answer gave.", *text))
	}
	return n, nil
}
