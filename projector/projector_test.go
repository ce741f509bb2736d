package projector_test

import (
	"path/filepath"
	"slices"
	"testing"

	"corebank/internal/contract"
	"corebank/internal/view/memory"
	"corebank/internal/view/sqlite"
)

func TestBatchesInOrderAreAppliedWithoutTheLog(t *testing.T) {
	log, store, p := bankDay(t)
	for _, b := range log.batches(10) {
		handle(t, p, b)
		mustShow(t, t.Context(), store, log, b.Last)
	}
	handle(t, p, log.heartbeat())
	mustHaveRead(t, log, 0)
}

func TestBatchesThatComeTwiceHaveOneEffect(t *testing.T) {
	log, store, p := bankDay(t)
	for _, b := range log.batches(10) {
		handle(t, p, b, b, log.batch(1, b.Last), b)
	}
	mustShow(t, t.Context(), store, log, log.head())
	mustHaveRead(t, log, 0)
}

func TestBatchesInAnyOrderAreAppliedOnce(t *testing.T) {
	log, store, p := bankDay(t)
	batches := log.batches(10)
	handle(t, p, batches[2])
	mustShow(t, t.Context(), store, log, 50) // the log already has everything
	handle(t, p, batches[1], batches[0], batches[4], batches[3])
	mustShow(t, t.Context(), store, log, 50)
	mustHaveRead(t, log, 1)
}

func TestALostBatchIsReadFromTheLog(t *testing.T) {
	log, store, p := bankDay(t)
	batches := log.batches(10)
	handle(t, p, batches[0], batches[2], batches[3])
	mustShow(t, t.Context(), store, log, 50)
	mustHaveRead(t, log, 1)
}

func TestALostLastBatchIsNoticedByTheHeartbeat(t *testing.T) {
	log, store, p := bankDay(t)
	handle(t, p, log.batches(10)[:4]...)
	mustShow(t, t.Context(), store, log, 40)
	handle(t, p, log.heartbeat(), log.heartbeat())
	mustShow(t, t.Context(), store, log, 50)
	mustHaveRead(t, log, 1)
}

func TestAnEmptyLogNeedsNothing(t *testing.T) {
	log, store := newLedger(), memory.New()
	p := newProjector(store, log)
	handle(t, p, log.heartbeat())
	mustHaveRead(t, log, 0)
	if err := p.CatchUp(t.Context()); err != nil {
		t.Fatal(err)
	}
	mustShow(t, t.Context(), store, log, 0)
}

func TestOverlappingBatchesBringTheirNewPart(t *testing.T) {
	log, store, p := bankDay(t)
	handle(t, p, log.batch(1, 10), log.batch(5, 15))
	mustShow(t, t.Context(), store, log, 15)
	handle(t, p, log.batch(15, 16), log.batch(1, 50))
	mustShow(t, t.Context(), store, log, 50)
	mustHaveRead(t, log, 0)
}

func TestABatchThatContradictsItselfIsReadFromTheLog(t *testing.T) {
	for name, spoil := range map[string]func(*contract.Batch){
		"a record is missing":         func(b *contract.Batch) { b.Records = slices.Delete(b.Records, 3, 4) },
		"two records are swapped":     func(b *contract.Batch) { b.Records[3], b.Records[4] = b.Records[4], b.Records[3] },
		"a record comes twice":        func(b *contract.Batch) { b.Records[3] = b.Records[2] },
		"it starts earlier":           func(b *contract.Batch) { b.First, b.Previous = b.First-1, b.Previous-1 },
		"it ends later than it says":  func(b *contract.Batch) { b.Last-- },
		"it ends sooner than it says": func(b *contract.Batch) { b.Records = b.Records[:5] },
		"it follows something else":   func(b *contract.Batch) { b.Previous-- },
		"a position is out of place":  func(b *contract.Batch) { b.Records[0].Position = -7 },
		"a version is not the next":   func(b *contract.Batch) { b.Records[5].Version++ },
		"an event makes no sense":     func(b *contract.Batch) { b.Records[5].Data = []byte(`{"amount":`) },
		"an event is of the future":   func(b *contract.Batch) { b.Records[5].Schema = 99 },
	} {
		t.Run(name, func(t *testing.T) {
			log, store, p := bankDay(t)
			handle(t, p, log.batch(1, 10))
			batch := log.batch(11, 20)
			batch.Records = slices.Clone(batch.Records)
			spoil(&batch)
			handle(t, p, batch)
			mustShow(t, t.Context(), store, log, 50)
			mustHaveRead(t, log, 1)
		})
	}
}

func TestAHeadBeyondTheLogIsCorrected(t *testing.T) {
	log, store, p := bankDay(t)
	handle(t, p, contract.Batch{Last: 1 << 60})
	mustShow(t, t.Context(), store, log, 50)
	if s := p.Status(); s.Head != 50 || s.Lag() != 0 {
		t.Errorf("status is %+v, want head 50 as the log says", s)
	}
}

func TestANewProjectorGoesOnWhereTheLastOneStopped(t *testing.T) {
	log := newLedger()
	log.open(t, 5)
	log.pay(t, 45)
	path := filepath.Join(t.TempDir(), "views.db")
	for i, b := range log.batches(10) {
		store, err := sqlite.Open(t.Context(), path, sqlite.Options{})
		if err != nil {
			t.Fatal(err)
		}
		p := newProjector(store, log)
		if i%2 == 0 {
			handle(t, p, b, b)
		} else {
			handle(t, p, log.batch(1, b.Last))
		}
		if p.Position() != b.Last {
			t.Errorf("position is %d, want %d", p.Position(), b.Last)
		}
		mustShow(t, t.Context(), store, log, b.Last)
		if err := store.Close(t.Context()); err != nil {
			t.Fatal(err)
		}
	}
	mustHaveRead(t, log, 0)
}

func TestLostViewsAreBuiltAgain(t *testing.T) {
	log := newLedger()
	log.open(t, 60)
	log.pay(t, 4_100) // more than one read and more than one transaction
	store := memory.New()
	p := newProjector(store, log)
	if err := p.CatchUp(t.Context()); err != nil {
		t.Fatal(err)
	}
	mustShow(t, t.Context(), store, log, 4_160)
	mustHaveRead(t, log, 5)
	if err := p.CatchUp(t.Context()); err != nil {
		t.Fatal(err)
	}
	mustHaveRead(t, log, 6)
}

func TestABatchLargerThanATransactionIsApplied(t *testing.T) {
	log := newLedger()
	log.open(t, 60)
	log.pay(t, 4_100)
	store := memory.New()
	handle(t, newProjector(store, log), log.batch(1, 4_160))
	mustShow(t, t.Context(), store, log, 4_160)
	mustHaveRead(t, log, 0)
}
