package sqlite

import (
	"path/filepath"
	"strings"
	"testing"
)

// A page is quick in a history of any length because its query neither scans
// nor sorts: the index yields the lines in order.
func TestQueriesSeek(t *testing.T) {
	store, err := Open(t.Context(), filepath.Join(t.TempDir(), "views.db"), Options{})
	if err != nil {
		t.Fatal(err)
	}
	defer store.Close(t.Context())
	for query, seek := range map[string]string{
		oneLine:           "SEARCH history USING PRIMARY KEY (account=? AND version=?)",
		newestLines:       "SEARCH history USING PRIMARY KEY (account=? AND version>? AND version<?)",
		oldestLines:       "SEARCH history USING PRIMARY KEY (account=? AND version>? AND version<?)",
		newestLinesOfType: "SEARCH history USING INDEX history_by_type (account=? AND type=? AND version>? AND version<?)",
		oldestLinesOfType: "SEARCH history USING INDEX history_by_type (account=? AND type=? AND version>? AND version<?)",
	} {
		plan := explain(t, store, query)
		if !strings.Contains(plan, seek) || strings.Contains(plan, "SCAN") || strings.Contains(plan, "TEMP B-TREE") {
			t.Errorf("%s\nhas the plan\n%s", query, plan)
		}
	}
}

func explain(t *testing.T, store *Store, query string) string {
	t.Helper()
	rows, err := store.db.QueryContext(t.Context(), "EXPLAIN QUERY PLAN "+strings.ReplaceAll(query, "?", "1"))
	if err != nil {
		t.Fatal(err)
	}
	defer rows.Close()
	var plan strings.Builder
	for rows.Next() {
		var id, parent, unused int
		var detail string
		if err := rows.Scan(&id, &parent, &unused, &detail); err != nil {
			t.Fatal(err)
		}
		plan.WriteString(detail + "\n")
	}
	if err := rows.Err(); err != nil {
		t.Fatal(err)
	}
	return plan.String()
}
