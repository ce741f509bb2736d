package audit_test

import (
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"corebank/check/audit"
	"corebank/check/laws"
	"corebank/internal/bank"
	"corebank/internal/contract"
)

func TestASoundLogHasNoFindings(t *testing.T) {
	b := soundLog(t)
	report := auditOf(b.Records, nil)
	if !report.OK || len(report.Findings) != 0 {
		t.Fatalf("findings: %v", report.Findings)
	}
	if report.Records != 8 || report.Position != 8 || report.Accounts != 2 || report.Transactions != 6 ||
		report.Keys != 8 {
		t.Errorf("counts are %+v", report)
	}
	want := []audit.Total{
		{Currency: "EUR", Customers: "0.00", Cash: "0.00", Transit: "0.00", Settlement: "0.00"},
		{Currency: "JPY", Customers: "0", Cash: "0", Transit: "0", Settlement: "0"}}
	if !slices.Equal(report.Totals, want) {
		t.Errorf("totals are %v, want %v", report.Totals, want)
	}
}

func TestAnEmptyLogHasNoFindings(t *testing.T) {
	if report := auditOf(nil, nil); !report.OK || report.Records != 0 {
		t.Errorf("report: %+v", report)
	}
}

// broken is what is done to the sound log and what then must be found, at
// which position of the broken log.
type broken struct {
	name     string
	breakIt  func(records []contract.Record) []contract.Record
	rule     laws.Law
	position int64
	expected string
	found    string
}

// at changes the record at one position.
func at(position int64, change func(r *contract.Record)) func([]contract.Record) []contract.Record {
	return func(records []contract.Record) []contract.Record {
		change(&records[position-1])
		return records
	}
}

// from changes every record from a position on.
func from(position int64, change func(r *contract.Record)) func([]contract.Record) []contract.Record {
	return func(records []contract.Record) []contract.Record {
		for i := position - 1; i < int64(len(records)); i++ {
			change(&records[i])
		}
		return records
	}
}

// extra adds one more record, which is like the one at position but for the
// change, after all others.
func extra(position int64, change func(r *contract.Record)) func([]contract.Record) []contract.Record {
	return func(records []contract.Record) []contract.Record {
		r := records[position-1]
		last := records[len(records)-1]
		r.Position, r.At = last.Position+1, last.At
		change(&r)
		return append(records, r)
	}
}

var (
	ada       = bank.NewAccountID("ada", "first")
	grace     = bank.NewAccountID("grace", "first")
	cents     = func(minor int64) bank.Money { return bank.Money{Minor: minor, Currency: "EUR"} }
	halfAnHex = strings.Repeat("0a", 8)
)

var brokenOrder = []broken{
	{"a position is left out", from(4, func(r *contract.Record) { r.Position++ }),
		laws.Position, 5, "position 4", "position 5"},
	{"a position is there twice", from(4, func(r *contract.Record) { r.Position-- }),
		laws.Position, 3, "position 4", "position 3"},
	{"the log begins in the middle", from(1, func(r *contract.Record) { r.Position += 10 }),
		laws.Position, 11, "position 1", "position 11"},
	{"a version is left out", from(4, func(r *contract.Record) {
		if r.Account == ada {
			r.Version++
		}
	}), laws.Version, 4, "version 3", "version 4"},
	{"a version is there twice", from(6, func(r *contract.Record) {
		if r.Account == ada {
			r.Version--
		}
	}), laws.Version, 6, "version 4", "version 3"},
	{"a stream begins in the middle", from(1, func(r *contract.Record) {
		if r.Account == ada {
			r.Version += 7
		}
	}), laws.Version, 1, "version 1", "version 8"},
	{"time goes back", at(6, func(r *contract.Record) { r.At = opening }),
		laws.Time, 6, "no time before the account's last event, 2026-03-01T09:00:00.123457Z", "2026-03-01T09:00:00.123456Z"},
	{"there is no time", at(1, func(r *contract.Record) { r.At = time.Time{} }),
		laws.Time, 1, "a time in UTC and whole microseconds", "0001-01-01T00:00:00Z"},
	{"a time has nanoseconds", at(8, func(r *contract.Record) { r.At = r.At.Add(1) }),
		laws.Time, 8, "a time in UTC and whole microseconds", "2026-03-01T09:00:00.123459001Z"},
	{"a time is local", at(8, func(r *contract.Record) { r.At = r.At.In(time.FixedZone("", 3600)) }),
		laws.Time, 8, "a time in UTC and whole microseconds", "2026-03-01T10:00:00.123459+01:00"},
}

