package eventsource

import (
	"context"
	"sync/atomic"

	"corebank/internal/bank"
	"corebank/internal/contract"
)

// pending is an append between its caller and the writer. Either the writer
// takes it, and then only the writer knows its outcome, or the caller abandons
// it first, and then it was certainly not written.
type pending struct {
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

// newPending is an append that waits, or is answered already: a malformed one.
func newPending(a contract.Append) *pending {
	p := &pending{Append: a, done: make(chan contract.AppendResult, 1)}
	if err := checkAppend(a); err != nil {
		p.answer(contract.AppendResult{Status: contract.AppendInvalid, Reason: err.Error()})
	}
	return p
}

// take claims the append for a batch; false if its caller has gone.
func (p *pending) take() bool { return p.state.CompareAndSwap(stateQueued, stateTaken) }

// answer gives the one answer. Further ones are ignored.
func (p *pending) answer(result contract.AppendResult) {
	select {
	case p.done <- result:
	default:
	}
}

// answered reports whether there is an answer that nobody has taken yet.
func (p *pending) answered() bool { return len(p.done) > 0 }

// wait is the answer, or what can be said when ctx ends first.
func (p *pending) wait(ctx context.Context) contract.AppendResult {
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
	appends []*pending
	size    int   // records of all appends
	known   Heads // where the streams are
	assumed Heads // where those are taken to be of which that is not known

	// As decided:
	accepted []*pending
	records  []contract.Record
	heads    Heads
}

// hasRoom tells whether an append may travel in the batch. Behind one whose
// version is only assumed, others of its stream wait for the next: they would
// be decided by what may not be so.
func (b *batch) hasRoom(p *pending) bool {
	_, assumed := b.assumed[p.Account]
	return len(p.Records)+b.size <= batchRecords && len(b.assumed) < maxAssumed && !assumed
}

// add adds an append, and its stream's head if that is known.
func (b *batch) add(p *pending, head int64, known bool) {
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
	b.heads = make(Heads, len(b.appends))
	b.records, b.accepted = nil, nil
}

// head is the version of a stream: what the batch makes of it, or began with.
func (b *batch) head(id bank.AccountID) int64 {
	for _, heads := range []Heads{b.heads, b.known} {
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
