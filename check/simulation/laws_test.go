package simulation

import (
	"fmt"
	"slices"
	"strings"
	"sync"
	"testing"

	"corebank/actor"
	"corebank/check/laws"
	"corebank/eventsource"
	"corebank/eventsource/storage"
	"corebank/internal/bank"
	"corebank/internal/lease"
	"corebank/internal/logclient"
	"corebank/internal/view"
)

// noticedWithin is how many seeds it may take to notice that a law is broken.
const noticedWithin = 2000

// broken is a bank with one part that breaks a law, and the law whose check
// has to notice.
var broken = map[string]struct {
	parts  Parts
	notice []laws.Law // any of them
}{
	"publishing before the commit": {
		Parts{Storage: func(s storage.Log, p eventsource.Publisher) storage.Log { return hasty{s, p} }},
		[]laws.Law{laws.Served},
	},
	"publishing before the commit, to subscribers": {
		Parts{Storage: func(s storage.Log, p eventsource.Publisher) storage.Log { return hasty{s, p} }},
		[]laws.Law{laws.SeenOnce},
	},
	"acknowledging what may not be durable": {
		Parts{Storage: func(s storage.Log, _ eventsource.Publisher) storage.Log { return confident{s} }},
		[]laws.Law{laws.Acknowledged},
	},
	"ignoring the epoch": {
		Parts{Log: func(whole storage.Log, log *storage.MemoryLog) storage.Log { return unfenced{whole, log} }},
		[]laws.Law{laws.Fenced},
	},
	"ignoring the epoch, in the log": {
		Parts{Log: func(whole storage.Log, log *storage.MemoryLog) storage.Log { return unfenced{whole, log} }},
		[]laws.Law{laws.Position, laws.Version},
	},
	"ignoring the epoch of the sequence": {
		Parts{Sequence: func(whole storage.SequenceLog, sequence *storage.MemorySequenceLog) storage.SequenceLog {
			return unfencedSequence{whole, sequence}
		}},
		[]laws.Law{laws.Fenced},
	},
	"publishing what has no durable place": {
		Parts{Sequence: func(whole storage.SequenceLog, _ *storage.MemorySequenceLog) storage.SequenceLog {
			return forgetfulSequence{whole, new(int)}
		}},
		[]laws.Law{laws.SeenOnce},
	},
	"opening without saying after what": {
		Parts{Actors: func(log actor.Log) actor.Log { return placeless{log} }},
		[]laws.Law{laws.Transfer, laws.ExternalID},
	},
	"giving an external id to every claimant": {
		Parts{Actors: func(log actor.Log) actor.Log { return generous{log} }},
		[]laws.Law{laws.ExternalID},
	},
	"going on before something has its place": {
		Parts{Undivided: true},
		[]laws.Law{laws.Transfer, laws.ExternalID},
	},
	"believing what is assumed of a stream": {
		Parts{Storage: func(s storage.Log, _ eventsource.Publisher) storage.Log { return credulous{s} }},
		[]laws.Law{laws.Position, laws.Version},
	},
	"forgetting the expected version": {
		Parts{Actors: func(log actor.Log) actor.Log { return obliging{log} }},
		[]laws.Law{laws.Balance, laws.Postings, laws.Limit, laws.Available, laws.Decided},
	},
	"forgetting idempotency keys at rehydration": {
		Parts{Actors: func(log actor.Log) actor.Log { return forgetful{log} }},
		[]laws.Law{laws.Key},
	},
	"appending without looking for keys": {
		Parts{Storage: func(s storage.Log, _ eventsource.Publisher) storage.Log { return unmindful{s} }},
		[]laws.Law{laws.Key},
	},
	"refusing without looking for forgotten keys": {
		Parts{Actors: func(log actor.Log) actor.Log { return blithe{log} }},
		[]laws.Law{laws.Remembered},
	},
	"refusing without looking for anything newer": {
		Parts{Actors: func(log actor.Log) actor.Log { return incurious{log} }},
		[]laws.Law{laws.Linearizable, laws.Remembered},
	},
	"reporting an unknown append as failed": {
		Parts{Actors: func(log actor.Log) actor.Log { return dismissive{log} }},
		[]laws.Law{laws.Denied},
	},
	"trusting a damaged snapshot": {
		Parts{Snapshots: func(s actor.Snapshots) actor.Snapshots { return gullible{s} }},
		[]laws.Law{laws.Balance, laws.Postings, laws.Limit, laws.Available, laws.Decided},
	},
	"skipping the projector's sequence gate": {
		Parts{Projector: func(store view.Store, log logclient.Log) Projection { return ungated{store, log} }},
		[]laws.Law{laws.Views},
	},
	"going on with the views when the log was put back": {
		Parts{Message: unsigned, Projector: unasking},
		[]laws.Law{laws.Views},
	},
	"going on with subscriptions when the log was put back": {
		Parts{Message: unsigned, Feed: func(log logclient.Log) logclient.Log { return anonymous{log} }},
		[]laws.Law{laws.SeenOnce},
	},
	"trusting a snapshot when the log was put back": {
		Parts{Actors: func(log actor.Log) actor.Log { return nostalgic{log} }},
		[]laws.Law{laws.Shown, laws.Linearizable, laws.Remembered},
	},
	"posting all legs but one": {
		Parts{Actors: func(log actor.Log) actor.Log { return miscounting{log, none} }},
		[]laws.Law{laws.Journal},
	},
	"posting a leg twice": {
		Parts{Actors: func(log actor.Log) actor.Log { return miscounting{log, twice} }},
		[]laws.Law{laws.Journal},
	},
	"transferring without an arrival": {
		Parts{Actors: func(log actor.Log) actor.Log { return miscounting{log, none} }},
		[]laws.Law{laws.Transfer},
	},
	"showing one side before the other": {
		Parts{Message: inPart},
		[]laws.Law{laws.Always},
	},
	"posting again under another key": {
		Parts{Clear: renaming},
		[]laws.Law{laws.Asked},
	},
	"acknowledging before another machine has it": {
		Parts{Machines: true, Disk: alone},
		[]laws.Law{laws.Copied},
	},
	"acknowledging before another machine has it, in the log": {
		Parts{Machines: true, Disk: alone},
		[]laws.Law{laws.Acknowledged},
	},
	"answering from an earlier primary": {
		Parts{Machines: true, Unasked: true},
		[]laws.Law{laws.Current},
	},
	"deposing each other in turn": {
		Parts{Machines: true, Lease: func(s lease.Store) lease.Store { return openHanded{s} }},
		[]laws.Law{laws.Heals},
	},
	"applying a batch twice": {
		Parts{Views: newBlind},
		[]laws.Law{laws.Views},
	},
	"trusting the topic to be gapless": {
		Parts{Feed: func(log logclient.Log) logclient.Log { return trusting{log} }},
		[]laws.Law{laws.SeenOnce},
	},
	"resuming a subscription without the past": {
		Parts{Feed: func(log logclient.Log) logclient.Log { return empty{log} }},
		[]laws.Law{laws.SeenOnce},
	},
	"repeating lost calls behind the gateway's back": {
		Parts{Call: repeating},
		[]laws.Law{laws.Denied},
	},
	"repeating lost appends behind the actors' back": {
		Parts{Actors: func(log actor.Log) actor.Log { return repeatingAppends{log} }},
		[]laws.Law{laws.Denied},
	},
	"taking a snapshot for the newest state": {
		Parts{Actors: func(log actor.Log) actor.Log {
			return &content{Log: log, confirmed: make(map[bank.AccountID]int64)}
		}},
		[]laws.Law{laws.Linearizable, laws.Remembered},
	},
	"booking one side and another amount on the other": {
		Parts{Storage: func(s storage.Log, _ eventsource.Publisher) storage.Log { return lopsided{s} }},
		[]laws.Law{laws.Balance, laws.Postings, laws.Limit, laws.Available, laws.Decided},
	},
	"moving the checkpoint apart from the views": {
		Parts{Views: newTorn},
		[]laws.Law{laws.Views},
	},
	"publishing no heartbeat": {
		Parts{Message: heartless},
		[]laws.Law{laws.Heals},
	},
	"returning a transfer that was only not heard of": {
		Parts{Saga: impatient},
		[]laws.Law{laws.Ended, laws.Transfer},
	},
	"believing a receiver's word that is not in the log": {
		Parts{Saga: hearsay},
		[]laws.Law{laws.Ended, laws.Transfer},
	},
	"remembering refusals": {
		Parts{Call: caching(refusals)},
		[]laws.Law{laws.Linearizable, laws.Remembered},
	},
	"looking at a request's key alone": {
		Parts{Call: caching(acceptances)},
		[]laws.Law{laws.Acknowledged},
	},
}

