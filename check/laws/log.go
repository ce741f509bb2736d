package laws

import (
	"fmt"
	"maps"
	"slices"
	"strings"
	"time"

	"corebank/internal/bank"
	"corebank/internal/contract"
	"corebank/internal/view"
	"corebank/internal/view/verify"
)

// Log checks one log. It serves one goroutine: give it every record, in the order of the log, then End it.
type Log struct {
	// Now is the time of the check; zero if it is not known. No record is from long after it.
	Now time.Time

	findings  *Findings
	accounts  map[bank.AccountID]*account
	keys      map[keyHash]struct{}
	trial     *view.Running
	transfers map[bank.TransferID]*transfer // that have not ended
	journals  map[bank.JournalID]*journal   // of which legs are missing
	posted    map[bank.JournalID]int        // the others, and how many legs they have
	derived   Derivation
	// lineOf is how the bank shows an event in its account's history.
	lineOf func(contract.Record, bank.Event) *view.Transaction

	position int64 // of the last record
	more     int   // records of an append to several accounts that have to follow it
	// committed is when the next record was written, by the clock of its database; zero if that is not known.
	committed time.Time
	records   int64
	lines     int64
	sent      int // transfers

	expected *ViewSums // to compare with when the log reaches their checkpoint
	compared *Compared
}

// account is what the past of one account, or of a stream that is none, comes to.
type account struct {
	// state is the fold, as the events tell it; opened is the position of the opening.
	state  bank.Account
	opened int64
	// sum is the balance as the amounts come to it, carried what the events state beyond it; both in minor units.
	sum, carried int64
	// short: the sum is too low already, or what is left of it after the holds. faulty: something of it was found
	// to be wrong.
	short, faulty bool
	// moved are the changes of the sum, by version: what a reversal may undo.
	moved []int64
	// entries are what the views must have of it beside its document.
	entries verify.Entries
	// unreadable: an event could not be decoded, so that the state after it is not known. gap: versions are
	// missing.
	unreadable, gap bool
}

// keyHash stands for an idempotency key of an account: 16 bytes of SHA-256, so that no two keys are ever taken for
// one another.
type keyHash [16]byte

// NewLog checks a log from its beginning, and reports to findings.
func NewLog(findings *Findings) *Log {
	return &Log{findings: findings, accounts: make(map[bank.AccountID]*account), keys: make(map[keyHash]struct{}),
		trial: view.Resume(view.Trial{}), transfers: make(map[bank.TransferID]*transfer), derived: make(Derivation),
		journals: make(map[bank.JournalID]*journal), posted: make(map[bank.JournalID]int),
		lineOf: view.TransactionOf}
}

// Committed says when the next records were written, as far as that is known: zero if it is not, or if an earlier build
// wrote them, which took any time for a record.
func (l *Log) Committed(at time.Time) { l.committed = at }

// Record checks the next record of the log. After a finding it goes on with what the record says, so that one fault
// makes one finding and not one in every record after it.
func (l *Log) Record(r contract.Record) {
	l.compareAtCheckpoint()
	l.records++
	total := l.findings.Total
	l.checkPosition(r)
	l.checkOnePiece(r)
	acc := l.account(r)
	l.checkVersion(r, acc)
	l.checkTime(r, acc)
	l.checkRequest(r)
	event, err := r.Event()
	l.checkKey(r, event)
	if err != nil {
		l.findings.about(r, Event, "an event that this build can read", err.Error())
		acc.unreadable = true
	}
	if acc.unreadable {
		l.trial.Add(r.At, nil)
		acc.state.Version, acc.state.ChangedAt = r.Version, r.At
		return
	}
	change := bank.Money{}
	if l.checkOpening(r, acc, event) {
		change = changeOf(acc.state, event)
		l.checkPostings(r, event, change)
		l.checkHold(r, acc, event)
		l.checkTransfer(r, event)
		l.checkLeg(r, event)
		line := l.apply(r, acc, event)
		l.checkBalance(r, acc, change)
		l.checkReversal(r, acc, event)
		acc.faulty = acc.faulty || l.findings.Total > total
		l.checkEntry(r, acc, line)
	}
	acc.moved = append(acc.moved, change.Minor)
	acc.state.Version, acc.state.ChangedAt = r.Version, r.At
}

// End ends the log: what is in transit and the views, which must not be ahead of the log, are compared now.
func (l *Log) End() {
	l.compareAtCheckpoint()
	l.checkAtOnce()
	l.checkWholes()
	l.checkTransit()
	l.checkEndsWhole()
	for _, law := range OfLog {
		l.findings.Check(law, int(l.records))
	}
	if l.expected != nil {
		l.findings.Add(Finding{Law: Views, Position: l.expected.Checkpoint(),
			Expected: fmt.Sprintf("views as of a position that the log has; it ends with %d", l.position),
			Found:    fmt.Sprintf("views as of position %d", l.expected.Checkpoint())})
		l.expected = nil
	}
}

