package audit_test

import (
	"slices"
	"testing"
	"time"

	"corebank/check/audit"
	"corebank/check/laws"
	"corebank/internal/bank"
	"corebank/internal/contract"
	"corebank/internal/view"
	"corebank/internal/view/viewtest"
)

// month is a log in which everything happens.
func month(t *testing.T) []contract.Record {
	t.Helper()
	return viewtest.Month(t).Records
}

// place is the position of the nth (from 1) event of a kind.
func positionOf(t *testing.T, records []contract.Record, kind string, n int) int64 {
	t.Helper()
	for _, r := range records {
		if r.Type == kind {
			if n--; n == 0 {
				return r.Position
			}
		}
	}
	t.Fatalf("the month has too few events %s", kind)
	return 0
}

func TestASoundMonthHasNoFindings(t *testing.T) {
	records := month(t)
	for at := range len(records) + 1 {
		if at > 0 && records[at-1].More > 0 {
			continue // no log ends within a step of several accounts
		}
		report := auditOf(records[:at], viewsOf(t, project(t, records[:at/2])))
		if !report.OK {
			t.Fatalf("after %d records: %v", at, report.Findings)
		}
	}
	// A claim of an external id is a stream, and no account.
	report := auditOf(records, viewsOf(t, project(t, records)))
	if report.Views.Accounts != report.Accounts {
		t.Errorf("the log has %d accounts, and the views %d", report.Accounts, report.Views.Accounts)
	}
	want := []audit.Total{
		{Currency: "EUR", Customers: "1930.00", Cash: "-2150.00", Transit: "70.00", Settlement: "150.00"},
		{Currency: "JPY", Customers: "5000", Cash: "-5000", Transit: "0", Settlement: "0"},
	}
	if report.Accounts != 3 || !slices.Equal(report.Totals, want) {
		t.Errorf("%d accounts with totals %+v, want 3 with %+v", report.Accounts, report.Totals, want)
	}
}

// TestBrokenMonths breaks one thing in a sound month after the other. What
// follows from it may be found as well; what was broken is found first.
func TestBrokenMonths(t *testing.T) {
	for _, test := range []struct {
		name    string
		kind    string
		which   int
		breakIt func(r *contract.Record)
		rule    laws.Law
	}{
		{"a transfer under another id", "transfer-sent", 1, func(r *contract.Record) {
			edit(r, func(e *bank.TransferSent) { e.Transfer = bank.NewTransferID(ada, "other") })
		}, laws.Transfer},
		{"a transfer to its sender", "transfer-sent", 1, func(r *contract.Record) {
			edit(r, func(e *bank.TransferSent) { e.To = r.Account })
		}, laws.Transfer},
		{"less arrives than was sent", "transfer-received", 1, func(r *contract.Record) {
			edit(r, func(e *bank.TransferReceived) {
				e.Amount.Minor--
				e.Balance.Minor--
				e.Postings[0].Amount.Minor--
				e.Postings[1].Amount.Minor++
			})
		}, laws.Transfer},
		{"it comes from somebody else", "transfer-received", 1, func(r *contract.Record) {
			edit(r, func(e *bank.TransferReceived) { e.From = bank.NewAccountID("eve", "x") })
		}, laws.Transfer},
		{"another amount is rejected", "transfer-rejected", 1, func(r *contract.Record) {
			edit(r, func(e *bank.TransferRejected) { e.Amount.Minor++ })
		}, laws.Transfer},
		{"a transfer is completed that was not received", "transfer-completed", 1, func(r *contract.Record) {
			edit(r, func(e *bank.TransferCompleted) { e.Transfer = bank.NewTransferID(ada, "other") })
		}, laws.Key},
		{"another amount comes back", "transfer-returned", 1, func(r *contract.Record) {
			edit(r, func(e *bank.TransferReturned) {
				e.Amount.Minor++
				e.Balance.Minor++
				e.Postings[0].Amount.Minor++
				e.Postings[1].Amount.Minor--
			})
		}, laws.Transfer},
		{"the money goes to cash", "transfer-sent", 1, func(r *contract.Record) {
			edit(r, func(e *bank.TransferSent) { e.Postings[1].LedgerAccount = bank.CashLedger("EUR") })
		}, laws.Postings},
		{"a capture of no hold", "hold-captured", 1, func(r *contract.Record) {
			edit(r, func(e *bank.HoldCaptured) { e.Hold++ })
		}, laws.Hold},
		{"a capture that leaves too much", "hold-captured", 1, func(r *contract.Record) {
			edit(r, func(e *bank.HoldCaptured) { e.Remaining.Minor++ })
		}, laws.Hold},
		{"a reversal of nothing", "transaction-reversed", 1, func(r *contract.Record) {
			edit(r, func(e *bank.TransactionReversed) { e.Transaction = 1 })
		}, laws.Reversal},
		{"a reversal the same way round", "transaction-reversed", 1, func(r *contract.Record) {
			edit(r, func(e *bank.TransactionReversed) { e.Transaction = 4 })
		}, laws.Reversal},
		{"a reversal that says that less remains", "transaction-reversed", 1, func(r *contract.Record) {
			edit(r, func(e *bank.TransactionReversed) { e.Remaining.Minor-- })
		}, laws.Reversal},
		{"a step under another key", "transfer-received", 1, func(r *contract.Record) { r.Key = "mine" }, laws.Key},
		{"a claim in another stream", "external-id-claimed", 1, func(r *contract.Record) {
			edit(r, func(e *bank.ExternalIDClaimed) { e.ExternalID = "other" })
		}, laws.Opening},
		{"a claim of somebody else", "external-id-claimed", 1, func(r *contract.Record) {
			edit(r, func(e *bank.ExternalIDClaimed) { e.Account = grace; r.Key = bank.ClaimKey(grace) })
		}, laws.ExternalID},
		{"an external id without a claim", "account-opened", 2, func(r *contract.Record) {
			edit(r, func(e *bank.AccountOpened) { e.ExternalID = "iban-grace" })
		}, laws.ExternalID},
		{"another's external id", "account-opened", 2, func(r *contract.Record) {
			edit(r, func(e *bank.AccountOpened) { e.ExternalID = "iban-ada" })
		}, laws.ExternalID},
		{"a hold of more than there is", "hold-placed", 1, func(r *contract.Record) {
			edit(r, func(e *bank.HoldPlaced) { e.Amount.Minor = 1 << 40 })
		}, laws.Available},
	} {
		t.Run(test.name, func(t *testing.T) {
			records := month(t)
			at := positionOf(t, records, test.kind, test.which)
			test.breakIt(&records[at-1])
			report := auditOf(records, nil)
			found := slices.ContainsFunc(report.Findings, func(f laws.Finding) bool {
				return f.Law == test.rule && (f.Position == at || test.rule == laws.ExternalID)
			})
			if !found || report.OK {
				t.Errorf("findings are %v, want one of rule %s at %d", report.Findings, test.rule, at)
			}
		})
	}
}

