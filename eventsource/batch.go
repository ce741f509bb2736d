package eventsource

import (
	"fmt"
	"slices"

	lru "github.com/hashicorp/golang-lru/v2"

	"corebank/eventsource/storage"
	"corebank/internal/bank"
	"corebank/internal/contract"
)

// batch has the appends of one commit.
type batch struct {
	appends []*pendingAppend        // decide leaves those that it accepts
	size    int                     // records of all appends
	known   storage.Heads           // the heads of streams before the commit
	assumed storage.Heads           // the expected versions of streams whose heads are not known
	hits    int                     // heads that were known
	misses  int                     // heads that were not
	held    map[bank.AccountID]bool // the streams of appends to several some of whose heads are not known

	// Set by decide:
	records []contract.Record
	heads   storage.Heads
}

func newBatch() *batch { return &batch{known: make(storage.Heads), assumed: make(storage.Heads)} }

// hasRoom reports whether an append may be in the batch. After an append one of whose streams' heads is only assumed,
// others of its streams wait for the next batch: the assumption that decides them may be wrong.
func (b *batch) hasRoom(p *pendingAppend) bool {
	if p.size+b.size > storage.MaxCommitRecords || len(b.assumed)+1+len(p.With) > storage.MaxAssumed {
		return false
	}
	for stream := range p.Streams {
		if _, assumed := b.assumed[stream.Account]; assumed || b.held[stream.Account] {
			return false
		}
	}
	return true
}

// Every append has room in an empty batch.
const (
	_ = uint(storage.MaxCommitRecords - contract.MaxAppendEvents)
	_ = uint(storage.MaxCommitRecords - contract.MaxAppendTogether)
	_ = uint(storage.MaxAssumed - contract.MaxAppendTogether)
)

// add adds an append, and the heads of its streams that are known.
func (b *batch) add(p *pendingAppend, heads *lru.Cache[bank.AccountID, int64]) {
	b.appends = append(b.appends, p)
	b.size += p.size
	before := len(b.assumed)
	for stream := range p.Streams {
		if head, known := heads.Get(stream.Account); known {
			b.known[stream.Account] = head
			b.hits++
		} else {
			b.assumed[stream.Account] = stream.ExpectedVersion
			b.misses++
		}
	}
	if len(p.With) == 0 || len(b.assumed) == before {
		return
	}
	if b.held == nil {
		b.held = make(map[bank.AccountID]bool)
	}
	for stream := range p.Streams {
		b.held[stream.Account] = true
	}
}

// decide compares each append with the heads of its streams, in order, and gives positions from next on to the records
// of those that it accepts. It answers the others and removes them. It may be called again after an assumption was
// wrong.
func (b *batch) decide(next int64) {
	b.heads = make(storage.Heads, len(b.appends))
	b.records = nil
	accepted := b.appends[:0]
	for _, p := range b.appends {
		if refusal, refused := b.refuse(p); refused {
			p.answer(refusal)
			continue
		}
		p.result = contract.AppendResult{Status: contract.Appended, FirstPosition: next,
			Version: p.ExpectedVersion + int64(len(p.Records))}
		b.insert(p, next)
		next += int64(p.size)
		accepted = append(accepted, p)
	}
	b.appends = accepted
}

// insert adds the records of an append, whose first is at a position: those of several streams in the order that they
// say, and those of one as they come.
func (b *batch) insert(p *pendingAppend, first int64) {
	before := len(b.records)
	b.records = slices.Grow(b.records, p.size)[:before+p.size]
	for stream := range p.Streams {
		for i, r := range stream.Records {
			if len(p.With) > 0 {
				i = p.size - 1 - r.More
			}
			r.Position = first + int64(i)
			b.records[before+i] = r
		}
		b.heads[stream.Account] = stream.ExpectedVersion + int64(len(stream.Records))
	}
}

// refuse is the answer to an append that cannot be accepted. Then the commit does not depend on what it assumed.
func (b *batch) refuse(p *pendingAppend) (answer contract.AppendResult, refused bool) {
	var moved []bank.AccountID
	for stream := range p.Streams {
		version := b.head(stream.Account)
		if version == stream.ExpectedVersion {
			continue
		}
		if moved = append(moved, stream.Account); len(moved) == 1 {
			answer.Reason = fmt.Sprintf("the stream of %s is at version %d, not %d",
				stream.Account, version, stream.ExpectedVersion)
		}
	}
	switch version, repeated := b.repeats(&p.Append); {
	case len(moved) > 0:
		answer.Status, answer.Version = contract.VersionConflict, b.head(p.Account)
		answer = p.moved(answer, moved)
	case repeated:
		answer.Status, answer.Reason = contract.AppendInvalid,
			fmt.Sprintf("the key of version %d has just been used", version)
	default:
		return answer, false
	}
	for stream := range p.Streams {
		delete(b.assumed, stream.Account)
	}
	return answer, true
}

// head is the version of a stream after the appends accepted so far.
func (b *batch) head(id bank.AccountID) int64 {
	if version, ok := b.heads[id]; ok {
		return version
	}
	if version, ok := b.known[id]; ok {
		return version
	}
	return b.assumed[id]
}

// repeats reports whether an append carries a key that an earlier append to the same stream in this batch carries: the
// database would refuse the whole batch for it.
func (b *batch) repeats(a *contract.Append) (version int64, repeated bool) {
	for stream := range a.Streams {
		if _, again := b.heads[stream.Account]; !again {
			continue
		}
		for _, r := range stream.Records {
			for _, earlier := range b.records {
				if earlier.Account == stream.Account && earlier.Key == r.Key {
					return r.Version, true
				}
			}
		}
	}
	return 0, false
}

// answerAll answers every append that has no answer yet.
func (b *batch) answerAll(result contract.AppendResult) {
	for _, p := range b.appends {
		p.answer(result)
	}
}
