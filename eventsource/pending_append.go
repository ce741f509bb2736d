package eventsource

import (
	"context"
	"encoding/json"
	"fmt"
	"sync/atomic"
	"time"

	"corebank/internal/bank"
	"corebank/internal/contract"
)

// pendingAppend is an append on its way from its caller to the writer. Either the writer takes it, and then only the
// writer knows its outcome; or the caller abandons it first, and then it was certainly not written.
type pendingAppend struct {
	contract.Append
	size      int              // records of all its streams
	repeating []bank.AccountID // whose streams may have one of the keys
	state     atomic.Int32
	queued    time.Time                  // when it began to wait for a commit
	done      chan contract.AppendResult // has room for the one answer
	result    contract.AppendResult      // set by the writer before the commit
	traces    []tracedAppend
}

const (
	stateQueued int32 = iota
	stateTaken
	stateAbandoned
)

// newPendingAppend makes an append that waits for the writer, or one that is already answered if it is malformed.
func newPendingAppend(a contract.Append) *pendingAppend {
	p := &pendingAppend{Append: a, done: make(chan contract.AppendResult, 1)}
	for stream := range p.Streams {
		p.size += len(stream.Records)
	}
	p.trace()
	if err := p.validate(); err != nil {
		p.answer(contract.AppendResult{Status: contract.AppendInvalid, Reason: err.Error()})
	}
	return p
}

// take takes the append into a batch; false if its caller has abandoned it.
func (p *pendingAppend) take() bool { return p.state.CompareAndSwap(stateQueued, stateTaken) }

// answer gives the one answer. Further ones are ignored.
func (p *pendingAppend) answer(result contract.AppendResult) {
	select {
	case p.done <- result:
	default:
	}
}

// moved is an answer that says which streams of several it is about.
func (p *pendingAppend) moved(answer contract.AppendResult, accounts []bank.AccountID) contract.AppendResult {
	if len(p.With) > 0 {
		answer.Moved = accounts
	}
	return answer
}

// answered reports whether there is an answer that the caller has not received yet.
func (p *pendingAppend) answered() bool { return len(p.done) > 0 }

// wait returns the answer, or what is certain about the append if ctx ends first.
func (p *pendingAppend) wait(ctx context.Context) contract.AppendResult {
	select {
	case result := <-p.done:
		return result
	case <-ctx.Done():
	}
	if p.state.CompareAndSwap(stateQueued, stateAbandoned) {
		select {
		case result := <-p.done: // answered without being queued
			return result
		default:
			return overloaded("the event source did not begin with it in time")
		}
	}
	select {
	case result := <-p.done:
		return result
	default:
		return contract.AppendResult{Status: contract.AppendUnknown, Reason: "the commit did not end in time"}
	}
}

// overloaded is the answer to an append that was not written and may be sent again.
func overloaded(reason string) contract.AppendResult {
	return contract.AppendResult{Status: contract.Overloaded, Reason: reason}
}

// validate checks the limits and the order of an append. An append that passes can be stored, whatever else is wrong
// with it, so that one append never fails the commit of others.
func (p *pendingAppend) validate() error {
	if len(p.With) == 0 {
		return validateStream(&p.Append, 1)
	}
	if reason := contract.TooMuchTogether(func(yield func([]contract.Record) bool) {
		p.Streams(func(stream *contract.Append) bool { return yield(stream.Records) })
	}); reason != "" {
		return fmt.Errorf("an append to several streams has %s", reason)
	}
	accounts := make(map[bank.AccountID]bool, 1+len(p.With))
	for stream := range p.Streams {
		if accounts[stream.Account] {
			return fmt.Errorf("an append to several streams has that of %s twice", stream.Account)
		}
		accounts[stream.Account] = true
		if stream != &p.Append && len(stream.With) > 0 {
			return fmt.Errorf("the append to %s, which is part of another, has parts of its own", stream.Account)
		}
	}
	placed := make([]bool, p.size)
	for stream := range p.Streams {
		if err := validateStream(stream, p.size); err != nil {
			return fmt.Errorf("%s: %w", stream.Account, err)
		}
		for i, r := range stream.Records {
			if placed[r.More] {
				return fmt.Errorf("record %d of %s says that %d more follow it, as another does", i, stream.Account, r.More)
			}
			placed[r.More] = true
		}
	}
	return nil
}

// validateStream checks what an append asks of one stream. Each record says how many of the append's follow it: of
// so many together, or of 1 where there is no other stream.
func validateStream(a *contract.Append, together int) error {
	if !a.Account.Valid() {
		return fmt.Errorf("%q is not an account id", a.Account)
	}
	if n := len(a.Records); n == 0 || n > contract.MaxAppendEvents {
		return fmt.Errorf("an append has 1 to %d records of a stream, not %d", contract.MaxAppendEvents, n)
	}
	if a.ExpectedVersion < 0 || a.ExpectedVersion > maxVersion {
		return fmt.Errorf("version %d is impossible: want 0 to %d", a.ExpectedVersion, int64(maxVersion))
	}
	keys := make(map[string]bool, len(a.Records))
	most := max(0, together-1) // of the records that follow
	for i, r := range a.Records {
		if want := a.ExpectedVersion + int64(i) + 1; r.Account != a.Account || r.Version != want {
			return fmt.Errorf("record %d of %s is not version %d of %s", i, r.Account, want, a.Account)
		}
		if r.More < 0 || r.More > most {
			return fmt.Errorf("record %d says that %d more follow it: want 0 to %d", i, r.More, most)
		}
		most = max(0, r.More-1)
		if keys[r.Key] {
			return fmt.Errorf("record %d has the same key as an earlier record", i)
		}
		keys[r.Key] = true
		if r.After != nil && r.After.Position < 1 {
			return fmt.Errorf("record %d comes after position %d", i, r.After.Position)
		}
		if err := validateRecord(r); err != nil {
			return fmt.Errorf("record %d %w", i, err)
		}
	}
	return nil
}

// maxVersion is the greatest version that a stream can have, less one append.
const maxVersion = 1e12 - 1 - contract.MaxAppendEvents

// validateRecord checks that a record fits the limits of what is stored. What the event means is for its readers to
// check.
func validateRecord(r contract.Record) error {
	size := len(r.Data) + len(r.Type) + len(r.Key) + len(r.Caller) + len(r.RequestHash)
	if len(r.Data) == 0 || size > contract.MaxRecordBytes {
		return fmt.Errorf("has %d bytes, %d of them data; want some data and at most %d bytes",
			size, len(r.Data), contract.MaxRecordBytes)
	}
	if !json.Valid(r.Data) {
		return fmt.Errorf("has data that is not JSON")
	}
	if refusal := bank.CheckStoredKey(r.Key); refusal != nil {
		return fmt.Errorf("has an idempotency key that cannot be stored: %s", refusal.Message)
	}
	return nil
}
