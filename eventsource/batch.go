package eventsource

import (
	"fmt"

	"corebank/eventsource/storage"
	"corebank/internal/bank"
	"corebank/internal/contract"
)

// batch has the appends of one commit.
type batch struct {
	appends []*pendingAppend
	size    int           // records of all appends
	known   storage.Heads // the heads of streams before the commit
	assumed storage.Heads // the expected versions of streams whose heads are not known

	// Set by decide:
	accepted []*pendingAppend
	records  []contract.Record
	heads    storage.Heads
}

func newBatch() *batch { return &batch{known: make(storage.Heads), assumed: make(storage.Heads)} }

// hasRoom reports whether an append may be in the batch. After an append whose stream's head is only assumed, others of
// that stream wait for the next batch: the assumption that decides them may be wrong.
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

// decide compares each append with its stream's head, in order, and gives positions from next on to the records of
// those that it accepts. It answers the others. It may be called again after an assumption was wrong.
func (b *batch) decide(next int64) {
	b.heads = make(storage.Heads, len(b.appends))
	b.records, b.accepted = nil, nil
	for _, p := range b.appends {
		if version := b.head(p.Account); version != p.ExpectedVersion {
			p.answer(contract.AppendResult{Status: contract.VersionConflict, Version: version,
				Reason: fmt.Sprintf("the stream is at version %d, not %d", version, p.ExpectedVersion)})
			continue
		}
		if key, repeated := b.repeats(p.Append); repeated {
			p.answer(contract.AppendResult{Status: contract.AppendInvalid,
				Reason: fmt.Sprintf("the key %q has just been used", key)})
			continue
		}
		p.result = contract.AppendResult{Status: contract.Appended, FirstPosition: next,
			Version: p.ExpectedVersion + int64(len(p.Records))}
		for _, r := range p.Records {
			r.Position = next
			next++
			b.records = append(b.records, r)
		}
		b.heads[p.Account] = p.result.Version
		b.accepted = append(b.accepted, p)
	}
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

// repeats reports whether an append carries a key that an earlier append of the same account in this batch carries: the
// database would refuse the whole batch for it.
func (b *batch) repeats(a contract.Append) (key string, repeated bool) {
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

// answerAll answers every append that has no answer yet.
func (b *batch) answerAll(result contract.AppendResult) {
	for _, p := range b.appends {
		p.answer(result)
	}
}
