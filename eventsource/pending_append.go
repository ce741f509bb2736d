package eventsource

import (
	"context"
	"encoding/json"
	"fmt"
	"sync/atomic"

	"corebank/eventsource/storage"
	"corebank/internal/bank"
	"corebank/internal/contract"
)

// pendingAppend is an append between its caller and the writer. Either the writer
// takes it, and then only the writer knows its outcome, or the caller abandons
// it first, and then it was certainly not written.
type pendingAppend struct {
	contract.Append
	state  atomic.Int32
	done   chan contract.AppendResult // has room for the one answer
	result contract.AppendResult      // set by the writer before the commit
}

const (
	stateQueued int32 = iota
	stateTaken
	stateAbandoned
)

// newPendingAppend is an append that waits, or is answered already: a malformed one.
func newPendingAppend(a contract.Append) *pendingAppend {
	p := &pendingAppend{Append: a, done: make(chan contract.AppendResult, 1)}
	if err := checkAppend(a); err != nil {
		p.answer(contract.AppendResult{Status: contract.AppendInvalid, Reason: err.Error()})
	}
	return p
}

// take claims the append for a batch; false if its caller has gone.
func (p *pendingAppend) take() bool { return p.state.CompareAndSwap(stateQueued, stateTaken) }

// answer gives the one answer. Further ones are ignored.
func (p *pendingAppend) answer(result contract.AppendResult) {
	select {
	case p.done <- result:
	default:
	}
}

// answered reports whether there is an answer that nobody has taken yet.
func (p *pendingAppend) answered() bool { return len(p.done) > 0 }

// wait is the answer, or what can be said when ctx ends first.
func (p *pendingAppend) wait(ctx context.Context) contract.AppendResult {
	select {
	case result := <-p.done:
		return result
	case <-ctx.Done():
	}
	if p.state.CompareAndSwap(stateQueued, stateAbandoned) {
		select {
		case result := <-p.done: // answered without ever being queued
			return result
		default:
			return overloaded("the event source did not come to it in time")
		}
	}
	select {
	case result := <-p.done:
		return result
	default:
		return contract.AppendResult{Status: contract.AppendUnknown, Reason: "the commit did not end in time"}
	}
}

// overloaded is the answer to an append that was not written and may be sent
// again.
func overloaded(reason string) contract.AppendResult {
	return contract.AppendResult{Status: contract.Overloaded, Reason: reason}
}

// batch is what one commit holds.
type batch struct {
	appends []*pendingAppend
	size    int           // records of all appends
	known   storage.Heads // where the streams are
	assumed storage.Heads // where those are taken to be of which that is not known

	// As decided:
	accepted []*pendingAppend
	records  []contract.Record
	heads    storage.Heads
}

// hasRoom tells whether an append may travel in the batch. Behind one whose
// version is only assumed, others of its stream wait for the next: they would
// be decided by what may not be so.
func (b *batch) hasRoom(p *pendingAppend) bool {
	_, assumed := b.assumed[p.Account]
	return len(p.Records)+b.size <= storage.MaxCommitRecords && len(b.assumed) < storage.MaxAssumed && !assumed
}

// add adds an append, and its stream's head if that is known.
func (b *batch) add(p *pendingAppend, head int64, known bool) {
	b.appends = append(b.appends, p)
	b.size += len(p.Records)
	if known {
		b.known[p.Account] = head
	} else {
		b.assumed[p.Account] = p.ExpectedVersion
	}
}

// begin begins to decide, for the first time or again.
func (b *batch) begin() {
	b.heads = make(storage.Heads, len(b.appends))
	b.records, b.accepted = nil, nil
}

// head is the version of a stream: what the batch makes of it, or began with.
func (b *batch) head(id bank.AccountID) int64 {
	for _, heads := range []storage.Heads{b.heads, b.known} {
		if version, ok := heads[id]; ok {
			return version
		}
	}
	return b.assumed[id]
}

// answerAll answers every append that has no answer yet.
func (b *batch) answerAll(result contract.AppendResult) {
	for _, p := range b.appends {
		p.answer(result)
	}
}

// repeats tells whether an append carries a key that an earlier one of the same
// account in this batch carries: the database would refuse the batch for it.
func (b *batch) repeats(a contract.Append) (key string, twice bool) {
	if _, again := b.heads[a.Account]; !again {
		return "", false
	}
	for _, r := range a.Records {
		for _, earlier := range b.records {
			if earlier.Account == a.Account && earlier.Key == r.Key {
				return r.Key, true
			}
		}
	}
	return "", false
}

// checkAppend holds an append against the bounds and the order that the log
// needs. What passes can be stored, whatever else is wrong with it: one append
// never fails the commit of others.
func checkAppend(a contract.Append) error {
	if !a.Account.Valid() {
		return fmt.Errorf("%q is not an account id", a.Account)
	}
	if n := len(a.Records); n == 0 || n > contract.MaxAppendEvents {
		return fmt.Errorf("an append has 1 to %d records, not %d", contract.MaxAppendEvents, n)
	}
	if a.ExpectedVersion < 0 || a.ExpectedVersion > maxVersion {
		return fmt.Errorf("version %d cannot be: want 0 to %d", a.ExpectedVersion, int64(maxVersion))
	}
	keys := make(map[string]bool, len(a.Records))
	for i, r := range a.Records {
		if r.Account != a.Account || r.Version != a.ExpectedVersion+int64(i)+1 {
			return fmt.Errorf("record %d of %s is not version %d of %s", i, r.Account, a.ExpectedVersion+int64(i)+1, a.Account)
		}
		if keys[r.Key] {
			return fmt.Errorf("record %d has the key %q, which another has", i, r.Key)
		}
		keys[r.Key] = true
		if r.After != nil && r.After.Position < 1 {
			return fmt.Errorf("record %d comes after position %d", i, r.After.Position)
		}
		if err := checkRecord(r); err != nil {
			return fmt.Errorf("record %d %w", i, err)
		}
	}
	return nil
}

// maxVersion is the greatest version that a stream's keys can count, less one
// append.
const maxVersion = 1e12 - 1 - contract.MaxAppendEvents

// checkRecord holds what of a record is stored as it comes against its bounds.
// What the event means is for those who read it.
func checkRecord(r contract.Record) error {
	size := len(r.Data) + len(r.Type) + len(r.Key) + len(r.Caller) + len(r.RequestHash)
	if len(r.Data) == 0 || size > contract.MaxRecordBytes {
		return fmt.Errorf("has %d bytes and %d of data; want some data and at most %d bytes", size, len(r.Data), contract.MaxRecordBytes)
	}
	if !json.Valid(r.Data) {
		return fmt.Errorf("has data that is no JSON")
	}
	if refusal := bank.CheckStoredKey(r.Key); refusal != nil {
		return fmt.Errorf("has no idempotency key that can be kept: %s", refusal.Message)
	}
	return nil
}
