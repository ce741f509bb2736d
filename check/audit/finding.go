package audit

import (
	"fmt"
	"strings"

	"corebank/internal/bank"
	"corebank/internal/contract"
)

// Rule names what a finding is about. The names are part of the report's JSON:
// they are added, never renamed.
type Rule string

// The rules.
const (
	// RulePosition: positions count from 1 without gaps.
	RulePosition Rule = "position"
	// RuleVersion: an account's versions count from 1 without gaps.
	RuleVersion Rule = "version"
	// RuleAccount: the stream belongs to an account id.
	RuleAccount Rule = "account"
	// RuleOpening: before an account is opened, under the id that follows from
	// the caller and the key, nothing happens to it, except that it rejects
	// transfers; and it is opened once. A claim stands in the stream of its
	// external id.
	RuleOpening Rule = "opening"
	// RuleEvent: the event is of a kind and shape that this build knows, and
	// says what its kind must say.
	RuleEvent Rule = "event"
	// RuleExternalID: an account has the external id that it claimed before it
	// was opened, and no two have the same.
	RuleExternalID Rule = "external-id"
	// RulePostings: the postings sum to zero, are between the account and what
	// its kind of event moves money to or from, and move the event's amount.
	RulePostings Rule = "postings"
	// RuleBalance: the balance that the event states is the sum of all amounts
	// up to it.
	RuleBalance Rule = "balance"
	// RuleLimit: that sum is not below what the account may owe.
	RuleLimit Rule = "limit"
	// RuleAvailable: neither is what is left of it after the holds.
	RuleAvailable Rule = "available"
	// RuleHold: what is captured, released or expires is what a hold that has
	// not ended still keeps back.
	RuleHold Rule = "hold"
	// RuleReversal: what is reversed is a transaction of the account, the other
	// way round, and no more of it than there is.
	RuleReversal Rule = "reversal"
	// RuleTransfer: a transfer is received or rejected by whom it was sent to,
	// after which the sender notes that end and no other; amounts match.
	RuleTransfer Rule = "transfer"
	// RuleTransit: what is in transit in the ledger is the sum of the transfers
	// that have neither arrived nor come back.
	RuleTransit Rule = "transit"
	// RuleKey: there is an idempotency key, and no other event of the account
	// has it. What the bank does by itself has the key that follows from it.
	RuleKey Rule = "key"
	// RuleRequest: there is the hash of the request.
	RuleRequest Rule = "request"
	// RuleTime: the time is UTC in whole microseconds and never goes back
	// within an account.
	RuleTime Rule = "time"
	// RuleViews: the views are what the log makes of them.
	RuleViews Rule = "views"
	// RuleStorage: the log's database holds the records, in the way in which
	// the event source writes them, and nothing else.
	RuleStorage Rule = "storage"
	// RuleOrder: of a log with several partitions, each record is in the one that
	// its account belongs to, and has one place in the whole log, after that of
	// what it came of.
	RuleOrder Rule = "order"
	// RuleProof: the database proves that its history was not rewritten.
	RuleProof Rule = "proof"
)

// Finding is one place where something is not as it must be. Position, Account
// and Version are those that the record gives itself, where it is about one.
type Finding struct {
	Rule     Rule           `json:"rule"`
	Position int64          `json:"position,omitempty"`
	Account  bank.AccountID `json:"account,omitempty"`
	Version  int64          `json:"version,omitempty"`
	Expected string         `json:"expected"`
	Found    string         `json:"found"`
}

// String is the finding in one line.
func (f Finding) String() string {
	var where []string
	if f.Position != 0 {
		where = append(where, fmt.Sprintf("position %d", f.Position))
	}
	if f.Account != "" {
		where = append(where, string(f.Account))
	}
	if f.Version != 0 {
		where = append(where, fmt.Sprintf("version %d", f.Version))
	}
	text := fmt.Sprintf("%s: expected %s, found %s", f.Rule, f.Expected, f.Found)
	if len(where) == 0 {
		return text
	}
	return strings.Join(where, ", ") + ": " + text
}

// MaxFindings bounds the findings that are kept; the others are counted.
const MaxFindings = 100

// findings are the first MaxFindings and the number of all.
type findings struct {
	kept    []Finding
	total   int64
	excused map[bank.AccountID]bool
}

func (f *findings) add(found Finding) {
	if f.excused[found.Account] {
		return
	}
	f.total++
	if len(f.kept) < MaxFindings {
		f.kept = append(f.kept, found)
	}
}

// about adds a finding about a record.
func (f *findings) about(r contract.Record, rule Rule, expected, found string) {
	f.add(Finding{Rule: rule, Position: r.Position, Account: r.Account, Version: r.Version, Expected: expected, Found: found})
}
