package graph

import (
	"encoding/base64"
	"fmt"
	"math"
	"reflect"
	"strings"
	"testing"
	"time"

	"pgregory.net/rapid"

	"corebank/graph/model"
	"corebank/graph/scalar"
	"corebank/internal/bank"
	"corebank/internal/view"
)

func TestCursorsComeBack(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		n := rapid.Int64Range(0, math.MaxInt64).Draw(t, "n")
		for kind, other := range map[string]string{cursorVersion: cursorPosition, cursorPosition: cursorVersion} {
			text := cursor(kind, n)
			if got, err := readCursor("after", &text, kind); err != nil || got != n {
				t.Fatalf("%s of %s %d is read as %d, %v", text, kind, n, got, err)
			}
			if got, err := readCursor("after", &text, other); err == nil {
				t.Fatalf("%s of %s %d is read as %s %d", text, kind, n, other, got)
			}
		}
	})
	if n, err := readCursor("after", nil, cursorVersion); n != 0 || err != nil {
		t.Errorf("no cursor is read as %d, %v", n, err)
	}
}

func TestWhatIsNoCursor(t *testing.T) {
	texts := []string{"", "x", "7", "version:7", strings.Repeat("A", 1<<16),
		cursor(cursorVersion, 7) + "=", cursor(cursorVersion, 7) + "\n"}
	for _, decoded := range []string{"", "7", "version", "version:", "version:-1", "version:+7", "version:07",
		"version: 7", "version:7 ", "version:7.0", "version:9223372036854775808", "VERSION:7", "versionversion:7"} {
		texts = append(texts, base64.RawURLEncoding.EncodeToString([]byte(decoded)))
	}
	for _, text := range texts {
		n, err := readCursor("after", &text, cursorVersion)
		if refusesInput(t, err, "must be a cursor from an earlier answer"); n != 0 {
			t.Errorf("%.80q is read as %d", text, n)
		}
	}
}

func TestPagingArguments(t *testing.T) {
	number := func(n int64) *int64 { return &n }
	text := func(s string) *string { return &s }
	five, nine := text(cursor(cursorVersion, 5)), text(cursor(cursorVersion, 9))
	other := text(cursor(cursorPosition, 5))
	for name, test := range map[string]struct {
		given   paging
		want    view.Page
		message string // of the error
	}{
		"nothing":            {paging{}, view.Page{First: 20}, ""},
		"the newest":         {paging{first: number(1)}, view.Page{First: 1}, ""},
		"the maximum":        {paging{first: number(100), after: five}, view.Page{First: 100, After: 5}, ""},
		"the oldest":         {paging{last: number(100)}, view.Page{Last: 100}, ""},
		"back from a cursor": {paging{last: number(3), before: five}, view.Page{Last: 3, Before: 5}, ""},
		"on from a cursor":   {paging{after: five}, view.Page{First: 20, After: 5}, ""},
		"between cursors":    {paging{after: nine, before: five}, view.Page{First: 20, After: 9, Before: 5}, ""},
		"both ends":          {paging{first: number(1), last: number(1)}, view.Page{}, "Give first or last, not both."},
		"none":               {paging{first: number(0)}, view.Page{}, "first must be 1 to 100, not 0."},
		"fewer than none":    {paging{last: number(-1)}, view.Page{}, "last must be 1 to 100, not -1."},
		"too many":           {paging{first: number(101)}, view.Page{}, "first must be 1 to 100, not 101."},
		"too many by far": {paging{last: number(math.MaxInt32)}, view.Page{},
			"last must be 1 to 100, not 2147483647."},
		"a cursor of another kind": {paging{after: other}, view.Page{}, "must be a cursor from an earlier answer"},
		"before nonsense":          {paging{before: text("x")}, view.Page{}, "must be a cursor from an earlier answer"},
	} {
		t.Run(name, func(t *testing.T) {
			got, err := test.given.read()
			if test.message != "" {
				refusesInput(t, err, test.message)
				return
			}
			if err != nil || !reflect.DeepEqual(got, test.want) {
				t.Errorf("read as %+v, %v; want %+v", got, err, test.want)
			}
			if err := got.Check(); err != nil {
				t.Errorf("the views refuse %+v: %v", got, err)
			}
		})
	}
}

