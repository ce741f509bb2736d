package projector_test

import (
	"context"
	"slices"
	"testing"

	"corebank/internal/bank"
	"corebank/internal/view"
)

// recordingStore records which documents are read.
type recordingStore struct {
	view.Store
	read []bank.AccountID
}

func (s *recordingStore) Accounts(ctx context.Context, ids []bank.AccountID) (map[bank.AccountID]view.Account, error) {
	s.read = append(s.read, ids...)
	return s.Store.Accounts(ctx, ids)
}

// mustHaveRead fails unless exactly these documents were read since the last call.
func (s *recordingStore) mustHaveRead(t *testing.T, want ...bank.AccountID) {
	t.Helper()
	if !slices.Equal(s.read, want) {
		t.Errorf("documents read are %v, want %v", s.read, want)
	}
	s.read = nil
}

// A projector does not read again what it wrote, unless another one has written in
// the meantime.
func TestDocumentsThatWereWrittenAreNotReadAgain(t *testing.T) {
	log, store, _ := bankDay(t)
	all := []bank.AccountID{customer(0), customer(1), customer(2), customer(3), customer(4)}
	mine := &recordingStore{Store: store}
	p := newProjector(mine, log)
	handle(t, p, log.batch(1, 10))
	mine.mustHaveRead(t, all...)
	handle(t, p, log.batch(11, 20), log.batch(21, 30))
	mine.mustHaveRead(t)

	handle(t, newProjector(store, log), log.batch(31, 40))
	handle(t, p, log.batch(31, 40), log.batch(41, 50)) // fails with its cached documents, then reads the other's
	mine.mustHaveRead(t, all...)
	mustShow(t, t.Context(), store, log, 50)
}

// Another projector may replay a quarantined document, which leaves the checkpoint
// as it is.
func TestADocumentThatAnotherReplayedIsReadAgain(t *testing.T) {
	log, store, p := bankDay(t)
	handle(t, p, log.batch(1, 10))
	good := log.records[10]
	log.records[10].Type = "from-the-future"
	handle(t, p, log.batch(11, 20)) // read from the log, and quarantined
	if a, err := store.Account(t.Context(), good.Account); err != nil || !a.Quarantined() {
		t.Fatalf("%+v (%v) is not quarantined", a, err)
	}
	log.records[10] = good
	if _, err := newProjector(store, log).Replay(t.Context(), good.Account); err != nil {
		t.Fatal(err)
	}
	handle(t, p, log.batch(21, 50))
	mustShow(t, t.Context(), store, log, 50)
}
