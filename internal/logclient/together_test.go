package logclient

import (
	"context"
	"errors"
	"fmt"
	"testing"

	"corebank/internal/contract"
)

// shapes are appends of so many records, to several streams unless it is one.
func shapes(appends ...int) (records []contract.Record) {
	for _, n := range appends {
		for more := n - 1; more >= 0; more-- {
			records = append(records, contract.Record{Position: int64(len(records)) + 1, More: more})
		}
	}
	return records
}

// torn is a log whose pages end anywhere.
type torn struct {
	records  []contract.Record
	page     int
	takeover string
	before   func(after int64)
	reads    int
}

func (l *torn) ReadAll(_ context.Context, r contract.ReadAllRequest) (contract.Records, error) {
	if l.reads++; l.reads > 1000 {
		return contract.Records{}, errors.New("it reads permanently")
	}
	if l.before != nil {
		l.before(r.AfterPosition)
	}
	head := int64(len(l.records))
	from := min(r.AfterPosition, head)
	return contract.Records{Records: l.records[from:min(from+int64(l.page), head)], Head: head, Takeover: l.takeover}, nil
}

// wholeTaker takes records in order, and fails if it is given an append in part.
type wholeTaker struct{ position int64 }

func (k *wholeTaker) follow(log Reader, chunk int) *Follower {
	return &Follower{Log: log, Position: func() int64 { return k.position }, Take: k.take, Chunk: chunk}
}

func (k *wholeTaker) take(_ context.Context, records []contract.Record, _ bool) error {
	for _, r := range records {
		if k.position++; r.Position != k.position {
			return fmt.Errorf("position %d after %d", r.Position, k.position-1)
		}
	}
	if n := len(records); n > 0 && records[n-1].More > 0 {
		return fmt.Errorf("after position %d, %d records of an append are missing", k.position, records[n-1].More)
	}
	return nil
}

// Wherever pages end, an append to several streams is taken as a whole.
func TestPagesThatEndInsideAnAppendArePutTogether(t *testing.T) {
	records := shapes(1, 3, 1, 1, 2, 7, 1, 500, 2, 1)
	for page := 1; page <= 40; page++ {
		for _, chunk := range []int{0, 1, 5, 1000} {
			k, log := wholeTaker{}, &torn{records: records, page: page}
			if err := k.follow(log, chunk).Pull(t.Context(), 10_000); err != nil || k.position != int64(len(records)) {
				t.Errorf("pages of %d, chunks of %d: position %d, %v", page, chunk, k.position, err)
			}
			if most := len(records)/page + 2; chunk > 0 && log.reads > most {
				t.Errorf("pages of %d, chunks of %d: %d reads, want at most %d: none is read twice",
					page, chunk, log.reads, most)
			}
		}
	}
}

// Wherever a message of the topic begins and ends, an append to several streams is taken as a whole; the rest of it is
// read from the log.
func TestAMessageThatEndsInsideAnAppendIsNotTakenInPart(t *testing.T) {
	records := shapes(2, 1, 3, 1, 4)
	for first := 1; first <= len(records); first++ {
		for last := first; last <= len(records); last++ {
			k, log := wholeTaker{}, &torn{records: records, page: 3}
			f := k.follow(log, 0)
			part := contract.Batch{Previous: int64(first) - 1, First: int64(first), Last: int64(last),
				Records: records[first-1 : last]}
			for _, batch := range []contract.Batch{part, part, {Last: int64(len(records))}} {
				if err := f.Handle(t.Context(), batch); err != nil || k.position < batch.Last {
					t.Fatalf("%d to %d: position %d after the message up to %d, %v", first, last, k.position, batch.Last, err)
				}
			}
		}
	}
}

// A log that ends inside an append, as none should: what is whole is taken, and the rest when it is there.
func TestTheRestOfAnAppendIsWaitedFor(t *testing.T) {
	records := shapes(2, 1, 4)
	for _, chunk := range []int{0, 2, 1000} {
		for end := range len(records) + 1 {
			k, log := wholeTaker{}, &torn{records: records[:end], page: 2}
			f := k.follow(log, chunk)
			whole := int64(len(contract.Whole(log.records)))
			if err := f.Pull(t.Context(), 7); err != nil || k.position != whole {
				t.Errorf("chunks of %d, a log of %d: position %d, want %d (%v)", chunk, end, k.position, whole, err)
			}
			log.records = records
			if err := f.Pull(t.Context(), 7); err != nil || k.position != 7 {
				t.Errorf("chunks of %d, a log of %d: position %d at the end (%v)", chunk, end, k.position, err)
			}
		}
	}
}

// Another event source may have another log: nothing that the one before began to answer is put together with it.
func TestAnAppendIsNotPutTogetherFromTwoLogs(t *testing.T) {
	for _, chunk := range []int{0, 3, 1000} {
		for at := range int64(8) {
			k, log := wholeTaker{}, &torn{records: shapes(2, 2, 2, 3), page: 2, takeover: "first"}
			log.before = func(after int64) {
				if after >= at && log.takeover == "first" {
					log.records, log.takeover = shapes(2, 1, 1, 1, 3, 1), "second"
				}
			}
			if err := k.follow(log, chunk).Pull(t.Context(), 9); err != nil || k.position != 9 {
				t.Errorf("chunks of %d, taken over at %d: position %d, %v", chunk, at, k.position, err)
			}
		}
	}
}
