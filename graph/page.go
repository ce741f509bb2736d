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
	first, last   *int32
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
	page.Filter = readFilter(p.filter)
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

func pageLength(name string, n int32) (int, error) {
	if n < 1 || n > view.MaxPage {
		return 0, badInput(fmt.Sprintf("%s must be 1 to %d, not %d.", name, view.MaxPage, n))
	}
	return int(n), nil
}

func readFilter(in *model.TransactionFilter) view.Filter {
	var filter view.Filter
	if in == nil {
		return filter
	}
	for _, t := range in.Types {
		filter.Types = append(filter.Types, view.TransactionType(t))
	}
	if in.Since != nil {
		filter.Since = time.Time(*in.Since)
	}
	if in.Until != nil {
		filter.Until = time.Time(*in.Until)
	}
	return filter
}

// history reads one page of an account's transactions.
func (r *Resolver) history(ctx context.Context, id bank.AccountID, p paging) (*model.TransactionConnection, error) {
	page, err := p.read()
	if err != nil {
		return nil, err
	}
	lines, err := r.Views.History(ctx, id, page)
	if errors.Is(err, view.ErrBadPage) {
		return nil, badInput(err.Error() + ".")
	}
	if err != nil {
		return nil, fmt.Errorf("history of %s: %w", id, err)
	}
	return connectionOf(lines), nil
}

func connectionOf(lines view.Lines) *model.TransactionConnection {
	n := len(lines.Transactions)
	connection := &model.TransactionConnection{
		Edges: make([]*model.TransactionEdge, n), Nodes: make([]*model.Transaction, n),
		PageInfo: &model.PageInfo{HasNextPage: lines.Older, HasPreviousPage: lines.Newer},
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
		return 0, badInput(fmt.Sprintf("%q is not a cursor of this field; pass one that an earlier answer gave.", *text))
	}
	return n, nil
}