// TestEveryBrokenLawIsNoticed breaks the bank on purpose and counts the seeds
// until the check of the law sees it. With -v it ends with a table of that.
func TestEveryBrokenLawIsNoticed(t *testing.T) {
	var mu sync.Mutex
	table := []string{fmt.Sprintf("%-50s %-30s %5s", "break", "is noticed by the law", "seeds")}
	t.Run("one by one", func(t *testing.T) {
		for name, b := range broken {
			t.Run(name, func(t *testing.T) {
				t.Parallel()
				seed, v := firstViolation(t, b.parts, b.notice)
				if seed == 0 {
					t.Errorf("in %d seeds nothing noticed that this breaks %v", noticedWithin, b.notice)
					return
				}
				t.Logf("noticed by seed %d: %s", seed, v)
				mu.Lock()
				defer mu.Unlock()
				table = append(table, fmt.Sprintf("%-50s %-30s %5d", name, v.Law, seed))
			})
		}
	})
	slices.Sort(table[1:])
	t.Logf("what breaks, what notices it, and after how many seeds:\n%s", strings.Join(table, "\n"))
}

// firstViolation is the first seed that sees a law broken, and how; 0 if none
// of many does.
func firstViolation(t *testing.T, parts Parts, notice []laws.Law) (uint64, laws.Finding) {
	for seed := uint64(1); seed <= noticedWithin; seed++ {
		for _, v := range Run(t, seed, parts).Findings {
			if slices.Contains(notice, v.Law) {
				return seed, v
			}
		}
	}
	return 0, laws.Finding{}
}
