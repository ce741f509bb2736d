package sqlite

import (
	"cmp"
	"context"
	"database/sql"
	"encoding/json"
	"fmt"
	"math/big"
	"slices"
	"strings"
	"time"

	"corebank/internal/bank"
	"corebank/internal/view"
)

// History is one page of an account's lines.
func (r *Reader) History(ctx context.Context, id bank.AccountID, page view.Page) (view.Lines, error) {
	return view.ReadPage(ctx, r, id, page)
}

// Range reads lines for view.ReadPage.
func (r *Reader) Range(ctx context.Context, want view.Range) ([]view.Transaction, error) {
	if len(want.Filter.Types) < 2 || indexOf(want.Filter) != "" {
		return r.lines(ctx, want)
	}
	// Each type is one range of an index; the ranges are merged.
	var lines []view.Transaction
	for _, t := range want.Filter.Types {
		ofType := want
		ofType.Filter.Types = []bank.EntryType{t}
		some, err := r.lines(ctx, ofType)
		if err != nil {
			return nil, err
		}
		lines = append(lines, some...)
	}
	slices.SortFunc(lines, func(a, b view.Transaction) int {
		if want.NewestFirst {
			return cmp.Compare(b.Version, a.Version)
		}
		return cmp.Compare(a.Version, b.Version)
	})
	return lines[:min(len(lines), want.Limit)], nil
}

// VersionAt finds the first version at a time for view.ReadPage. It uses binary
// search instead of an index on time, which would make every write slower:
// 1,000,000 lines take 20 steps.
func (r *Reader) VersionAt(ctx context.Context, id bank.AccountID, upTo int64, t time.Time) (int64, error) {
	end := view.Range{Account: id, Below: upTo + 1, Limit: 1, NewestFirst: true}
	last, err := r.lines(ctx, end)
	if err != nil {
		return 0, err
	}
	if len(last) == 0 || last[0].OccurredAt.Before(t) {
		return view.NoVersion, nil
	}
	low, high := int64(1), last[0].Version // the result is one of them or between them
	for low < high {
		middle := low + (high-low)/2
		next, err := r.lines(ctx, view.Range{Account: id, Above: middle - 1, Below: view.NoVersion, Limit: 1})
		if err != nil {
			return 0, err
		}
		if next[0].OccurredAt.Before(t) {
			low = next[0].Version + 1
		} else {
			high = middle
		}
	}
	return low, nil
}

func (r *Reader) lines(ctx context.Context, want view.Range) ([]view.Transaction, error) {
	text, args := rangeQuery(want)
	rows, err := r.query(ctx, text, args)
	if err == nil {
		var lines []view.Transaction
		lines, err = scanAll(rows, func(found row) (view.Transaction, error) { return scanLine(found, want.Account) })
		if err == nil {
			return lines, nil
		}
	}
	return nil, fmt.Errorf("read history of %s: %w", want.Account, err)
}

func (r *Reader) query(ctx context.Context, text string, args []any) (*sql.Rows, error) {
	if prepared := r.ranges[text]; prepared != nil {
		return prepared.QueryContext(ctx, args...)
	}
	return r.db.QueryContext(ctx, text, args...)
}

// indexOf is the index for the rarest value that a filter names; "" where it
// names none that few lines have.
func indexOf(f view.Filter) string {
	switch {
	case f.Transfer != "":
		return "history_by_transfer"
	case f.ExternalID != "":
		return "history_by_external_id"
	case f.Reference != "":
		return "history_by_reference"
	case f.Counterparty != "":
		return "history_by_counterparty"
	}
	return ""
}

// rangeQuery is the query for a range. It names the index to use, because the
// planner does not know how rare a value is.
func rangeQuery(r view.Range) (string, []any) {
	index := indexOf(r.Filter)
	if index == "" && len(r.Filter.Types) == 1 {
		index = "history_by_type"
	}
	from := "history"
	if index != "" {
		from += " INDEXED BY " + index
	}
	conditions, args := where(r)
	order := " ORDER BY version ASC LIMIT ?"
	if r.NewestFirst {
		order = " ORDER BY version DESC LIMIT ?"
	}
	return "SELECT " + lineColumns + " FROM " + from + conditions + order, append(args, r.Limit)
}

