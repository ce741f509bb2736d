package audit

import (
	"fmt"
	"time"

	"corebank/internal/bank"
	"corebank/internal/contract"
	"corebank/internal/view"
	"corebank/internal/view/verify"
)

// Auditor checks one log. It serves one goroutine: give it every record, in
// the order of the log, then ask for the report.
type Auditor struct {
	findings  findings
	accounts  map[bank.AccountID]*account
	keys      map[keyHash]struct{}
	trial     *view.Running
	transfers map[bank.TransferID]*transfer // that have not ended

	position int64 // of the last record
	records  int64
	lines    int64

	expected *Views // to compare with when the log reaches their checkpoint
	compared *Compared
}

// account is what the past of one account, or of a stream that is none, comes
// to.
type account struct {
	// state is the fold, as the events tell it; opened is the position of the
	// opening.
	state  bank.Account
	opened int64
	// sum is the balance as the amounts come to it, carried what the events
	// state beyond it; both in minor units.
	sum, carried int64
	// short: the sum is too low already, or what is left of it after the holds.
	short bool
	// moved are the changes of the sum, by version: what a reversal may undo.
	moved []int64
	// entries are what the views must have of it beside its document.
	entries verify.Entries
	// unreadable: an event could not be decoded, and what comes after it can
	// be told from the log no more. gap: versions are missing.
	unreadable, gap bool
}

// keyHash stands for an idempotency key of an account: 16 bytes of SHA-256, so
// that no two keys are ever taken for one another.
type keyHash [16]byte

// New is an auditor of a log of which it has seen nothing.
func New() *Auditor {
	return &Auditor{
		accounts:  make(map[bank.AccountID]*account),
		keys:      make(map[keyHash]struct{}),
		trial:     view.Resume(view.Trial{}),
		transfers: make(map[bank.TransferID]*transfer),
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
	acc := a.account(r)
	a.checkVersion(r, acc)
	a.checkTime(r, acc)
	a.checkRequest(r)
	event, err := r.Event()
	a.checkKey(r, event)
	if err != nil {
		a.findings.about(r, RuleEvent, "an event that this build can read", err.Error())
		acc.unreadable = true
	}
	if acc.unreadable {
		a.trial.Add(r.At, nil)
		acc.state.Version, acc.state.ChangedAt = r.Version, r.At
		return
	}
	change := bank.Money{}
	if a.checkOpening(r, acc, event) {
		change = changeOf(acc.state, event)
		a.checkPostings(r, event, change)
		a.checkHold(r, acc, event)
		a.checkTransfer(r, event)
		a.apply(r, acc, event)
		a.checkBalance(r, acc, change)
		a.checkReversal(r, acc, event)
	}
	acc.moved = append(acc.moved, change.Minor)
	acc.state.Version, acc.state.ChangedAt = r.Version, r.At
}

// account is the record's account.
func (a *Auditor) account(r contract.Record) *account {
	if acc := a.accounts[r.Account]; acc != nil {
		return acc
	}
	if !r.Account.Valid() {
		a.findings.about(r, RuleAccount, "an account id: acc_ and 26 digits of base 32", fmt.Sprintf("%q", r.Account))
	}
	acc := &account{state: bank.Account{ID: r.Account}}
	a.accounts[r.Account] = acc
	return acc
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
		acc.gap = true
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

// apply folds the event into the account and into the entries of the views.
// Facts that were read from JSON can be written as JSON: to digest them does
// not fail.
func (a *Auditor) apply(r contract.Record, acc *account, event bank.Event) {
	for _, link := range view.LinksOf(r, view.KeysOf(acc.state, r, event)) {
		_ = acc.entries.AddReference(link)
	}
	acc.state = acc.state.Apply(event, r.At)
	if acc.state.Version%view.KeepStateEvery == 0 {
		_ = acc.entries.AddState(view.State{Account: acc.state.Brief(), Position: r.Position})
	}
	if line := view.TransactionOf(r, event); line != nil {
		acc.entries.AddLine(*line)
		a.lines++
	}
}
