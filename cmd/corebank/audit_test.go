package main_test

import (
	"context"
	"database/sql"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	_ "modernc.org/sqlite" // the driver "sqlite"

	"corebank/check/audit"
	"corebank/check/laws"
	"corebank/eventsource/immudb"
	"corebank/internal/bank"
	"corebank/internal/contract"
	"corebank/internal/view"
	"corebank/internal/view/sqlite"
)

// audited is a bank that an audit can look at: a log in an immudb of its own
// and its views, in a directory like that of `corebank up`.
type audited struct {
	t       *testing.T
	dir     string
	storage *immudb.Log
	views   *sqlite.Store
	stop    func() // ends immudb

	account bank.Account
	seen    view.Account
	head    int64
}

const auditedPassword = "Writ3r!password"

func newAudited(t *testing.T) *audited {
	t.Helper()
	a := &audited{t: t, dir: t.TempDir(), account: bank.Account{ID: bank.NewAccountID("ada", "first")}}
	address := freePort(t)
	for file, text := range map[string]string{"admin": "Adm1n!password", "secrets/immudb-eventsource": auditedPassword,
		"run.json": `{"immudb":"` + address + `","gateway":"http://127.0.0.1:1"}`} {
		path := filepath.Join(a.dir, filepath.FromSlash(file))
		if err := os.MkdirAll(filepath.Dir(path), 0o700); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(path, []byte(text+"\n"), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	_, a.stop = service(t, "immudb", "--dir", filepath.Join(a.dir, "immudb"), "--listen", address,
		"--admin-password-file", filepath.Join(a.dir, "admin"))
	awaitConnection(t, address)
	a.storage = immudb.NewLog(immudb.Config{Address: address, Database: "corebank", User: "eventsource",
		Password: auditedPassword, AdminPassword: "Adm1n!password", StateDir: t.TempDir()})
	if _, err := a.storage.Acquire(t.Context()); err != nil {
		t.Fatal(err)
	}
	var err error
	if a.views, err = sqlite.Open(t.Context(), filepath.Join(a.dir, "views.db"), sqlite.Options{}); err != nil {
		t.Fatal(err)
	}
	a.do(bank.OpenAccount{Owner: "Ada Lovelace", Currency: "EUR"})
	for range 20 {
		a.do(bank.Deposit{Amount: bank.Money{Minor: 1000, Currency: "EUR"}})
	}
	return a
}

// close ends what newAudited started, while the test's context still lasts.
func (a *audited) close() {
	a.t.Helper()
	if err := errors.Join(a.views.Close(a.t.Context()), a.storage.Close(a.t.Context())); err != nil {
		a.t.Error(err)
	}
	a.stop()
}

// do has the account decide a command, writes the event and projects it.
func (a *audited) do(c bank.Command) {
	a.t.Helper()
	event, refusal := a.account.Decide(c, bank.Circumstances{})
	if refusal != nil {
		a.t.Fatal(refusal.Message)
	}
	a.write(event)
	a.account = a.account.Apply(event, time.Date(2026, 3, 1, 9, 0, 0, int(a.head)*1000, time.UTC))
}

// write commits an event as the account's next, and projects it.
func (a *audited) write(event bank.Event) {
	a.t.Helper()
	a.head++
	key := "first"
	if a.head > 1 {
		key = fmt.Sprint("key-", a.head)
	}
	r := contract.Record{Position: a.head, Account: a.account.ID, Version: a.seen.Version + 1,
		At:  time.Date(2026, 3, 1, 9, 0, 0, int(a.head)*1000, time.UTC),
		Key: key, Caller: "ada", RequestHash: strings.Repeat("0a", 16)}
	if err := r.SetEvent(event); err != nil {
		a.t.Fatal(err)
	}
	if err := a.storage.Commit(a.t.Context(), []contract.Record{r}, nil); err != nil {
		a.t.Fatal(err)
	}
	seen, effect, err := view.Fold(a.seen, r)
	if err != nil {
		a.t.Fatal(err)
	}
	before, err := a.views.Trial(a.t.Context())
	if err != nil {
		a.t.Fatal(err)
	}
	sums := view.Resume(before)
	sums.Add(r.At, effect.Postings)
	changes := view.Changes{From: a.head - 1, To: a.head, Accounts: []view.Account{seen}, Trial: sums.Trial(a.head)}
	if effect.Line != nil {
		changes.Transactions = []view.Transaction{*effect.Line}
	}
	if effect.State != nil {
		changes.States = []view.State{*effect.State}
	}
	if err := a.views.Apply(a.t.Context(), changes); err != nil {
		a.t.Fatal(err)
	}
	a.seen = seen
}

// audit runs the command and reads its report.
func (a *audited) audit() (outcome, audit.Report) {
	a.t.Helper()
	got := corebank(a.t, nil, "audit", "--data", a.dir, "--json")
	var report audit.Report
	if err := json.Unmarshal([]byte(got.stdout), &report); err != nil {
		a.t.Fatalf("%v: %+v", err, got)
	}
	return got, report
}

func TestAnAuditOfASoundBank(t *testing.T) {
	a := newAudited(t)
	defer a.close()
	got := corebank(t, nil, "audit", "--data", a.dir)
	for _, says := range []string{"The audit found nothing wrong.", "21 records, the last at position 21",
		"EUR customers 200.00, cash -200.00", "equal to the log at position 21: 1 account, 20 transactions",
		"no earlier audit to compare with"} {
		words := strings.Join(strings.Fields(got.stdout), " ") // lines are broken where they are too long
		if got.code != 0 || !strings.Contains(words, says) || got.stderr != "" {
			t.Errorf("the audit does not say %q: %+v", says, got)
		}
	}
	noted, err := a.storage.LastAudit(t.Context())
	if err != nil || noted == nil || !noted.OK || noted.Position != 21 || noted.Findings != 0 ||
		time.Since(noted.At) > time.Hour {
		t.Errorf("noted for systemStatus is %+v (%v)", noted, err)
	}
	a.do(bank.Withdraw{Amount: bank.Money{Minor: 1, Currency: "EUR"}})
	again, report := a.audit()
	if again.code != 0 || !report.OK || report.Records != 22 || report.Proof == nil || report.Proof.Since == nil ||
		report.Proof.Since.Transaction == 0 {
		t.Errorf("the next audit: %+v", again)
	}
}

// The bank goes on while it is audited, again and again.
func TestAnAuditOfABankAtWork(t *testing.T) {
	a := newAudited(t)
	defer a.close()
	ctx, stop := context.WithCancel(t.Context())
	var work sync.WaitGroup
	work.Go(func() {
		for ctx.Err() == nil {
			a.do(bank.Deposit{Amount: bank.Money{Minor: 1, Currency: "EUR"}})
		}
	})
	defer work.Wait()
	defer stop()
	last := int64(0)
	for range 5 {
		got, report := a.audit()
		if got.code != 0 || !report.OK || report.Position < last {
			t.Fatalf("after %d records: %+v", last, got)
		}
		last = report.Position
	}
}

func TestAnAuditFindsWhatIsWrong(t *testing.T) {
	t.Run("in the log", func(t *testing.T) {
		a := newAudited(t)
		defer a.close()
		a.write(bank.MoneyDeposited{Movement: bank.Movement{Amount: bank.Money{Minor: 1, Currency: "EUR"},
			Balance: bank.Money{Minor: 1, Currency: "EUR"}}})
		a.faults(laws.Postings, laws.Balance)
		noted, err := a.storage.LastAudit(t.Context())
		if err != nil || noted == nil || noted.OK || noted.Findings != 2 {
			t.Errorf("noted for systemStatus is %+v (%v)", noted, err)
		}
	})
	t.Run("in the views", func(t *testing.T) {
		a := newAudited(t)
		defer a.close()
		file, err := sql.Open("sqlite", filepath.Join(a.dir, "views.db"))
		if err != nil {
			t.Fatal(err)
		}
		defer file.Close()
		if _, err := file.ExecContext(t.Context(), "UPDATE history SET memo = 'rent' WHERE version = 7"); err != nil {
			t.Fatal(err)
		}
		a.faults(laws.Views)
	})
	t.Run("in views of another log", func(t *testing.T) {
		a := newAudited(t)
		defer a.close()
		if err := a.views.Apply(t.Context(), view.Changes{From: a.head, To: a.head + 1,
			Trial: view.Trial{Position: a.head + 1}}); err != nil {
			t.Fatal(err)
		}
		a.faults(laws.Views)
	})
	t.Run("in immudb's history", func(t *testing.T) {
		a := newAudited(t)
		defer a.close()
		if got, _ := a.audit(); got.code != 0 {
			t.Fatalf("%+v", got)
		}
		state := filepath.Join(a.dir, "audited.json")
		text, err := os.ReadFile(state)
		if err != nil {
			t.Fatal(err)
		}
		var kept map[string]any
		if err := json.Unmarshal(text, &kept); err != nil {
			t.Fatal(err)
		}
		kept["hash"] = strings.Repeat("00", 32)
		rewritten, err := json.Marshal(kept)
		if err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(state, rewritten, 0o600); err != nil {
			t.Fatal(err)
		}
		a.faults(laws.Proof)
		if after, err := os.ReadFile(state); err != nil || string(after) != string(rewritten) {
			t.Errorf("an audit that failed changed what it compares with to %s (%v)", after, err)
		}
	})
}

// faults: the audit has to find these and nothing else, in both its forms.
func (a *audited) faults(want ...laws.Law) {
	a.t.Helper()
	got, report := a.audit()
	var rules []laws.Law
	for _, f := range report.Findings {
		rules = append(rules, f.Law)
	}
	if got.code != 1 || report.OK || fmt.Sprint(rules) != fmt.Sprint(want) {
		a.t.Errorf("found %v, want %v: %+v", rules, want, got)
	}
	people := corebank(a.t, nil, "audit", "--data", a.dir)
	if people.code != 1 || !strings.Contains(people.stdout, string(want[0])+": expected") ||
		!strings.Contains(people.stderr, fmt.Sprintf("the audit found faults: %d", len(want))) {
		a.t.Errorf("for people: %+v", people)
	}
}

func TestAnAuditThatCannotBeMade(t *testing.T) {
	a := newAudited(t)
	defer a.close()
	secret := filepath.Join(a.dir, "secrets", "immudb-eventsource")
	views := filepath.Join(a.dir, "views.db")
	damaged, other, empty := filepath.Join(a.dir, "damaged"), filepath.Join(a.dir, "other"), t.TempDir()
	for file, text := range map[string]string{damaged: "{", other: `{"database":"other","transaction":1}`} {
		if err := os.WriteFile(file, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	for name, test := range map[string]struct {
		arguments []string
		code      int
		says      string
	}{
		"no password": {[]string{"--immudb", "127.0.0.1:1"}, 2, "--immudb needs --immudb-password-file"},
		"no views": {[]string{"--immudb", "127.0.0.1:1", "--immudb-password-file", secret}, 2,
			"--immudb needs --views, or MONGODB_URI"},
		"what is that": {[]string{"everything"}, 2, "everything"},
		"no server": {[]string{"--immudb", "127.0.0.1:1", "--immudb-password-file", secret, "--views", views}, 1,
			"the audit needs the immudb of a running bank, here at 127.0.0.1:1"},
		"no bank": {[]string{"--data", empty}, 1, "no bank has run on --data"},
		"views elsewhere": {[]string{"--data", a.dir, "--views", filepath.Join(empty, "views.db")}, 1,
			"give the file that the projector writes"},
		"a damaged state": {[]string{"--data", a.dir, "--state", damaged}, 1, "put a good copy of it there"},
		"another's state": {[]string{"--data", a.dir, "--state", other}, 1,
			`is not an audited state of the database "corebank"`},
		"no password there": {[]string{"--data", a.dir, "--immudb-password-file", empty + "/x"}, 1,
			"--immudb-password-file"},
		"the wrong password": {[]string{"--data", a.dir, "--immudb-password-file", filepath.Join(a.dir, "admin")}, 1,
			"invalid user name or password"},
		"no such database": {[]string{"--data", a.dir, "--immudb-database", "elsewhere"}, 1, "elsewhere"},
	} {
		got := corebank(t, nil, append([]string{"audit"}, test.arguments...)...)
		if got.code != test.code || got.stdout != "" || !strings.Contains(got.stderr, test.says) {
			t.Errorf("%s: %+v, want code %d and %q", name, got, test.code, test.says)
		}
	}
	if entries, err := os.ReadDir(empty); err != nil || len(entries) > 0 {
		t.Errorf("an audit made %v (%v)", entries, err)
	}
}

// A bank as `corebank up` runs it is audited while it serves.
func TestARunningBankIsAudited(t *testing.T) {
	b := up(t, t.TempDir(), coldStart)
	l := startLoad(t, b, 8, 5)
	for range 3 {
		got := corebank(t, nil, "audit", "--data", b.data)
		if got.code != 0 || !strings.Contains(got.stdout, "The audit found nothing wrong.") {
			t.Fatalf("%+v", got)
		}
	}
	total := l.end(t)
	got := corebank(t, nil, "audit", "--data", b.data)
	if want := fmt.Sprintf("customers %d.%02d, cash -%d.%02d\n", total/100, total%100, total/100,
		total%100); got.code != 0 || !strings.Contains(got.stdout, want) {
		t.Errorf("the audit does not say %q: %+v", want, got)
	}
}
