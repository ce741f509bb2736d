package laws

import (
	"bytes"
	"cmp"
	"fmt"
	"slices"
	"time"

	"corebank/internal/bank"
	"corebank/internal/contract"
)

// Request is what a client asks for under one idempotency key. It may be sent many times.
type Request struct {
	// Account is known of an opening, too: it follows from the caller and the key.
	Account bank.AccountID
	Key     string
	Command bank.Command
	// Waits is set when the client wants to hear how a transfer ends.
	Waits bool
	// Together are the requests of the atomic batch that it is one of; nil for one that is alone.
	Together []*Request
	hash     string
}

// NewRequest is a request for a command that has a name on the wire.
func NewRequest(id bank.AccountID, key string, command bank.Command) *Request {
	wire, err := contract.EncodeCommand("", key, command)
	if err != nil {
		panic(err)
	}
	return &Request{Account: id, Key: key, Command: command, hash: wire.Hash()}
}

// Hash is the request's hash, as it is stored with its event.
func (r *Request) Hash() string { return r.hash }

// Answer is one time that a client asked, and what it was answered.
type Answer struct {
	Request *Request
	Client  string
	// Sent and Answered are on one monotonic clock.
	Sent, Answered time.Duration
	// Status is Unknown, too, where no answer came.
	Status contract.Status
	// Account and Version are those of the event, for Applied and Replayed; Balance is the one after it, in minor
	// units. Version is 0 where the answer does not give it.
	Account bank.AccountID
	Version int64
	Balance int64
	// Ends is the status of the transfer, and Legs are those of a transaction with several, where the answer has them.
	Ends string
	Legs []Seen
	// Code, Available and Shortfall are those of a refusal, as far as they are given. Leg is the leg at fault.
	Code                 bank.Code
	Leg                  *int
	Available, Shortfall *bank.Money
	// AccountVersion and AccountBalance are the account that came with the answer; 0 if none did.
	AccountVersion, AccountBalance int64
	// Note explains what is unknown or unavailable.
	Note string
}

// Acknowledged reports whether the answer says that the request happened.
func (a Answer) Acknowledged() bool {
	return a.Status == contract.Applied || a.Status == contract.Replayed
}

// Settled reports whether the answer is definite: the request happened, or it was refused, by itself or with its batch.
func (a Answer) Settled() bool {
	return a.Acknowledged() || a.Status == contract.Refused || a.Status == contract.NotTried
}

// String is the answer in one line.
func (a Answer) String() string {
	return fmt.Sprintf("client %s %s %T %+v key %s from %v to %v: %s version %d balance %d %s available %v "+
		"account %d %d %s", a.Client, a.Account, a.Request.Command, a.Request.Command, a.Request.Key, a.Sent, a.Answered,
		a.Status, a.Version, a.Balance, a.Code, a.Available, a.AccountVersion, a.AccountBalance, a.Note)
}

// Unresolved are the requests that have no definite answer, in the order in which they were answered first.
func Unresolved(answers []Answer) (open []*Request) {
	done := make(map[exactly]bool)
	for _, a := range answers {
		if a.Settled() {
			done[a.Request.exactly()] = true
		}
	}
	sorted := slices.SortedStableFunc(slices.Values(answers), func(a, b Answer) int {
		return cmp.Or(cmp.Compare(a.Answered, b.Answered), cmp.Compare(a.Client, b.Client),
			cmp.Compare(a.Request.Key, b.Request.Key))
	})
	for _, a := range sorted {
		if !done[a.Request.exactly()] {
			done[a.Request.exactly()] = true
			open = append(open, a.Request)
		}
	}
	return open
}

