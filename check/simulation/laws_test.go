package simulation

import (
	"fmt"
	"slices"
	"strings"
	"sync"
	"testing"

	"corebank/actor"
	"corebank/eventsource"
	"corebank/eventsource/storage"
	"corebank/internal/logclient"
	"corebank/internal/view"
)

// noticedWithin is how many seeds it may take to notice that a law is broken.
const noticedWithin = 2000

// broken is a bank with one part that breaks a law, and the law whose check
// has to notice.
var broken = map[string]struct {
	parts  Parts
	notice Law
}{
	"publishing before the commit": {
		Parts{Storage: func(s storage.Log, p eventsource.Publisher) storage.Log { return hasty{s, p} }},
		ViewsEqual,
	},
	"publishing before the commit, to subscribers": {
		Parts{Storage: func(s storage.Log, p eventsource.Publisher) storage.Log { return hasty{s, p} }},
		SeenOnce,
	},
	"acknowledging what may not be durable": {
		Parts{Storage: func(s storage.Log, _ eventsource.Publisher) storage.Log { return confident{s} }},
		Durable,
	},
	"ignoring the epoch": {
		Parts{Log: func(log *storage.MemoryLog) storage.Log { return unfenced{log.Open(), log} }},
		OneWriter,
	},
	"ignoring the epoch, in the log": {
		Parts{Log: func(log *storage.MemoryLog) storage.Log { return unfenced{log.Open(), log} }},
		Gapless,
	},
	"ignoring the epoch of the order": {
		Parts{Order: func(o *storage.MemorySequenceLog) storage.SequenceLog { return unfencedOrder{o.Open(), o} }},
		OneWriter,
	},
	"publishing what has no durable place": {
		Parts{Order: func(o *storage.MemorySequenceLog) storage.SequenceLog { return forgetfulOrder{o.Open(), new(int)} }},
		SeenOnce,
	},
	"opening without saying after what": {
		Parts{Actors: func(log actor.Log) actor.Log { return placeless{log} }},
		Caused,
	},
	"giving an external id to whoever claims it": {
		Parts{Actors: func(log actor.Log) actor.Log { return generous{log} }},
		OneHolder,
	},
	"going on before something has its place": {
		Parts{Undivided: true},
		Caused,
	},
	"believing what is assumed of a stream": {
		Parts{Storage: func(s storage.Log, _ eventsource.Publisher) storage.Log { return credulous{s} }},
		Gapless,
	},
	"forgetting the expected version": {
		Parts{Actors: func(log actor.Log) actor.Log { return obliging{log} }},
		Exact,
	},
	"forgetting idempotency keys at rehydration": {
		Parts{Actors: func(log actor.Log) actor.Log { return forgetful{log} }},
		KeyOnce,
	},
	"appending without looking for keys": {
		Parts{Storage: func(s storage.Log, _ eventsource.Publisher) storage.Log { return unmindful{s} }},
		KeyOnce,
	},
	"refusing without looking for forgotten keys": {
		Parts{Actors: func(log actor.Log) actor.Log { return blithe{log} }},
		Remembered,
	},
	"refusing without looking for anything newer": {
		Parts{Actors: func(log actor.Log) actor.Log { return incurious{log} }},
		TrueDenial,
	},
	"reporting an unknown append as failed": {
		Parts{Actors: func(log actor.Log) actor.Log { return dismissive{log} }},
		Denied,
	},
	"trusting a damaged snapshot": {
		Parts{Snapshots: func(s actor.Snapshots) actor.Snapshots { return gullible{s} }},
		Exact,
	},
	"skipping the projector's sequence gate": {
		Parts{Projector: func(store view.Store, log logclient.Log) Projection { return ungated{store, log} }},
		ViewsEqual,
	},
	"applying a batch twice": {
		Parts{Views: newBlind},
		ViewsEqual,
	},
	"trusting the topic to be gapless": {
		Parts{Feed: func(log logclient.Log) logclient.Log { return trusting{log} }},
		SeenOnce,
	},
	"resuming a subscription without the past": {
		Parts{Feed: func(log logclient.Log) logclient.Log { return empty{log} }},
		SeenOnce,
	},
	"repeating lost calls behind the gateway's back": {
		Parts{Call: repeating},
		Denied,
	},
	"repeating lost appends behind the actors' back": {
		Parts{Actors: func(log actor.Log) actor.Log { return repeatingAppends{log} }},
		Denied,
	},
	"taking a snapshot for the newest state": {
		Parts{Actors: func(log actor.Log) actor.Log { return content{log} }},
		TrueDenial,
	},
	"booking one side and another amount on the other": {
		Parts{Storage: func(s storage.Log, _ eventsource.Publisher) storage.Log { return lopsided{s} }},
		Exact,
	},
	"moving the checkpoint apart from the views": {
		Parts{Views: newTorn},
		ViewsEqual,
	},
	"publishing no heartbeat": {
		Parts{Message: heartless},
		Recovers,
	},
	"returning a transfer that was only not heard of": {
		Parts{Saga: impatient},
		Ended,
	},
	"believing a receiver's word that is not in the log": {
		Parts{Saga: hearsay},
		Ended,
	},
	"remembering refusals": {
		Parts{Call: caching(refusals)},
		TrueDenial,
	},
	"looking at a request's key alone": {
		Parts{Call: caching(acceptances)},
		Durable,
	},
}

// TestEveryBrokenLawIsNoticed breaks the bank on purpose and counts the seeds
// until the check of the law sees it. With -v it ends with a table of that.
func TestEveryBrokenLawIsNoticed(t *testing.T) {
	var mu sync.Mutex
	table := []string{fmt.Sprintf("%-50s %-65s %5s", "break", "is noticed because it does not hold that", "seeds")}
	t.Run("one by one", func(t *testing.T) {
		for name, b := range broken {
			t.Run(name, func(t *testing.T) {
				t.Parallel()
				seed, v := firstViolation(t, b.parts, b.notice)
				if seed == 0 {
					t.Errorf("in %d seeds nobody noticed that this breaks the law: %s", noticedWithin, b.notice)
					return
				}
				t.Logf("noticed by seed %d: %s", seed, v)
				mu.Lock()
				defer mu.Unlock()
				table = append(table, fmt.Sprintf("%-50s %-65s %5d", name, b.notice, seed))
			})
		}
	})
	slices.Sort(table[1:])
	t.Logf("what breaks, what notices it, and after how many seeds:\n%s", strings.Join(table, "\n"))
}

// firstViolation is the first seed that sees a law broken, and how; 0 if none
// of many does.
func firstViolation(t *testing.T, parts Parts, law Law) (uint64, Violation) {
	for seed := uint64(1); seed <= noticedWithin; seed++ {
		for _, v := range Run(t, seed, parts).Violations {
			if v.Law == law {
				return seed, v
			}
		}
	}
	return 0, Violation{}
}