var brokenIdentity = []broken{
	{"an account without an id", extra(2, func(r *contract.Record) { r.Account, r.Version = "acc_yamada", 1 }),
		laws.Account, 9, "an account id: acc_ and 26 digits of base 32", `"acc_yamada"`},
	{"an account is opened again", extra(1, func(r *contract.Record) { r.Version, r.Key = 6, "again" }),
		laws.Opening, 9, "no second opening of the account", "account-opened"},
	{"an account was never opened", extra(3, func(r *contract.Record) {
		r.Account, r.Version = grace, 1
		edit(r, func(e *bank.MoneyDeposited) { e.Postings[0].LedgerAccount = bank.CustomerLedger(grace) })
	}), laws.Opening, 9, "the account's opening before all else", "money-deposited"},
	{
		"an account under the id of another caller",
		at(1, func(r *contract.Record) { r.Caller = "eve" }),
		laws.Opening,
		1,
		fmt.Sprintf("account %s, which \"eve\" opens with key \"first\"", bank.NewAccountID("eve", "first")),
		string(ada),
	},
	{"a key is used twice", at(6, func(r *contract.Record) { r.Key = "key-2" }),
		laws.Key, 6, "a key that no earlier event of the account carries", `"key-2" again`},
	{"there is no key", at(6, func(r *contract.Record) { r.Key = "" }),
		laws.Key, 6, "an idempotency key", `"": idempotencyKey must have 1 to 128 characters, not 0.`},
	{"there is no hash of the request", at(3, func(r *contract.Record) { r.RequestHash = "" }),
		laws.Hash, 3, "the request's hash: 32 hexadecimal digits", `""`},
	{"the hash of the request is cut off", at(3, func(r *contract.Record) { r.RequestHash = halfAnHex }),
		laws.Hash, 3, "the request's hash: 32 hexadecimal digits", `"` + halfAnHex + `"`},
	{"the hash of the request is none", at(3, func(r *contract.Record) { r.RequestHash = strings.Repeat("G", 32) }),
		laws.Hash, 3, "the request's hash: 32 hexadecimal digits", `"` + strings.Repeat("G", 32) + `"`},
}

var brokenEvent = []broken{
	{
		"an event of an unknown kind",
		at(8, func(r *contract.Record) { r.Type = "money-burnt" }),
		laws.Event,
		8,
		"an event that this build can read",
		"event money-burnt version 2 of " + string(ada) + " is unknown to this build; it needs a newer corebank",
	},
	{
		"an event of a newer schema",
		at(4, func(r *contract.Record) { r.Schema = 9 }),
		laws.Event,
		4,
		"an event that this build can read",
		"event money-withdrawn version 9 of " + string(ada) + " is unknown to this build; it needs a newer corebank",
	},
	{
		"an event with an unknown field",
		at(3, func(r *contract.Record) { r.Data = []byte(`{"tip":1}`) }),
		laws.Event,
		3,
		"an event that this build can read",
		`decode event money-deposited at position 3: unknown field "tip"`,
	},
	{
		"an opening without an owner",
		at(1, func(r *contract.Record) { r.Data = []byte(`{"currency":"EUR"}`) }),
		laws.Event,
		1,
		"an event that this build can read",
		"event account-opened at position 1 says an account without an owner, a currency or a kind",
	},
	{"an event that states a debt", at(8, func(r *contract.Record) {
		edit(r, func(e *bank.MoneyWithdrawn) { e.Balance = cents(-1) })
	}), laws.Balance, 8, "0.00 EUR", "-0.01 EUR"},
}