// History is a run of a bank as its clients know it, and the log behind it. Fill in what is known, give it the log,
// record by record, then Check it.
type History struct {
	Findings *Findings
	// Began is when the clock of the answers was at 0, Skews are how wrong the bank's clocks were at some time; nil
	// for right ones.
	Began time.Time
	Skews []time.Duration
	// Caller is who asks for everything.
	Caller  string
	Answers []Answer
	Watches []Watch
	// Before is how many records the log had before the run. Who asked for them is not known.
	Before int64
	// Durable is since when a record is durable; nil where that is not known.
	Durable func(bank.AccountID, int64) (at time.Duration, durable bool)
	// Undivided is set if all accounts are in one partition, so that every transfer ends where it is sent.
	Undivided bool
	// Details, if set, is a directory for what a person needs who wants to know why answers have no order: all
	// answers and records of an account.
	Details string

	entries  []*entry
	streams  map[bank.AccountID][]*entry // by version
	byKey    map[asked][]*entry
	requests map[exactly]*Request
	steps    map[asked][]step // that the bank has to take by itself: any of them
	derived  Derivation
}

// entry is what a History retains of one record of the log.
type entry struct {
	contract.Record
	event  bank.Event
	before bool         // it was there before the run
	line   *Entry       // nil where no money moved
	after  bank.Account // its account
	// asked: the event was asked for; command is the command that was given, and decided says that it makes the event.
	asked, decided bool
	command        bank.Command
	cause          *entry // what the bank did it for; nil where a client asked
	moment         *moment
	batch          *Request // the first of its atomic batch; nil for none
}

// asked names a request by its key.
type asked struct {
	account bank.AccountID
	key     string
}

// exactly names a request with all that it asks for.
type exactly struct {
	asked
	hash string
}

func (r *Request) asked() asked     { return asked{r.Account, r.Key} }
func (r *Request) exactly() exactly { return exactly{r.asked(), r.hash} }

// begin gets ready for the first record.
func (h *History) begin() {
	h.streams, h.byKey = make(map[bank.AccountID][]*entry), make(map[asked][]*entry)
	h.requests, h.steps, h.derived = make(map[exactly]*Request), make(map[asked][]step), make(Derivation)
	for _, a := range h.Answers {
		h.requests[a.Request.exactly()] = a.Request
		h.expectClaim(a.Request)
	}
}

// Record takes the next record of the log. The records of accounts about which nothing is known may be left out,
// all of one account together.
func (h *History) Record(r contract.Record) {
	if h.streams == nil {
		h.begin()
	}
	event, err := r.Event()
	if err != nil {
		return // a Log finds it
	}
	e := &entry{Record: r, event: event, before: r.Position <= h.Before}
	e.line, _ = h.derived.Entry(r) // it is JSON, because the event could be read
	name := asked{r.Account, r.Key}
	if request := h.requests[exactly{name, r.RequestHash}]; request != nil {
		e.asked, e.command = true, request.Command
		if len(request.Together) > 0 {
			e.batch = request.Together[0]
		}
	} else if i := slices.IndexFunc(h.steps[name], func(s step) bool { return s.made(r) }); i >= 0 {
		s := h.steps[name][i]
		e.asked, e.command, e.cause = true, s.command, s.cause
	}
	before := h.Last(r.Account)
	before.Version = r.Version - 1 // if it was another, a Log finds it
	e.after, e.decided = before.Apply(event, r.At), h.decides(before, e)
	h.expectNext(e)
	h.byKey[name] = append(h.byKey[name], e)
	h.streams[r.Account] = append(h.streams[r.Account], e)
	h.entries = append(h.entries, e)
}

// decides reports whether the domain makes an event of its command, with other accounts or alone.
func (h *History) decides(before bank.Account, e *entry) bool {
	if e.command == nil {
		return false
	}
	in := h.circumstances(before, e.command, e.At, e.Caller, e.Key)
	if h.decidesTogether(before, e, in) {
		return true
	}
	event, refusal := before.Decide(e.command, in)
	return refusal == nil && e.is(event)
}

