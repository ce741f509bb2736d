package projector_test

import (
	"context"
	"slices"
	"testing"

	"corebank/internal/bank"
	"corebank/internal/view"
)

// noted is a store that notes which documents are asked for.
type noted struct {
	view.Store
	asked []bank.AccountID
}

func (s *noted) Accounts(ctx context.Context, ids []bank.AccountID) (map[bank.AccountID]view.Account, error) {
	s.asked = append(s.asked, ids...)
	return s.Store.Accounts(ctx, ids)
}

// mustHaveAsked fails unless exactly these documents were asked for since the
// last time.
func (s *noted) mustHaveAsked(t *testing.T, want ...bank.AccountID) {
	t.Helper()
	if !slices.Equal(s.asked, want) {
		t.Errorf("asked for %v, want %v", s.asked, want)
	}
	s.asked = nil
}

// What a projector wrote it does not read again, unless somebody else has
// written meanwhile.
func TestDocumentsThatWereWrittenAreNotReadAgain(t *testing.T) {
	log, store, _ := bankDay(t)
	all := []bank.AccountID{customer(0), customer(1), customer(2), customer(3), customer(4)}
	mine := &noted{Store: store}
	p := newProjector(mine, log)
	handle(t, p, log.batch(1, 10))
	mine.mustHaveAsked(t, all...)
	handle(t, p, log.batch(11, 20), log.batch(21, 30))
	mine.mustHaveAsked(t)

	handle(t, newProjector(store, log), log.batch(31, 40))
	handle(t, p, log.batch(31, 40), log.batch(41, 50)) // tries with what it has, and finds the other's work
	mine.mustHaveAsked(t, all...)
	mustShow(t, t.Context(), store, log, 50)
}

// A document that stands still may be mended by another projector, which
// leaves the checkpoint as it is.
func TestADocumentThatAnotherMendedIsReadAgain(t *testing.T) {
	log, store, p := bankDay(t)
	handle(t, p, log.batch(1, 10))
	sound := log.records[10]
	log.records[10].Type = "from-the-future"
	handle(t, p, log.batch(11, 20)) // read from the log, and quarantined
	if a, err := store.Account(t.Context(), sound.Account); err != nil || !a.Quarantined() {
		t.Fatalf("%+v (%v) is not quarantined", a, err)
	}
	log.records[10] = sound
	if _, err := newProjector(store, log).Replay(t.Context(), sound.Account); err != nil {
		t.Fatal(err)
	}
	handle(t, p, log.batch(21, 50))
	mustShow(t, t.Context(), store, log, 50)
}
