package audit_test

import (
	"context"
	"errors"
	"fmt"
	"iter"
	"slices"
	"strings"
	"testing"
	"time"

	"corebank/check/laws"
	"corebank/internal/bank"
	"corebank/internal/contract"
	"corebank/internal/view"
	"corebank/internal/view/viewtest"
)

// contextOf is the context of a test.
func contextOf(t viewtest.Fataler) context.Context {
	return t.(interface{ Context() context.Context }).Context()
}

func viewsOf(t viewtest.Fataler, store view.Snapshots) *laws.ViewSums {
	t.Helper()
	views, err := laws.ReadViews(contextOf(t), store)
	if err != nil {
		t.Fatalf("%v", err)
	}
	return views
}

// Views lag behind the log: they are compared with what the log was then.
func TestViewsAreComparedAtTheirCheckpoint(t *testing.T) {
	b := soundLog(t)
	for at := range len(b.Records) + 1 {
		views := viewsOf(t, project(t, b.Records[:at]))
		report := auditOf(b.Records, views)
		if !report.OK || report.Views == nil || report.Views.Checkpoint != int64(at) || views.Checkpoint() != int64(at) {
			t.Errorf("at %d of %d: %v, %+v", at, len(b.Records), report.Findings, report.Views)
		}
	}
}

// cannedStore is a view store that returns what a test gives it.
type cannedStore struct {
	checkpoint int64
	accounts   []view.Account
	lines      []view.Transaction
	links      []view.Reference
	states     []view.State
	trial      view.Trial
	fails      error
}