// decidesTogether reports whether the domain makes an event of its command together with other accounts, and notes
// what these do in the same step.
func (h *History) decidesTogether(before bank.Account, e *entry, in bank.Circumstances) (does bool) {
	if len(bank.Parties(e.command, before, in)) == 0 {
		return false
	}
	for back := int64(0); back == 0 || h.mayHaveSeen(e, back); back++ {
		decided, broken := bank.DecideTogether(e.command, e.Account, func(id bank.AccountID) bank.Party {
			a := before
			if id != e.Account {
				a, _ = h.State(id, int64(len(h.streams[id]))-back)
			}
			return bank.Party{Account: a, Now: noEarlier(e.At, a)}
		}, in)
		own := slices.IndexFunc(decided, func(d bank.Decided) bool { return d.Step == nil })
		if len(broken) > 0 || !e.is(decided[own].Event) {
			continue
		}
		for _, d := range decided {
			if d.Step != nil {
				key, _ := bank.SystemKey(d.Step)
				h.expect(asked{d.Account, key}, step{d.Step, e})
			}
		}
		does = true
	}
	return does
}

// mayHaveSeen reports whether a transfer that came back may have met the receiver's account as it was so many versions
// ago: it leaves no event there, so that the log does not hold it to the newest version. Then the next version was not
// there yet when the transfer was asked for.
func (h *History) mayHaveSeen(e *entry, back int64) bool {
	sent, is := e.event.(bank.TransferSent)
	if !is || sent.End != bank.EndReturned {
		return false
	}
	stream := h.streams[sent.To]
	if back > int64(len(stream)) {
		return false
	}
	first := never
	for _, a := range h.Answers {
		if a.Request.exactly() == (exactly{asked{e.Account, e.Key}, e.RequestHash}) {
			first = min(first, a.Sent)
		}
	}
	return !h.durableBy(stream[int64(len(stream))-back], first)
}

// is reports whether the record has an event.
func (e *entry) is(event bank.Event) bool {
	var again contract.Record
	return again.SetEvent(event) == nil && again.Type == e.Type && bytes.Equal(again.Data, e.Data)
}

// noEarlier is a time as an account takes it: not before its last event, unless that was dated far ahead.
func noEarlier(at time.Time, a bank.Account) time.Time {
	if at.Before(a.ChangedAt) && a.ChangedAt.Sub(at) <= contract.MaxClockStep {
		return a.ChangedAt
	}
	return at
}

// circumstances are those in which an account decides at a time.
func (h *History) circumstances(
	a bank.Account, command bank.Command, at time.Time, caller, key string,
) bank.Circumstances {
	in := bank.Circumstances{Now: noEarlier(at, a), Caller: caller, Key: key}
	if past := h.at(a.ID, a.RequiredVersion(command)); past != nil {
		in.Past = past.event
		if id, version, elsewhere := bank.WholeOf(in.Past); elsewhere {
			if whole := h.at(id, version); whole != nil {
				in.Whole = whole.event
			}
		}
	}
	for _, e := range h.byKey[asked{a.ID, a.ExpiryKey(command)}] {
		if e.Version <= a.Version {
			in.Expiry = e.event
		}
	}
	return in
}

// at is the record of an account with a version, or nil.
func (h *History) at(id bank.AccountID, version int64) *entry {
	stream := h.streams[id]
	if version < 1 || version > int64(len(stream)) {
		return nil
	}
	return stream[version-1]
}

// State is an account after a version; false for a version that it never had.
func (h *History) State(id bank.AccountID, version int64) (bank.Account, bool) {
	if version == 0 {
		return bank.Account{ID: id}, true
	}
	e := h.at(id, version)
	if e == nil {
		return bank.Account{}, false
	}
	return e.after, true
}

// Last is how an account is at the end of the log, and Accounts are those that the history is about.
func (h *History) Last(id bank.AccountID) bank.Account {
	last, _ := h.State(id, int64(len(h.streams[id])))
	return last
}

// Accounts calls each with every account that the history is about.
func (h *History) Accounts(each func(bank.AccountID)) {
	for id := range h.streams {
		each(id)
	}
}

// Check checks every law of a run, except whether every transfer has ended, which a Log checks.
func (h *History) Check() {
	if h.streams == nil {
		h.begin() // the log is empty
	}
	h.checkAsked()
	h.checkDecided()
	h.checkAnswers()
	h.checkOrder()
	h.checkTogether()
	for _, w := range h.Watches {
		h.checkWatch(w)
	}
}
