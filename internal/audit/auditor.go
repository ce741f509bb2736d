package audit

import (
	"crypto/sha256"
	"fmt"
	"time"

	"corebank/internal/bank"
	"corebank/internal/contract"
	"corebank/internal/view"
)

// Auditor checks one log. It serves one goroutine: give it every record, in
// the order of the log, then ask for the report.
type Auditor struct {
	findings findings
	accounts map[bank.AccountID]*account
	keys     map[keyHash]struct{}
	totals   map[bank.Currency]*sums

	position int64 // of the last record
	records  int64
	lines    int64

	expected *Views // to compare with when the log reaches their checkpoint
	compared *Compared
}

// account is what the past of one account comes to.
type account struct {
	// state is the fold, as the events tell it.
	state bank.Account
	// sum is the balance as the amounts come to it, carried what the events
	// state beyond it; both in minor units.
	sum, carried int64
	lines        int64
	// history is the chain of the lines' digests.
	history digest
	// unreadable: an event could not be decoded, and what comes after it can
	// be told from the log no more.
	unreadable bool
}

// keyHash stands for an idempotency key of an account: 16 bytes of SHA-256, so
// that no two keys are ever taken for one another.
type keyHash [16]byte

// New is an auditor of a log of which it has seen nothing.
func New() *Auditor {
	return &Auditor{
		accounts: make(map[bank.AccountID]*account),
		keys:     make(map[keyHash]struct{}),
		totals:   make(map[bank.Currency]*sums),
	}
}

// Excuse has an account's faults not reported: they were made on purpose. What
// they do to others is.
func (a *Auditor) Excuse(id bank.AccountID) {
	if a.findings.excused == nil {
		a.findings.excused = make(map[bank.AccountID]bool)
	}
	a.findings.excused[id] = true
}

// Record checks the next record of the log. After a finding it goes on with
// what the record says, so that one fault makes one finding and not one in
// every record after it.
func (a *Auditor) Record(r contract.Record) {
	a.compareAtCheckpoint()
	a.records++
	a.checkPosition(r)
	acc, first := a.account(r)
	a.checkVersion(r, acc)
	a.checkTime(r, acc)
	a.checkKey(r)
	a.checkRequest(r)
	event, err := r.Event()
	if err != nil {
		a.findings.about(r, RuleEvent, "an event that this build can read", err.Error())
		acc.unreadable = true
	}
	if acc.unreadable {
		acc.state.Version, acc.state.ChangedAt = r.Version, r.At
		return
	}
	if a.checkOpening(r, acc, event, first) {
		change := changeOf(event)
		a.checkPostings(r, event, change)
		a.apply(r, acc, event)
		a.checkBalance(r, acc, change)
	}
	acc.state.Version, acc.state.ChangedAt = r.Version, r.At
}

// account is the record's account, and whether this is its first record.
func (a *Auditor) account(r contract.Record) (acc *account, first bool) {
	if acc = a.accounts[r.Account]; acc != nil {
		return acc, false
	}
	if !r.Account.Valid() {
		a.findings.about(r, RuleAccount, "an account id: acc_ and 26 digits of base 32", fmt.Sprintf("%q", r.Account))
	}
	acc = &account{state: bank.Account{ID: r.Account}}
	a.accounts[r.Account] = acc
	return acc, true
}

func (a *Auditor) checkPosition(r contract.Record) {
	if want := a.position + 1; r.Position != want {
		a.findings.about(r, RulePosition, fmt.Sprintf("position %d", want), fmt.Sprintf("position %d", r.Position))
	}
	a.position = r.Position
}

func (a *Auditor) checkVersion(r contract.Record, acc *account) {
	if want := acc.state.Version + 1; r.Version != want {
		a.findings.about(r, RuleVersion, fmt.Sprintf("version %d", want), fmt.Sprintf("version %d", r.Version))
	}
}

func (a *Auditor) checkTime(r contract.Record, acc *account) {
	_, offset := r.At.Zone()
	switch {
	case r.At.IsZero() || offset != 0 || !r.At.Equal(r.At.Truncate(time.Microsecond)):
		a.findings.about(r, RuleTime, "a time in UTC and whole microseconds", r.At.Format(time.RFC3339Nano))
	case r.At.Before(acc.state.ChangedAt):
		a.findings.about(r, RuleTime, "no time before the account's last event, "+acc.state.ChangedAt.Format(time.RFC3339Nano),
			r.At.Format(time.RFC3339Nano))
	}
}

func (a *Auditor) checkKey(r contract.Record) {
	if refusal := bank.CheckKey(r.Key); refusal != nil {
		a.findings.about(r, RuleKey, "an idempotency key", fmt.Sprintf("%q: %s", r.Key, refusal.Message))
		return
	}
	sum := sha256.Sum256([]byte(string(r.Account) + "/" + r.Key))
	hash := keyHash(sum[:len(keyHash{})])
	if _, again := a.keys[hash]; again {
		a.findings.about(r, RuleKey, "a key that no earlier event of the account carries", fmt.Sprintf("%q again", r.Key))
	}
	a.keys[hash] = struct{}{}
}

// requestHashLength is that of contract.Command's hash, in hexadecimal digits.
const requestHashLength = 32

func (a *Auditor) checkRequest(r contract.Record) {
	wellFormed := len(r.RequestHash) == requestHashLength
	for _, c := range []byte(r.RequestHash) {
		wellFormed = wellFormed && (c >= '0' && c <= '9' || c >= 'a' && c <= 'f')
	}
	if !wellFormed {
		a.findings.about(r, RuleRequest, fmt.Sprintf("the request's hash: %d hexadecimal digits", requestHashLength),
			fmt.Sprintf("%q", r.RequestHash))
	}
}

// checkOpening reports whether the event belongs into the account's life. An
// opening of what is open already does not: it would empty the account.
func (a *Auditor) checkOpening(r contract.Record, acc *account, event bank.Event, first bool) bool {
	_, opening := event.(bank.AccountOpened)
	switch {
	case opening && !first:
		a.findings.about(r, RuleOpening, "no second opening of the account", r.Type)
		return false
	case !opening && first:
		a.findings.about(r, RuleOpening, "the account's opening before all else", r.Type)
		acc.state.Currency = changeOf(event).Currency // it is held against what comes after
		acc.state.Balance.Currency = acc.state.Currency
	case opening && r.Account.Valid() && r.Account != bank.NewAccountID(r.Caller, r.Key):
		a.findings.about(r, RuleOpening, fmt.Sprintf("account %s, which %q opens with key %q",
			bank.NewAccountID(r.Caller, r.Key), r.Caller, r.Key), string(r.Account))
	}
	return true
}

// apply folds the event into the account and its history.
func (a *Auditor) apply(r contract.Record, acc *account, event bank.Event) {
	acc.state = acc.state.Apply(event, r.At)
	if line := view.TransactionOf(r, event); line != nil {
		acc.lines++
		a.lines++
		acc.history = acc.history.with(*line)
	}
}
