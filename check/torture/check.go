package torture

import (
	"bytes"
	"fmt"
	"time"

	"corebank/check/audit"
	"corebank/internal/bank"
	"corebank/internal/contract"
	"corebank/internal/view"
)

// Law is one thing that is checked.
type Law string

// The laws, in the order in which they are reported.
const (
	Kept       Law = "acknowledged: in the log once, as it was told"
	NotThere   Law = "only refused: not in the log"
	AtMostOnce Law = "each key: at most one event"
	Asked      Law = "every event: somebody asked for it"
	Unchanged  Law = "what was there before: unchanged"
	Sound      Law = "log sound, sum zero, views equal to the fold"
	Balances   Law = "balances through the API equal to the fold"
	SeenOnce   Law = "subscribers: each transaction once, in order"
	Ordered    Law = "each account: its answers are linearizable"
	Ended      Law = "transfers: each ended once; reversals: never beyond"
	StandStill Law = "poisoned accounts, and no others, stand still"
	Heals      Law = "faults: fenced, healed, answered, no panic"
)

var laws = []Law{Kept, NotThere, AtMostOnce, Asked, Unchanged, Sound, Balances, SeenOnce, Ordered, Ended, StandStill, Heals}

// Finding is a law and what was checked of it.
type Finding struct {
	Law Law `json:"law"`
	// Checked counts what was held against the law; Violations what broke it,
	// of which Examples has the first.
	Checked    int      `json:"checked"`
	Violations int      `json:"violations"`
	Examples   []string `json:"examples,omitempty"`
}

// maxExamples bounds the violations that are kept in words.
const maxExamples = 10

// Verification is the sum of all checks.
type Verification struct{ findings map[Law]*Finding }

func newVerification() *Verification {
	v := &Verification{findings: make(map[Law]*Finding)}
	for _, law := range laws {
		v.findings[law] = &Finding{Law: law}
	}
	return v
}

// Findings are those of all laws.
func (v *Verification) Findings() []Finding {
	all := make([]Finding, len(laws))
	for i, law := range laws {
		all[i] = *v.findings[law]
	}
	return all
}

// Violations counts those of all laws.
func (v *Verification) Violations() (total int) {
	for _, f := range v.findings {
		total += f.Violations
	}
	return total
}

func (v *Verification) checked(law Law, n int) { v.findings[law].Checked += n }

func (v *Verification) violated(law Law, format string, values ...any) {
	f := v.findings[law]
	f.Violations++
	if len(f.Examples) < maxExamples {
		f.Examples = append(f.Examples, fmt.Sprintf(format, values...))
	}
}

// entry is what is kept of one record of the log.
type entry struct {
	position, version int64
	account           bank.AccountID
	key, hash         string
	past              bool              // it was there before the run
	line              *view.Transaction // nil where no money moved
	event             bank.Event
	// command is what made the event, nil if nobody gave it; decided says
	// whether the domain makes the event of it there.
	command bank.Command
	decided bool
}

// Evidence is all that is known of a run: feed it the log, then Check it.
type Evidence struct {
	// Began is when the clock of the answers was at 0.
	Began   time.Time
	Answers []Answer
	Watches []Watch
	// Views is nil if they could not be read.
	Views *audit.Views
	// Balances are what the API says of the accounts, by version and value.
	Balances map[bank.AccountID][2]int64
	// Poisoned are the accounts into whose history somebody put what cannot be
	// read. Stale are those that the API says to stand still.
	Poisoned map[bank.AccountID]Kind
	Stale    map[bank.AccountID]bool
	// Past is what the log was before, Used those of its accounts that clients
	// used.
	Past Past
	Used map[bank.AccountID]bool
	// Pictures, if set, is a directory for a page that shows where the search
	// for an order of an account's answers got stuck.
	Pictures string

	auditor  *audit.Auditor
	recalled *recollection
	events   int64
	log      []entry                           // without what is past and of no account in use
	streams  map[bank.AccountID][]int          // places in log, by version
	byKey    map[asked][]int                   // places in log
	states   map[bank.AccountID][]bank.Account // before the first and after each entry
	requests map[exactly]*Request
	courses  map[bank.TransferID]*course
}

// asked names a request: an opening by its key alone, since its account is
// only told with the answer.
type asked struct {
	account bank.AccountID
	key     string
}

func (r *Request) asked() asked { return asked{r.Account, r.Key} }

// exactly names a request with all that it asks for.
type exactly struct {
	asked
	hash string
}

func (r *Request) exactly() exactly { return exactly{r.asked(), r.hash()} }

// begin gets ready for the first record.
func (e *Evidence) begin() {
	e.auditor = audit.New()
	e.streams, e.byKey = make(map[bank.AccountID][]int), make(map[asked][]int)
	e.states, e.courses = make(map[bank.AccountID][]bank.Account), make(map[bank.TransferID]*course)
	e.requests = make(map[exactly]*Request)
	for _, a := range e.Answers {
		e.requests[a.Request.exactly()] = a.Request
	}
	e.recalled = e.Past.remember()
	for id := range e.Poisoned {
		e.auditor.Excuse(id)
	}
	if e.Views != nil {
		e.auditor.Expect(e.Views)
	}
}