var brokenMoney = []broken{
	{"postings that do not balance", at(3, func(r *contract.Record) {
		edit(r, func(e *bank.MoneyDeposited) { e.Postings[1].Amount.Minor = -999 })
	}), laws.Postings, 3, "postings that sum to zero", `postings in "EUR" do not balance: off by 1 minor units`},
	{"postings that balance, but not in each currency", at(3, func(r *contract.Record) {
		edit(r, func(e *bank.MoneyDeposited) {
			e.Postings[1] = bank.Posting{
				LedgerAccount: bank.CashLedger("USD"),
				Amount:        bank.Money{Minor: -1000, Currency: "USD"},
			}
		})
	}), laws.Postings, 3, "postings that sum to zero", `postings in "EUR" do not balance: off by 1000 minor units`},
	{"postings to the account of somebody else", at(3, func(r *contract.Record) {
		edit(r, func(e *bank.MoneyDeposited) { e.Postings[0].LedgerAccount = bank.CustomerLedger(grace) })
	}), laws.Postings, 3, "postings between the account and cash in its currency",
		fmt.Sprintf("10.00 EUR on %q", bank.CustomerLedger(grace))},
	{"cash in another currency", at(3, func(r *contract.Record) {
		edit(r, func(e *bank.MoneyDeposited) { e.Postings[1].LedgerAccount = bank.CashLedger("USD") })
	}), laws.Postings, 3, "postings between the account and cash in its currency", `-10.00 EUR on "cash/USD"`},
	{"postings of another amount", at(3, func(r *contract.Record) {
		edit(r, func(e *bank.MoneyDeposited) { e.Postings[0].Amount, e.Postings[1].Amount = cents(1), cents(-1) })
	}), laws.Postings, 3, "10.00 EUR on the account, which is the event's amount", "0.01 EUR"},
	{"a payment without postings", at(4, func(r *contract.Record) {
		edit(r, func(e *bank.MoneyWithdrawn) { e.Postings = nil })
	}), laws.Postings, 4, "-2.50 EUR on the account, which is the event's amount", "0.00 EUR"},
	{"one balance is wrong", at(4, func(r *contract.Record) {
		edit(r, func(e *bank.MoneyWithdrawn) { e.Balance.Minor++ })
	}), laws.Balance, 4, "7.50 EUR", "7.51 EUR"},
	{"a balance is wrong from one event on", from(4, func(r *contract.Record) {
		if r.Account == ada && r.Type == "money-deposited" {
			edit(r, func(e *bank.MoneyDeposited) { e.Balance.Minor += 100 })
		} else if r.Account == ada {
			edit(r, func(e *bank.MoneyWithdrawn) { e.Balance.Minor += 100 })
		}
	}), laws.Balance, 4, "7.50 EUR", "8.50 EUR"},
	{"a payment in another currency", at(3, func(r *contract.Record) {
		edit(r, func(e *bank.MoneyDeposited) {
			for _, amount := range []*bank.Money{&e.Amount, &e.Balance, &e.Postings[0].Amount, &e.Postings[1].Amount} {
				amount.Currency = "USD"
			}
			e.Postings[1].LedgerAccount = bank.CashLedger("USD")
		})
	}), laws.Balance, 3, "an amount in EUR, like the account", "10.00 USD"},
}

// TestOneThingBrokenIsOneFinding breaks one thing in a sound log after the
// other: it is found, where it is, and nothing else is.
func TestOneThingBrokenIsOneFinding(t *testing.T) {
	for _, b := range slices.Concat(brokenOrder, brokenAppends, brokenIdentity, brokenEvent, brokenMoney) {
		t.Run(b.name, func(t *testing.T) {
			records := b.breakIt(soundLog(t).Records)
			report := auditOf(records, nil)
			if len(report.Findings) != 1 || report.FindingsTotal != 1 || report.OK {
				t.Fatalf("findings are %v (ok %t), want one", report.Findings, report.OK)
			}
			got := report.Findings[0]
			want := laws.Finding{Law: b.rule, Position: b.position, Expected: b.expected, Found: b.found}
			for _, r := range records {
				if r.Position == b.position {
					want.Account, want.Version = r.Account, r.Version // where a position is there twice: the second
				}
			}
			if got != want {
				t.Errorf("found\n%+v, want\n%+v", got, want)
			}
		})
	}
}

