package sqlite

import (
	"path/filepath"
	"strings"
	"testing"

	"corebank/internal/bank"
	"corebank/internal/view"
)

// A page of a history of any length is fast, because its query neither scans nor
// sorts: the index returns the lines in order.
func TestQueriesSeek(t *testing.T) {
	store, err := Open(t.Context(), filepath.Join(t.TempDir(), "views.db"), Options{})
	if err != nil {
		t.Fatal(err)
	}
	defer store.Close(t.Context())
	const within = "version>? AND version<?)"
	by := func(column string) string {
		return "SEARCH history USING INDEX history_by_" + column + " (account=? AND " + column + "=? AND " + within
	}
	queries := map[string]string{
		oneLine:      "SEARCH history USING PRIMARY KEY (account=? AND version=?)",
		stateOf:      "SEARCH states USING INDEX sqlite_autoindex_states_1 (account=? AND version<?)",
		stateAt:      "SEARCH states USING COVERING INDEX states_by_time (account=? AND changed_at<?)",
		trialOf:      "SEARCH trials USING INTEGER PRIMARY KEY (rowid<?)",
		trialAt:      "SEARCH trials USING COVERING INDEX trials_by_time (at<?)",
		referencesOf: "SEARCH links USING INDEX sqlite_autoindex_links_1 (key=?)",
	}
	withdrawals := []bank.EntryType{bank.WithdrawalEntry}
	for _, newestFirst := range []bool{true, false} {
		for _, asked := range []struct {
			filter view.Filter
			seek   string
		}{
			{view.Filter{}, "SEARCH history USING PRIMARY KEY (account=? AND " + within},
			{view.Filter{MinAmount: 1, Credits: true}, "SEARCH history USING PRIMARY KEY (account=? AND " + within},
			{view.Filter{Types: withdrawals}, by("type")},
			{view.Filter{Types: withdrawals, MaxAmount: 5}, by("type")},
			{view.Filter{Reference: "r", Types: withdrawals}, by("reference")},
			{view.Filter{ExternalID: "e", Reference: "r"}, by("external_id")},
			{view.Filter{Transfer: "t", Counterparty: "c"}, by("transfer")},
			{view.Filter{Counterparty: "c"}, by("counterparty")},
		} {
			query, _ := rangeQuery(view.Range{Filter: asked.filter, NewestFirst: newestFirst})
			queries[query] = asked.seek
		}
	}
	for filter, seek := range map[view.AccountFilter]string{
		{}:                            "accounts_by_opening (opened>? AND opened<?)",
		{Owner: "o", Currency: "EUR"}: "accounts_by_owner (owner=? AND opened>? AND opened<?)",
		{Kind: bank.Savings}:          "accounts_by_kind (kind=? AND opened>? AND opened<?)",
		{Currency: "EUR"}:             "accounts_by_currency (currency=? AND opened>? AND opened<?)",
	} {
		query, _ := listQuery(view.Accounts{First: 1, Before: 9, Filter: filter})
		queries[query] = "SEARCH accounts USING INDEX " + seek
	}
	for query, seek := range queries {
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