func TestFilters(t *testing.T) {
	since, until := scalar.DateTime(decidedAt), scalar.DateTime(decidedAt.Add(time.Hour))
	minAmount, maxAmount, credit := scalar.Decimal("1.5"), scalar.Decimal("20"), model.DirectionCredit
	text := func(s string) *string { return &s }
	d := newDesk(t)
	d.account = func(bank.AccountID) (view.Account, error) {
		return view.Account{Account: bank.Account{ID: ada, Currency: "EUR", OpenedAt: decidedAt}}, nil
	}
	r := &Resolver{Views: d}
	got, err := r.readFilter(asTeller(t), ada, &model.TransactionFilter{
		Types: []model.TransactionType{model.TransactionTypeDeposit}, Direction: &credit,
		Since: &since, Until: &until, EffectiveSince: &since, EffectiveUntil: &until,
		MinAmount: &minAmount, MaxAmount: &maxAmount,
		Reference: text("r"), ExternalID: text("e"), CounterpartyID: text("c"), TransferID: text("t"),
	})
	want := view.Filter{
		Types: []bank.EntryType{bank.DepositEntry}, Credits: true,
		Since: decidedAt, Until: decidedAt.Add(time.Hour),
		EffectiveSince: decidedAt, EffectiveUntil: decidedAt.Add(time.Hour),
		MinAmount: 150, MaxAmount: 2000,
		Reference: "r", ExternalID: "e", Counterparty: "c", Transfer: "t",
	}
	if err != nil || !reflect.DeepEqual(got, want) {
		t.Errorf("read as %+v, %v; want %+v", got, err, want)
	}
	if got, err := r.readFilter(asTeller(t), ada, nil); err != nil || !reflect.DeepEqual(got, view.Filter{}) {
		t.Errorf("no filter is read as %+v, %v", got, err)
	}
	for name, bad := range map[string]model.TransactionFilter{
		"too precise":    {MinAmount: new(scalar.Decimal("1.005"))},
		"negative":       {MinAmount: new(scalar.Decimal("-1"))},
		"a maximum of 0": {MaxAmount: new(scalar.Decimal("0"))},
		"not a number":   {MaxAmount: new(scalar.Decimal("1e"))},
	} {
		t.Run(name, func(t *testing.T) {
			_, err := r.readFilter(asTeller(t), ada, &bad)
			refusesInput(t, err, "")
		})
	}
}

func TestPagesThatTheViewsRefuseAreShown(t *testing.T) {
	types := strings.TrimSuffix(strings.Repeat("DEPOSIT,", view.MaxFilterTypes+1), ",")
	for name, arguments := range map[string]string{
		"too many types": fmt.Sprintf(`filter: {types: [%s]}`, types),
		"no version":     fmt.Sprintf(`after: %q`, cursor(cursorVersion, view.NoVersion)),
	} {
		t.Run(name, func(t *testing.T) {
			d := newDesk(t)
			d.history = func(page view.Page) (view.Lines, error) { return view.Lines{}, page.Check() }
			d.ask(`{ history(accountId: "a", `+arguments+`) { nodes { id } } }`, "").fails(badUserInput)
		})
	}
}

func TestConnections(t *testing.T) {
	line := func(version int64) view.Transaction {
		return view.Transaction{Account: ada, Version: version, Type: bank.DepositEntry,
			Currency: "EUR", Amount: 1, OccurredAt: decidedAt}
	}
	d := newDesk(t)
	d.history = func(view.Page) (view.Lines, error) {
		return view.Lines{Transactions: []view.Transaction{line(9), line(8), line(6)}, Older: true}, nil
	}
	const query = `{ history(accountId: "a", first: 3) { edges { cursor node { version } } nodes { version }
		pageInfo { hasNextPage hasPreviousPage startCursor endCursor } } }`
	nine, eight, six := cursor(cursorVersion, 9), cursor(cursorVersion, 8), cursor(cursorVersion, 6)
	d.ask(query, "").answers(`{"history": {
		"edges": [{"cursor": %q, "node": {"version": 9}}, {"cursor": %q, "node": {"version": 8}},
			{"cursor": %q, "node": {"version": 6}}],
		"nodes": [{"version": 9}, {"version": 8}, {"version": 6}],
		"pageInfo": {"hasNextPage": true, "hasPreviousPage": false, "startCursor": %q, "endCursor": %q}}}`,
		nine, eight, six, nine, six)

	d.history = func(view.Page) (view.Lines, error) { return view.Lines{}, nil }
	d.account = func(bank.AccountID) (view.Account, error) {
		return view.Account{Account: bank.Account{ID: ada, Currency: "EUR", Version: 1, OpenedAt: decidedAt}}, nil
	}
	d.ask(query, "").answers(`{"history": {"edges": [], "nodes": [],
		"pageInfo": {"hasNextPage": false, "hasPreviousPage": false, "startCursor": null, "endCursor": null}}}`)
}
