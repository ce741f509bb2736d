package simulation

import (
	"slices"
	"testing"

	"corebank/actor"
	"corebank/eventsource"
	"corebank/internal/view"
	"corebank/projector"
	"corebank/server"
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
		Parts{Storage: func(s eventsource.Storage, p eventsource.Publisher) eventsource.Storage { return hasty{s, p} }},
		ViewsEqual,
	},
	"publishing before the commit, to subscribers": {
		Parts{Storage: func(s eventsource.Storage, p eventsource.Publisher) eventsource.Storage { return hasty{s, p} }},
		SeenOnce,
	},
	"acknowledging what may not be durable": {
		Parts{Storage: func(s eventsource.Storage, _ eventsource.Publisher) eventsource.Storage { return confident{s} }},
		Durable,
	},
	"ignoring the epoch": {
		Parts{Log: func(log *eventsource.MemoryLog) eventsource.Storage { return unfenced{log.Open(), log} }},
		OneWriter,
	},
	"ignoring the epoch, in the log": {
		Parts{Log: func(log *eventsource.MemoryLog) eventsource.Storage { return unfenced{log.Open(), log} }},
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
		Parts{Projector: func(store view.Store, log projector.Log) Projection { return ungated{store, log} }},
		ViewsEqual,
	},
	"applying a batch twice": {
		Parts{Views: newBlind},
		ViewsEqual,
	},
	"trusting the topic to be gapless": {
		Parts{Message: trusting},
		SeenOnce,
	},
	"resuming a subscription without the past": {
		Parts{Feed: func(log server.Log) server.Log { return empty{log} }},
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
}

// TestEveryBrokenLawIsNoticed breaks the bank on purpose and counts the seeds
// until the check of the law sees it.
func TestEveryBrokenLawIsNoticed(t *testing.T) {
	for name, b := range broken {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			for seed := uint64(1); seed <= noticedWithin; seed++ {
				r := Run(t, seed, b.parts)
				if i := slices.IndexFunc(r.Violations, func(v Violation) bool { return v.Law == b.notice }); i >= 0 {
					t.Logf("noticed by seed %d: %s", seed, r.Violations[i])
					return
				}
			}
			t.Errorf("in %d seeds nobody noticed that this breaks the law: %s", noticedWithin, b.notice)
		})
	}
}
