package torture

import (
	"testing"

	"corebank/check/laws"
	"corebank/internal/bank"
	"corebank/internal/contract"
)

// Poison that was put there on purpose, and is shown, violates nothing.
func TestAPoisonedAccountThatStandsStillIsAsItShouldBe(t *testing.T) {
	for _, kind := range []Kind{PoisonUnknown, PoisonSchema, PoisonShape} {
		s := newStory(t)
		e := s.evidence()
		bad := badRecord(kind, s.id)
		if _, err := bad.Event(); err == nil {
			t.Fatalf("%s can be read", kind)
		}
		stale := e.Served[s.id]
		stale.stale = true
		e.Served[s.id] = stale
		e = &Evidence{
			History: laws.History{
				Findings: new(laws.Findings),
				Began:    e.Began,
				Caller:   e.Caller,
				Answers:  e.Answers,
				Watches:  e.Watches,
			},
			Served:   e.Served,
			Views:    viewsOf(t, s.records),
			Poisoned: map[bank.AccountID]Kind{s.id: kind},
		}
		for _, r := range s.records {
			e.Record(r)
		}
		bad.Position, bad.Version = int64(len(s.records)+1), s.states[s.id].Version+1
		e.Record(bad)
		for _, f := range verify(e) {
			if f.Violations > 0 {
				t.Errorf("%s: %s: %v", kind, f.Law, f.Examples)
			}
		}
	}
}

// Nothing that litters the topic is what a relay publishes.
func TestLitterIsNoBatchOfTheLog(t *testing.T) {
	whole := contract.Batch{
		ID:       "4-5",
		Previous: 3,
		First:    4,
		Last:     5,
		Records:  []contract.Record{{Position: 4}, {Position: 5}},
	}
	for i, data := range litterOf(whole) {
		b, err := contract.ReadMessage(data)
		if err == nil && b.Check() == nil && b.Last <= 5 && b.Last > 0 {
			t.Errorf("piece %d, %.80q, passes for a batch", i, data)
		}
	}
}