// canned copies what another store returns.
func canned(t *testing.T, store view.Snapshots) *cannedStore {
	t.Helper()
	snapshot, err := store.Snapshot(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	said := &cannedStore{checkpoint: snapshot.Checkpoint(), trial: snapshot.Trial()}
	for account := range snapshot.Accounts(t.Context()) {
		said.accounts = append(said.accounts, account)
	}
	for line := range snapshot.Transactions(t.Context()) {
		said.lines = append(said.lines, line)
	}
	for link := range snapshot.References(t.Context()) {
		said.links = append(said.links, link)
	}
	for state := range snapshot.States(t.Context()) {
		said.states = append(said.states, state)
	}
	return said
}

func (s *cannedStore) Snapshot(context.Context) (view.Snapshot, error) { return s, nil }
func (s *cannedStore) Checkpoint() int64                               { return s.checkpoint }
func (s *cannedStore) Trial() view.Trial                               { return s.trial }

func (s *cannedStore) References(context.Context) iter.Seq2[view.Reference, error] {
	return each(s.links, nil)
}
func (s *cannedStore) States(context.Context) iter.Seq2[view.State, error] {
	return each(s.states, nil)
}

func (s *cannedStore) Close(context.Context) error { return nil }

func (s *cannedStore) Accounts(context.Context) iter.Seq2[view.Account, error] {
	return each(s.accounts, nil)
}
func (s *cannedStore) Transactions(context.Context) iter.Seq2[view.Transaction, error] {
	return each(s.lines, s.fails)
}

func each[T any](all []T, fails error) iter.Seq2[T, error] {
	return func(yield func(T, error) bool) {
		for _, one := range all {
			if !yield(one, fails) {
				return
			}
		}
	}
}

// ada's document and her lines, the newest last.
func (s *cannedStore) ada() *view.Account {
	return &s.accounts[slices.IndexFunc(s.accounts, func(a view.Account) bool { return a.ID == ada })]
}

func (s *cannedStore) line(version int64) *view.Transaction {
	return &s.lines[slices.IndexFunc(s.lines, func(l view.Transaction) bool {
		return l.Account == ada && l.Version == version
	})]
}

// differing is what is done to the views, and what is then found. Texts that
// end with ... are beginnings.
type differing struct {
	name            string
	change          func(*cannedStore)
	account         bank.AccountID
	expected, found string
}

var differingAccounts = []differing{
	{"the version", func(s *cannedStore) { s.ada().Version++ }, ada, "version 5", "version 6"},
	{"the balance", func(s *cannedStore) { s.ada().Balance.Minor++ }, ada, "balance 0.00 EUR", "balance 0.01 EUR"},
	{"the owner", func(s *cannedStore) { s.ada().Owner = "eve" }, ada, "owner ada", "owner eve"},
	{"the currency", func(s *cannedStore) { s.ada().Currency, s.ada().Balance.Currency = "USD", "USD" }, ada,
		"balance 0.00 EUR, currency EUR", "balance 0.00 USD, currency USD"},
	{
		"the place of the opening",
		func(s *cannedStore) { s.ada().Opened = 7 },
		ada,
		"opened at position 1",
		"opened at position 7",
	},
	{"a freeze", func(s *cannedStore) { s.ada().Freeze.Debits = true }, ada, "freeze none", `freeze {"debits":true}`},
	{"a kind", func(s *cannedStore) { s.ada().Kind = bank.Savings }, ada, `kind "CURRENT"`, `kind "SAVINGS"`},
	{"a link too many", func(s *cannedStore) {
		s.links = append(s.links, view.Reference{Key: "k", Record: contract.Record{Account: ada}})
	}, ada,
		"references and history states 0", "references and history states 1"},
	{"the opening", func(s *cannedStore) { s.ada().OpenedAt = opening.Add(1000) }, ada,
		"opened at 2026-03-01T09:00:00.123456Z", "opened at 2026-03-01T09:00:00.123457Z"},
	{"the last change", func(s *cannedStore) { s.ada().ChangedAt = opening }, ada,
		"updated at 2026-03-01T09:00:00.123459Z", "updated at 2026-03-01T09:00:00.123456Z"},
	{"a quarantine", func(s *cannedStore) {
		s.ada().Stale = view.Stale{Reason: "unknown event", Position: 3, Version: 2}
	}, ada,
		"no quarantine", "quarantine: unknown event"},
	{"a lost account", func(s *cannedStore) {
		s.accounts = slices.DeleteFunc(s.accounts, func(a view.Account) bool { return a.ID == ada })
	}, ada, "the account", "none, with 4 lines of history"},
	{"an account too many", func(s *cannedStore) {
		s.accounts = append(s.accounts, view.Account{Account: bank.Account{ID: grace, Version: 3}})
	}, grace,
		"no such account", "version 3 with 0 lines of history"},
}

var differingHistories = []differing{
	{"a lost line", func(s *cannedStore) {
		s.lines = slices.DeleteFunc(s.lines, func(l view.Transaction) bool { return l.Account == ada && l.Version == 3 })
	}, ada, "lines of history 4", "lines of history 3"},
	{
		"a line too many",
		func(s *cannedStore) { s.lines = append(s.lines, *s.line(5)) },
		ada,
		"lines of history 4",
		"lines of history 5",
	},
	{"lines of no account", func(s *cannedStore) {
		line := view.Transaction{Account: grace, Version: 2, Position: 4, Type: bank.DepositEntry, Amount: 1}
		s.lines = append(s.lines, line)
	}, grace, "no such account", "version 0 with 1 lines of history"},
	digestOf("a memo", func(s *cannedStore) { s.line(3).Memo = "rant" }),
	digestOf("a reference", func(s *cannedStore) { s.line(2).Reference = "" }),
	digestOf("an amount", func(s *cannedStore) { s.line(2).Amount++ }),
	digestOf("a balance after", func(s *cannedStore) { s.line(2).BalanceAfter++ }),
	digestOf("a direction", func(s *cannedStore) { s.line(2).Credit = false }),
	digestOf("an effective time", func(s *cannedStore) { s.line(2).EffectiveAt = opening }),
	digestOf("a caller", func(s *cannedStore) { s.line(2).Caller = "eve" }),
	digestOf("a type", func(s *cannedStore) { s.line(2).Type = bank.WithdrawalEntry }),
	digestOf("a currency", func(s *cannedStore) { s.line(2).Currency = "USD" }),
	digestOf("a position", func(s *cannedStore) { s.line(2).Position++ }),
	digestOf("a version", func(s *cannedStore) { s.line(5).Version++ }),
	digestOf("a time", func(s *cannedStore) { s.line(2).OccurredAt = opening.Add(time.Hour) }),
	digestOf("the order", func(s *cannedStore) { x, y := s.line(2), s.line(3); *x, *y = *y, *x }),
	digestOf("a text that moves", func(s *cannedStore) { s.line(2).Reference, s.line(2).Memo = "wage", "s" }),
}

// digestOf is a difference that only the digest of Ada's history shows.
func digestOf(name string, change func(*cannedStore)) differing {
	return differing{name, change, ada, "history with the digest ...", "history with the digest ..."}
}

// TestAViewThatDiffersIsFound changes one thing in the views after the other:
// it is found, and nothing else is.
func TestAViewThatDiffersIsFound(t *testing.T) {
	for _, test := range slices.Concat(differingAccounts, differingHistories) {
		t.Run(test.name, func(t *testing.T) {
			b := soundLog(t)
			said := canned(t, project(t, b.Records))
			test.change(said)
			report := auditOf(b.Records, viewsOf(t, said))
			if len(report.Findings) != 1 || report.OK || report.Views.Different != 1 {
				t.Fatalf("findings are %v (ok %t), want one", report.Findings, report.OK)
			}
			got := report.Findings[0]
			if got.Law != laws.Views || got.Account != test.account || got.Position != 8 ||
				!matches(got.Expected, test.expected) || !matches(got.Found, test.found) || got.Expected == got.Found {
				t.Errorf("found\n%v, want expected %q, found %q", got, test.expected, test.found)
			}
		})
	}
}

func matches(text, want string) bool {
	if beginning, cut := strings.CutSuffix(want, "..."); cut {
		return strings.HasPrefix(text, beginning)
	}
	return text == want
}

// Views of another log, or of one that was cut off since, reach further.
func TestViewsAheadOfTheLogAreFound(t *testing.T) {
	b := soundLog(t)
	report := auditOf(b.Records[:6], viewsOf(t, project(t, b.Records)))
	want := []laws.Finding{{Law: laws.Views, Position: 8,
		Expected: "views as of a position that the log has; it ends with 6", Found: "views as of position 8"}}
	if !slices.Equal(report.Findings, want) || report.OK || report.Views != nil {
		t.Errorf("findings are %v", report.Findings)
	}
}

// Where the log lacks the position of the views, there is nothing to compare
// them with.
func TestViewsAtAMissingPositionAreFound(t *testing.T) {
	b := soundLog(t)
	views := viewsOf(t, project(t, b.Records[:4]))
	for i := 3; i < len(b.Records); i++ {
		b.Records[i].Position++
	}
	report := auditOf(b.Records, views)
	if len(report.Findings) != 2 || report.Findings[0].Law != laws.Position || report.Findings[1].Law != laws.Views ||
		report.Views != nil {
		t.Errorf("findings are %v, views %+v", report.Findings, report.Views)
	}
}

// A store that is behind and says that it is not.
func TestAForgottenPaymentIsFoundAtEveryCheckpoint(t *testing.T) {
	b := soundLog(t)
	for at := 1; at < len(b.Records); at++ {
		said := canned(t, project(t, b.Records[:at]))
		said.checkpoint++
		report := auditOf(b.Records, viewsOf(t, said))
		if len(report.Findings) != 1 || report.Findings[0].Account != b.Records[at].Account {
			t.Errorf("without the record at %d: %v", at+1, report.Findings)
		}
	}
}

// An event that cannot be read stops its account's view, and no other.
func TestAnAccountThatCannotBeReadIsNotCompared(t *testing.T) {
	b := soundLog(t)
	b.Records[3].Schema = 9
	said := canned(t, project(t, b.Records[:3]))
	said.checkpoint = 4
	report := auditOf(b.Records, viewsOf(t, said))
	if len(report.Findings) != 1 || report.Findings[0].Law != laws.Event || report.Views.Different != 0 {
		t.Errorf("findings are %v", report.Findings)
	}
}

func TestViewsThatCannotBeReadAreAnError(t *testing.T) {
	b := soundLog(t)
	said := canned(t, project(t, b.Records))
	said.fails = errors.New("the disk is gone")
	if _, err := laws.ReadViews(t.Context(), said); !errors.Is(err, said.fails) {
		t.Errorf("read: %v, want the store's error", err)
	}
}

func TestManyViewsThatDifferAreCounted(t *testing.T) {
	b := newTestLog(t)
	for i := range 2 * laws.MaxFindings {
		b.open(fmt.Sprint("owner ", i), "EUR")
	}
	said := canned(t, project(t, b.Records))
	for i := range said.accounts {
		said.accounts[i].Balance.Minor = 7
	}
	report := auditOf(b.Records, viewsOf(t, said))
	if len(report.Findings) != laws.MaxFindings || report.FindingsTotal != 2*laws.MaxFindings ||
		report.Views.Different != report.FindingsTotal {
		t.Errorf("%d findings of %d, %d views", len(report.Findings), report.FindingsTotal, report.Views.Different)
	}
	if !slices.IsSortedFunc(report.Findings,
		func(x, y laws.Finding) int { return strings.Compare(string(x.Account), string(y.Account)) }) {
		t.Error("the findings are not in order")
	}
}