// where returns the conditions of a range.
func where(r view.Range) (string, []any) {
	var text strings.Builder
	text.WriteString(" WHERE account = " + number + " AND version > ? AND version < ?")
	args := []any{r.Account, r.Above, r.Below}
	add := func(wanted bool, condition string, arg any) {
		if wanted {
			text.WriteString(" AND " + condition)
			args = append(args, arg)
		}
	}
	f := r.Filter
	add(f.Transfer != "", "transfer = ?", f.Transfer)
	add(f.ExternalID != "", "external_id = ?", f.ExternalID)
	add(f.Reference != "", "reference = ?", f.Reference)
	add(f.Counterparty != "", "counterparty = ?", f.Counterparty)
	switch len(f.Types) {
	case 0:
	case 1:
		add(true, "type = ?", f.Types[0])
	default:
		list, _ := json.Marshal(f.Types) // texts are always encoded
		add(true, "type IN (SELECT value FROM json_each(?))", string(list))
	}
	add(f.MinAmount > 0, "amount >= ?", f.MinAmount)
	add(f.MaxAmount > 0, "amount <= ?", f.MaxAmount)
	add(f.Credits != f.Debits, "credit = ?", f.Credits)
	add(!f.Since.IsZero(), "occurred_at >= ?", ceiling(f.Since))
	add(!f.Until.IsZero(), "occurred_at < ?", ceiling(f.Until))
	const effective = "coalesce(effective_at, occurred_at)"
	add(!f.EffectiveSince.IsZero(), effective+" >= ?", ceiling(f.EffectiveSince))
	add(!f.EffectiveUntil.IsZero(), effective+" < ?", ceiling(f.EffectiveUntil))
	return text.String(), args
}

// ceiling is a time in whole microseconds, rounded up, which does not change the
// result of a comparison with a line.
func ceiling(t time.Time) int64 { return t.Add(time.Microsecond - 1).UnixMicro() }

// sumColumns sum the high and the low halves of amounts, which cannot overflow.
const sumColumns = "count(*), " +
	"coalesce(sum(amount >> 32) FILTER (WHERE credit), 0), " +
	"coalesce(sum(amount & 4294967295) FILTER (WHERE credit), 0), " +
	"coalesce(sum(amount >> 32) FILTER (WHERE NOT credit), 0), " +
	"coalesce(sum(amount & 4294967295) FILTER (WHERE NOT credit), 0)"

// Sums sums the lines that pass a filter: 1,000,000 of them in less than a
// second.
func (r *Reader) Sums(ctx context.Context, id bank.AccountID, filter view.Filter) (view.Sums, error) {
	return view.ReadSums(ctx, r, id, filter, func(ctx context.Context, all view.Range) (view.Sums, error) {
		from := "history"
		if index := indexOf(filter); index != "" {
			from += " INDEXED BY " + index
		}
		conditions, args := where(all)
		var count, creditsHigh, creditsLow, debitsHigh, debitsLow int64
		err := r.db.QueryRowContext(ctx, "SELECT "+sumColumns+" FROM "+from+conditions, args...).
			Scan(&count, &creditsHigh, &creditsLow, &debitsHigh, &debitsLow)
		if err != nil {
			return view.Sums{}, fmt.Errorf("sum the history of %s: %w", id, err)
		}
		return view.Sums{Count: count, Credits: joined(creditsHigh, creditsLow), Debits: joined(debitsHigh, debitsLow)}, nil
	})
}

func joined(high, low int64) *big.Int {
	sum := new(big.Int).Lsh(big.NewInt(high), 32)
	return sum.Add(sum, big.NewInt(low))
}