// Record takes the next record of the log.
func (e *Evidence) Record(r contract.Record) {
	if e.auditor == nil {
		e.begin()
	}
	e.auditor.Record(r)
	e.events++
	past := e.recalled.recall(r)
	if past && !e.Used[r.Account] {
		return
	}
	kept := entry{position: r.Position, version: r.Version, account: r.Account, key: r.Key, hash: r.RequestHash, past: past}
	name := asked{r.Account, r.Key}
	event, err := r.Event()
	if err != nil {
		return // the auditor has found it, unless it was put there on purpose
	}
	kept.event, kept.line = event, view.TransactionOf(r, event)
	if _, opening := event.(bank.AccountOpened); opening {
		name.account = ""
	}
	kept.command = e.commandOf(name, r, event)
	kept.decided = e.decide(r, kept.command)
	e.follow(r, event)
	e.byKey[name] = append(e.byKey[name], len(e.log))
	e.streams[r.Account] = append(e.streams[r.Account], len(e.log))
	e.log = append(e.log, kept)
}

// decide folds a record into its account, and reports whether the domain makes
// its event of the command there.
func (e *Evidence) decide(r contract.Record, command bank.Command) bool {
	states := e.states[r.Account]
	if states == nil {
		states = []bank.Account{{ID: r.Account}}
	}
	before := states[len(states)-1]
	before.Version = r.Version - 1 // the auditor has found it, if it was another
	after, err := contract.Fold(before, r)
	if err != nil {
		after = before // cannot be: the event could be read
	}
	e.states[r.Account] = append(states, after)
	if command == nil {
		return false
	}
	event, refusal := before.Decide(command, e.circumstances(before, command, r.At, r.Caller, r.Key))
	var again contract.Record
	return refusal == nil && again.SetEvent(event) == nil && again.Type == r.Type && bytes.Equal(again.Data, r.Data)
}

// circumstances are those in which an account decides at a time.
func (e *Evidence) circumstances(a bank.Account, command bank.Command, at time.Time, caller, key string) bank.Circumstances {
	in := bank.Circumstances{Now: at, Caller: caller, Key: key}
	if at.Before(a.ChangedAt) {
		in.Now = a.ChangedAt
	}
	if past, there := e.at(a.ID, a.RequiredVersion(command)); there {
		in.Past = past.event
	}
	return in
}

// state is an account after a version; false for a version that it never had.
func (e *Evidence) state(id bank.AccountID, version int64) (bank.Account, bool) {
	states := e.states[id]
	if version == 0 && len(states) == 0 {
		return bank.Account{ID: id}, true
	}
	if version < 0 || version >= int64(len(states)) {
		return bank.Account{}, false
	}
	return states[version], true
}

// Check holds everything against every law, into v.
func (e *Evidence) Check(v *Verification) {
	e.recalled.check(v)
	e.checkAnswers(v)
	e.checkKeys(v)
	e.checkAudit(v)
	e.checkBalances(v)
	e.checkStale(v)
	for _, w := range e.Watches {
		e.checkWatch(v, w)
	}
	e.checkOrder(v)
	e.checkTransfers(v)
	e.checkReversals(v)
}

// at is the record of an account with a version.
func (e *Evidence) at(account bank.AccountID, version int64) (entry, bool) {
	stream := e.streams[account]
	if version < 1 || version > int64(len(stream)) {
		return entry{}, false
	}
	return e.log[stream[version-1]], true
}

func (e *Evidence) checkAudit(v *Verification) {
	v.checked(Sound, int(e.events))
	if e.auditor == nil {
		v.violated(Sound, "the log is empty")
		return
	}
	if e.Views == nil {
		v.violated(Sound, "the views could not be read")
	}
	report := e.auditor.Report(timeless, 0, nil)
	for _, f := range report.Findings {
		v.violated(Sound, "%s", f)
	}
}

func (e *Evidence) checkBalances(v *Verification) {
	v.checked(Balances, len(e.Balances))
	for id, said := range e.Balances {
		last, _ := e.state(id, int64(len(e.streams[id])))
		want := [2]int64{last.Version, last.Balance.Minor}
		if !last.IsOpen() {
			want = [2]int64{} // a stream of rejections, and no account
		}
		if said != want {
			v.violated(Balances, "%s: the API says %d at version %d, the log %d at version %d", id, said[1], said[0], want[1], want[0])
		}
	}
}

// checkWatch holds what a subscriber saw against the log.
func (e *Evidence) checkWatch(v *Verification, w Watch) {
	var want []Seen
	for _, r := range e.log {
		if r.line != nil && !r.past && (w.Account == "" || w.Account == r.account) {
			want = append(want, Seen{r.account, r.version, string(r.line.Type), r.line.Amount, r.line.BalanceAfter})
		}
	}
	v.checked(SeenOnce, len(w.Seen))
	for i, saw := range w.Seen {
		if i == len(want) {
			v.violated(SeenOnce, "%s saw %d transactions more than the log has, the first %+v", w.Name, len(w.Seen)-len(want), saw)
			return
		}
		if saw != want[i] {
			v.violated(SeenOnce, "%s, transaction %d: saw %+v, where the log has %+v", w.Name, i+1, saw, want[i])
			return
		}
	}
	if missed := len(want) - len(w.Seen); missed > 0 {
		v.violated(SeenOnce, "%s missed the last %d of %d transactions", w.Name, missed, len(want))
	}
}

// checkStale holds what the API says of standing still against what was done.
func (e *Evidence) checkStale(v *Verification) {
	v.checked(StandStill, len(e.Stale))
	for id, kind := range e.Poisoned {
		if !e.Stale[id] {
			v.violated(StandStill, "%s had %s and is not shown as stale", id, kind)
		}
	}
	for id, stale := range e.Stale {
		if stale && e.Poisoned[id] == "" {
			v.violated(StandStill, "%s is shown as stale and nobody poisoned it", id)
		}
	}
}