// An overdraft that the events do not own up to breaks two laws at once.
func TestAnOverdraftIsFoundWhereItBegins(t *testing.T) {
	records := soundLog(t).Records
	edit(&records[2], func(e *bank.MoneyDeposited) { // 10.00 was paid in, it says; it was 1.00
		e.Amount, e.Postings[0].Amount, e.Postings[1].Amount = cents(100), cents(100), cents(-100)
	})
	var got []string
	for _, f := range auditOf(records, nil).Findings {
		got = append(got, f.String())
	}
	where := func(position, version int64) string {
		return fmt.Sprintf("position %d, %s, version %d: ", position, ada, version)
	}
	want := []string{
		where(3, 2) + "balance: expected 1.00 EUR, found 10.00 EUR",
		where(4, 3) + "limit: expected a balance of at least 0.00 EUR, found -1.50 EUR",
	}
	if !slices.Equal(got, want) {
		t.Errorf("found\n%s\nwant\n%s", strings.Join(got, "\n"), strings.Join(want, "\n"))
	}
}

// What is left out or doubled breaks several laws; each says so.
func TestARecordThatIsLostOrDoubledIsFound(t *testing.T) {
	rules := func(records []contract.Record) (rules []laws.Law) {
		for _, f := range auditOf(records, nil).Findings {
			rules = append(rules, f.Law)
		}
		return rules
	}
	b := soundLog(t)
	lost := slices.Delete(slices.Clone(b.Records), 3, 4)
	if got, want := rules(lost), []laws.Law{laws.Position, laws.Version, laws.Balance}; !slices.Equal(got, want) {
		t.Errorf("a lost withdrawal: %v, want %v", got, want)
	}
	doubled := slices.Insert(slices.Clone(b.Records), 3, b.Records[3])
	// Paid out twice, the later withdrawals are more than there is.
	want := []laws.Law{laws.Position, laws.Version, laws.Key, laws.Balance, laws.Limit}
	if got := rules(doubled); !slices.Equal(got, want) {
		t.Errorf("a doubled withdrawal: %v, want %v", got, want)
	}
	swapped := slices.Clone(b.Records)
	swapped[2], swapped[3] = swapped[3], swapped[2]
	if got := rules(swapped); !slices.Contains(got, laws.Position) || !slices.Contains(got, laws.Version) {
		t.Errorf("two events in the wrong order: %v", got)
	}
}

// The same key belongs to another request when it is another account's.
func TestAccountsDoNotShareKeys(t *testing.T) {
	b := soundLog(t)
	for _, id := range []bank.AccountID{ada, bank.NewAccountID("yamada", "first")} {
		deposit := bank.Deposit{Amount: bank.Money{Minor: 1, Currency: b.Accounts[id].Currency}}
		if !b.ask(id, "teller", "the same key", deposit) {
			t.Fatal("refused")
		}
	}
	if report := auditOf(b.Records, nil); !report.OK {
		t.Errorf("findings: %v", report.Findings)
	}
}

func TestFindingsAreCountedBeyondThoseKept(t *testing.T) {
	records := soundLog(t).Records
	for len(records) < 400 {
		records = extra(3, func(r *contract.Record) { r.Type = "money-burnt"; r.Position = int64(len(records)) + 1 })(records)
	}
	report := auditOf(records, nil)
	if len(report.Findings) != laws.MaxFindings || report.FindingsTotal < 392 {
		t.Errorf("%d findings of %d", len(report.Findings), report.FindingsTotal)
	}
	if text := report.String(); !strings.Contains(text, " more\n") {
		t.Errorf("the report does not say that there are more:\n%s", text)
	}
}
