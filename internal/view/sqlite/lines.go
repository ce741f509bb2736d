package sqlite

import (
	"cmp"
	"context"
	"database/sql"
	"encoding/json"
	"fmt"
	"slices"
	"strings"

	"corebank/internal/bank"
	"corebank/internal/view"
)

// linesTogether is how many lines one statement inserts where there are as many:
// beside the work of SQLite itself, a statement costs as much as a line.
var linesTogether = [...]int{64, 8, 1}

// insertLines inserts n lines. A failure undoes the whole transaction, so that
// SQLite need not set pages aside to undo one statement.
func insertLines(n int) string {
	columns := 2 + strings.Count(lineColumns, ",")
	row := "(?" + strings.Repeat(", ?", columns-1) + ")"
	return "INSERT OR ROLLBACK INTO history (account, " + lineColumns + ") VALUES " + row + strings.Repeat(", "+row, n-1)
}

// numbered is a line of an account that has a number.
type numbered struct {
	*view.Transaction
	number int64
}

// add adds lines, whose accounts are there, in the order in which the history
// keeps them: what goes to one page goes there at once.
func (s *Store) add(ctx context.Context, tx *sql.Tx, lines []view.Transaction) error {
	if len(lines) == 0 {
		return nil
	}
	sorted, err := s.number(ctx, tx, lines)
	if err != nil {
		return fmt.Errorf("find the accounts of %d lines: %w", len(lines), err)
	}
	slices.SortFunc(sorted, func(a, b numbered) int {
		return cmp.Or(cmp.Compare(a.number, b.number), cmp.Compare(a.Version, b.Version))
	})
	var args []any
	for i, n := range linesTogether {
		if len(sorted) < n {
			continue
		}
		insert := tx.StmtContext(ctx, s.addLines[i])
		for ; len(sorted) >= n; sorted = sorted[n:] {
			args = args[:0]
			for _, line := range sorted[:n] {
				if args, err = line.appendTo(args); err != nil {
					return fmt.Errorf("add line %d of %s: %w", line.Version, line.Account, err)
				}
			}
			if _, err := insert.ExecContext(ctx, args...); err != nil {
				return fmt.Errorf("add %d lines from %d of %s on: %w", n, sorted[0].Version, sorted[0].Account, err)
			}
		}
	}
	return nil
}

// number finds the numbers of the lines' accounts.
func (s *Store) number(ctx context.Context, tx *sql.Tx, lines []view.Transaction) ([]numbered, error) {
	numbers := make(map[bank.AccountID]int64)
	var ids []bank.AccountID
	for _, l := range lines {
		if _, again := numbers[l.Account]; !again {
			numbers[l.Account] = 0
			ids = append(ids, l.Account)
		}
	}
	list, err := json.Marshal(ids)
	if err != nil {
		return nil, err
	}
	rows, err := tx.StmtContext(ctx, s.numbers).QueryContext(ctx, string(list))
	if err != nil {
		return nil, err
	}
	defer rows.Close()
	for rows.Next() {
		var n int64
		var id bank.AccountID
		if err := rows.Scan(&n, &id); err != nil {
			return nil, err
		}
		numbers[id] = n
	}
	found := make([]numbered, len(lines))
	for i := range lines {
		found[i] = numbered{&lines[i], numbers[lines[i].Account]}
	}
	return found, rows.Err()
}

// appendTo appends the line's columns.
func (l numbered) appendTo(args []any) ([]any, error) {
	more, err := moreOf(*l.Transaction)
	return append(args, l.number, l.Version, l.Position, l.Type, l.Credit, l.Currency, l.Amount, l.BalanceAfter,
		l.OccurredAt.UnixMicro(), effectiveOf(*l.Transaction), l.Caller, text(l.Reference), text(l.Memo), text(l.ExternalID),
		text(string(l.Counterparty)), text(string(l.Transfer)), more), err
}
