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

// linesPerInsert are the numbers of lines that one statement can insert. A
// statement costs as much as a line, in addition to the work of SQLite itself.
var linesPerInsert = [...]int{64, 8, 1}

// insertLines is the statement that inserts n lines. A failure rolls back the
// whole transaction, so that SQLite need not save pages to undo one statement.
func insertLines(n int) string {
	columns := 2 + strings.Count(lineColumns, ",")
	row := "(?" + strings.Repeat(", ?", columns-1) + ")"
	return "INSERT OR ROLLBACK INTO history (account, " + lineColumns + ") VALUES " + row + strings.Repeat(", "+row, n-1)
}

// numbered is a line with the number of its account.
type numbered struct {
	*view.Transaction
	number int64
}

// add adds lines in the order in which the table stores them, so that each page
// is written once. Their accounts must exist.
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
	for i, n := range linesPerInsert {
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
				return fmt.Errorf("add %d lines starting with line %d of %s: %w", n, sorted[0].Version, sorted[0].Account, err)
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

// appendTo appends the values of the line's columns.
func (l numbered) appendTo(args []any) ([]any, error) {
	more, err := moreOf(*l.Transaction)
	return append(args, l.number, l.Version, l.Position, l.Type, l.Credit, l.Currency, l.Amount, l.BalanceAfter,
		l.OccurredAt.UnixMicro(), effectiveOf(*l.Transaction), l.Caller, text(l.Reference), text(l.Memo), text(l.ExternalID),
		text(string(l.Counterparty)), text(string(l.Transfer)), more), err
}