func TestAStepThatIsRepeatedIsFound(t *testing.T) {
	for _, kind := range []string{"transfer-received", "transfer-completed", "transfer-returned"} {
		records := month(t)
		again := records[positionOf(t, records, kind, 1)-1]
		last := records[len(records)-1]
		again.Position, again.At = last.Position+1, last.At
		for _, r := range records {
			if r.Account == again.Account {
				again.Version = r.Version + 1
			}
		}
		report := auditOf(append(records, again), nil)
		for _, rule := range []laws.Law{laws.Transfer, laws.Key} {
			if !slices.ContainsFunc(report.Findings,
				func(f laws.Finding) bool { return f.Law == rule && f.Position == again.Position }) {
				t.Errorf("%s again: %v, want a finding of rule %s", kind, report.Findings, rule)
			}
		}
	}
}

func TestMoneyThatIsLostInTransitIsFound(t *testing.T) {
	records := month(t)
	at := positionOf(t, records, "transfer-received", 1) // as if it came in cash
	edit(&records[at-1], func(e *bank.TransferReceived) { e.Postings[1].LedgerAccount = bank.CashLedger("EUR") })
	var rules []laws.Law
	for _, f := range auditOf(records, nil).Findings {
		rules = append(rules, f.Law)
	}
	if !slices.Equal(rules, []laws.Law{laws.Postings, laws.Transit}) {
		t.Errorf("findings of rules %v", rules)
	}
}

func TestATrialBalanceThatDiffersIsFound(t *testing.T) {
	records := month(t)
	said := canned(t, project(t, records))
	said.trial = said.trial.With(
		[]view.Posted{{Postings: []bank.Posting{{LedgerAccount: bank.CashLedger("EUR"), Amount: cents(1)}}}},
	)
	report := auditOf(records, viewsOf(t, said))
	if len(report.Findings) != 1 || report.Findings[0].Law != laws.Views || report.Findings[0].Account != "" {
		t.Errorf("findings are %v, want one about the trial balance", report.Findings)
	}
}

// Accounts live on: with a limit, an expiry that is noted late, a closing.
func TestASoundLifeHasNoFindings(t *testing.T) {
	b := viewtest.NewLog(t)
	b.Step = time.Hour
	one := b.Open(bank.OpenAccount{Owner: "ada", Currency: "EUR"})
	b.Do(one, bank.SetLimits{Limits: bank.Limits{Overdraft: cents(500)}})
	b.Do(one, bank.Withdraw{Amount: cents(400)})
	b.Do(one, bank.PlaceHold{Amount: cents(100), ExpiresAt: b.Now.Add(2 * time.Hour)})
	b.Now = b.Now.Add(24 * time.Hour)
	b.Do(one, bank.Withdraw{Amount: cents(100)}) // the hold holds nothing any more
	b.Do(one, bank.ExpireHold{Hold: 4})
	b.Do(one, bank.Deposit{Amount: cents(500)})
	b.Do(one, bank.CloseAccount{})
	if report := auditOf(b.Records, viewsOf(t, project(t, b.Records))); !report.OK {
		t.Errorf("findings are %v", report.Findings)
	}
}