// CheckEnded holds that every transfer has ended. It is for a bank that had the time for it.
func (l *Log) CheckEnded() {
	l.findings.Check(Ended, l.sent)
	for _, id := range slices.Sorted(maps.Keys(l.transfers)) {
		l.findings.Violated(Ended, "transfer %s was %s, and that is all", id, l.transfers[id])
	}
}

// Records, Keys and Lines are how many the log had so far, Position is its last, and Streams is how many accounts
// it is about, Accounts how many of them were opened.
func (l *Log) Records() int64  { return l.records }
func (l *Log) Keys() int64     { return int64(len(l.keys)) }
func (l *Log) Lines() int64    { return l.lines }
func (l *Log) Position() int64 { return l.position }
func (l *Log) Streams() int    { return len(l.accounts) }

func (l *Log) Accounts() (n int64) {
	for _, acc := range l.accounts {
		if acc.isAccount() {
			n++
		}
	}
	return n
}

// Compared is what the views were found equal to, or not; nil if they were not compared.
func (l *Log) Compared() *Compared { return l.compared }

// Trial is the trial balance of the log so far.
func (l *Log) Trial() view.Trial { return l.trial.Trial(l.position) }

// account is the record's account.
func (l *Log) account(r contract.Record) *account {
	if acc := l.accounts[r.Account]; acc != nil {
		return acc
	}
	if !r.Account.Valid() {
		l.findings.about(r, Account, "an account id: acc_ and 26 digits of base 32", fmt.Sprintf("%q", r.Account))
	}
	acc := &account{state: bank.Account{ID: r.Account}}
	l.accounts[r.Account] = acc
	return acc
}

func (l *Log) checkPosition(r contract.Record) {
	if want := l.position + 1; r.Position != want {
		l.findings.about(r, Position, fmt.Sprintf("position %d", want), fmt.Sprintf("position %d", r.Position))
	}
	l.position = r.Position
}

// checkOnePiece holds that the records of an append to several accounts follow each other. One that cannot be read
// does not say whether it is one of them.
func (l *Log) checkOnePiece(r contract.Record) {
	before := l.more
	if l.more = r.More; r.IsUnreadable() {
		l.more = max(0, before-1)
		return
	}
	if before > 0 && r.More != before-1 || r.More < 0 || r.More >= contract.MaxAppendTogether {
		l.findings.about(r, OnePiece, fmt.Sprintf("a record that %d more of its append follow", max(0, before-1)),
			fmt.Sprintf("one that %d more follow", r.More))
	}
}

// checkEndsWhole holds that the log does not end inside such an append.
func (l *Log) checkEndsWhole() {
	if l.more > 0 {
		l.findings.Add(Finding{Law: OnePiece, Position: l.position,
			Expected: fmt.Sprintf("%d more records of the last append", l.more), Found: "the end of the log"})
	}
}

func (l *Log) checkVersion(r contract.Record, acc *account) {
	if want := acc.state.Version + 1; r.Version != want {
		l.findings.about(r, Version, fmt.Sprintf("version %d", want), fmt.Sprintf("version %d", r.Version))
		acc.gap = true
	}
}

// requestHashLength is that of contract.Command's hash, in hexadecimal digits.
const requestHashLength = 32

func (l *Log) checkRequest(r contract.Record) {
	if len(r.RequestHash) != requestHashLength || strings.Trim(r.RequestHash, "0123456789abcdef") != "" {
		l.findings.about(r, Hash, fmt.Sprintf("the request's hash: %d hexadecimal digits", requestHashLength),
			fmt.Sprintf("%q", r.RequestHash))
	}
}

// apply folds the event into the account and into the entries of the views, and returns the line of history. Facts
// that were read from JSON can be written as JSON: to digest them does not fail.
func (l *Log) apply(r contract.Record, acc *account, event bank.Event) *view.Transaction {
	for _, link := range view.ReferencesOf(r, event.Subjects(acc.state)) {
		_ = acc.entries.AddReference(link)
	}
	acc.state = acc.state.Apply(event, r.At)
	if acc.state.Version%view.StateInterval == 0 {
		_ = acc.entries.AddState(view.State{Account: acc.state.Summary(), Position: r.Position})
	}
	line := l.lineOf(r, event)
	if line != nil {
		acc.entries.AddLine(*line)
		l.lines++
	}
	return line
}
