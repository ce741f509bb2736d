package graph

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"time"

	"corebank/graph/model"
	"corebank/graph/scalar"
	"corebank/internal/bank"
	"corebank/internal/statement"
	"corebank/internal/view"
)

// statement is an account's statement without its lines; nil if there was no
// such account by the end of the period.
func (r *Resolver) statement(ctx context.Context, id bank.AccountID, from, to time.Time,
	format model.StatementFormat) (*model.Statement, error) {
	from, to = from.UTC(), to.UTC()
	if !from.Before(to) {
		return nil, badInput("from must be before to.")
	}
	if to.After(time.Now()) {
		return nil, badInput("to must not be in the future.")
	}
	before, err := r.accountAt(ctx, id, point{time: from.Add(-time.Nanosecond)})
	if err != nil {
		return nil, err
	}
	after, err := r.accountAt(ctx, id, point{time: to.Add(-time.Nanosecond)})
	if err == nil && !after.IsOpen() { // it may have been opened since, and had nothing then
		after, err = r.opening(ctx, id)
	}
	if err != nil || after.Currency == "" {
		return nil, err
	}
	opening := bank.Money{Minor: before.Balance.Minor, Currency: after.Currency}
	documentFormat := statement.Format(strings.ToLower(string(format)))
	return &model.Statement{AccountID: string(id), Owner: after.Owner, Currency: currencyOf(after.Currency),
		From: scalar.DateTime(from), To: scalar.DateTime(to), Opening: moneyOf(opening), OpeningVersion: before.Version,
		Closing: moneyOf(after.Balance), ClosingVersion: after.Version, MediaType: documentFormat.MediaType(),
		Opened: before, Closed: after, Format: string(documentFormat)}, nil
}

// opening is who an account belongs to and what it is kept in, before its first
// event; the zero account if it was never opened or may not be seen.
func (r *Resolver) opening(ctx context.Context, id bank.AccountID) (bank.Account, error) {
	now, err := r.accountAt(ctx, id, point{time: time.Now()})
	if err != nil || !now.IsOpen() {
		return bank.Account{}, err
	}
	return bank.Account{ID: id, Owner: now.Owner, Currency: now.Currency, Balance: bank.Money{Currency: now.Currency}}, nil
}

// statementLines is a page of a statement's transactions, oldest first.
func (r *Resolver) statementLines(ctx context.Context, s *model.Statement, first *int64,
	after *string) (*model.TransactionPage, error) {
	from, err := readCursor("after", after, cursorVersion)
	if err != nil {
		return nil, err
	}
	if from > s.Closed.Version {
		return nil, InvalidCursor()
	}
	size := view.MaxPage
	if first != nil {
		if size, err = pageLength("first", *first); err != nil {
			return nil, err
		}
	}
	page := &model.TransactionPage{Nodes: []*model.Transaction{},
		PageInfo: &model.PageInfo{HasPreviousPage: from > s.Opened.Version}}
	start := max(from, s.Opened.Version)
	err = r.eachLine(ctx, s.Closed.ID, start, s.Closed.Version, func(line view.Transaction) bool {
		if page.PageInfo.HasNextPage = len(page.Nodes) == size; !page.PageInfo.HasNextPage {
			page.Nodes = append(page.Nodes, transactionOf(line))
		}
		return !page.PageInfo.HasNextPage
	})
	if n := len(page.Nodes); n > 0 {
		page.PageInfo.StartCursor = new(cursor(cursorVersion, page.Nodes[0].Version))
		page.PageInfo.EndCursor = new(cursor(cursorVersion, page.Nodes[n-1].Version))
	}
	return page, err
}

// statementDocument is the whole statement as text.
func (r *Resolver) statementDocument(ctx context.Context, s *model.Statement, zone string) (string, error) {
	frame := frameOf(s, time.Now())
	var err error
	if frame.Zone, err = statement.ReadZone(zone); err != nil {
		return "", badInput(fmt.Sprintf("zone: %.60q: %v.", zone, err))
	}
	var text strings.Builder
	writer, err := statement.NewWriter(&text, statement.Format(s.Format), frame)
	if err != nil {
		return "", documentFault(err)
	}
	lines, failed := 0, error(nil)
	err = r.eachLine(ctx, s.Closed.ID, s.Opened.Version, s.Closed.Version, func(line view.Transaction) bool {
		if lines++; lines > statement.MaxDocumentLines {
			failed = badInput(fmt.Sprintf("The period has more than %d transactions; choose a shorter one, "+
				"or use `corebank statement`.", statement.MaxDocumentLines))
		} else {
			failed = writer.Line(statementLine(line))
		}
		return failed == nil
	})
	if err == nil {
		err = failed
	}
	if err == nil {
		err = writer.End()
	}
	return text.String(), documentFault(err)
}

// documentFault shows clients that an amount does not fit their format.
func documentFault(err error) error {
	if errors.Is(err, statement.ErrTooLarge) {
		return badInput(err.Error() + ".")
	}
	return err
}

func frameOf(s *model.Statement, now time.Time) statement.Statement {
	return statement.Statement{Account: s.Closed.ID, Owner: s.Owner, Currency: s.Closed.Currency,
		From: time.Time(s.From), To: time.Time(s.To), Created: now,
		Opening: bank.Money{Minor: s.Opened.Balance.Minor, Currency: s.Closed.Currency}, OpeningVersion: s.Opened.Version,
		Closing: s.Closed.Balance, ClosingVersion: s.Closed.Version}
}

func statementLine(t view.Transaction) statement.Line {
	money := func(minor int64) bank.Money { return bank.Money{Minor: minor, Currency: t.Currency} }
	return statement.Line{ID: transactionID(t.Account, t.Version), Version: t.Version, Type: string(t.Type),
		Credit: t.Credit, Amount: money(t.Amount), Balance: money(t.BalanceAfter),
		BookedAt: t.OccurredAt, ValueAt: t.EffectiveAt,
		Reference: t.Reference, Memo: t.Memo, ExternalID: t.ExternalID,
		Counterparty: string(t.Counterparty), Transfer: string(t.Transfer), Journal: string(t.Journal), Reason: t.Reason}
}
