package logclient

import (
	"context"
	"errors"
	"strings"
	"testing"

	"corebank/internal/contract"
)

// ownedLog is a log with an id, which was taken over under a name.
type ownedLog struct {
	id, takeover string
	records      []contract.Record
	fenced       *ownedLog // answers in its place unless the answer must be certain
	unaware      int64     // of how many of its newest records the writer does not know yet
}

func (l *ownedLog) ReadAll(_ context.Context, r contract.ReadAllRequest) (contract.Records, error) {
	if l.fenced != nil && !r.Certain {
		return l.fenced.ReadAll(context.Background(), r)
	}
	head := int64(len(l.records))
	from := min(r.AfterPosition, head)
	return contract.Records{Records: l.records[from:min(from+int64(r.Limit), head)], Head: head - l.unaware, Log: l.id,
		Takeover: l.takeover}, nil
}

// written are numbered records under keys that begin with a text.
func written(by string, first, last int64) []contract.Record {
	records := numbered(first, last)
	for i := range records {
		records[i].Key = by
	}
	return records
}

func (l *ownedLog) checkpoint(position int64) contract.Checkpoint {
	return contract.Checkpoint{Log: l.id, Position: position, Mark: l.records[position-1].Mark()}
}

func TestACheckpointIsOfOneLog(t *testing.T) {
	log := &ownedLog{id: "a", takeover: "1", records: written("x", 1, 10)}
	regrown := &ownedLog{id: "a", takeover: "2", records: append(written("x", 1, 7), written("y", 8, 12)...)}
	for _, test := range []struct {
		name string
		at   contract.Checkpoint
		in   *ownedLog
		says string // of the error; "" for none
	}{
		{"nothing was processed", contract.Checkpoint{Log: "a"}, log, ""},
		{"the same", log.checkpoint(10), log, ""},
		{"earlier, in the same", log.checkpoint(3), log, ""},
		{"without a mark or a log", contract.Checkpoint{Position: 10}, log, ""},
		{"of a common past", log.checkpoint(7), regrown, ""},
		{"of another log", contract.Checkpoint{Log: "b"}, log, "that was b, this is a"},
		{"behind the end", log.checkpoint(10), &ownedLog{id: "a", records: written("x", 1, 9)},
			"reached position 10, this ends at 9"},
		{"ahead of what the writer knows", log.checkpoint(10), &ownedLog{id: "a", records: log.records, unaware: 2}, ""},
		{"of another past", log.checkpoint(8), regrown, "different records at position 8"},
	} {
		_, err := Verify(t.Context(), test.in, test.at)
		if test.says == "" && err != nil ||
			test.says != "" && (!errors.Is(err, ErrOtherLog) || !strings.Contains(err.Error(), test.says)) {
			t.Errorf("%s: %v, want %q", test.name, err, test.says)
		}
	}
}

// owner takes records and keeps a checkpoint.
type owner struct {
	taker
	at contract.Checkpoint
}

func (o *owner) follow(log Reader) *Follower {
	f := o.taker.follow(log, 0)
	f.Checkpoint = func() contract.Checkpoint { return o.at }
	f.Take = func(ctx context.Context, records []contract.Record, fromLog bool) error {
		for i := range records {
			o.at.Position, o.at.Mark = records[i].Position, records[i].Mark()
		}
		return o.take(ctx, records, fromLog)
	}
	return f
}

func (l *ownedLog) batch(first, last int64) contract.Batch {
	b := batch(first-1, first, last)
	b.Records, b.Takeover = l.records[first-1:last], l.takeover
	return b
}

// A message that was published before an earlier copy of the log was restored has records that never were.
func TestAMessageOfAnEarlierTakeoverIsReadFromTheLog(t *testing.T) {
	old := &ownedLog{id: "a", takeover: "1", records: written("x", 1, 10)}
	now := &ownedLog{id: "a", takeover: "2", records: append(written("x", 1, 7), written("y", 8, 9)...)}
	var o owner
	f := o.follow(now)
	for _, b := range []contract.Batch{now.batch(1, 7), old.batch(8, 10), now.batch(8, 9), old.batch(9, 10),
		batch(9, 10, 10)} { // and one without a takeover
		if err := f.Handle(t.Context(), b); err != nil {
			t.Fatal(err)
		}
	}
	if o.at.Position != 9 || o.at.Mark != now.records[8].Mark() {
		t.Errorf("it took %+v, want what the log has at 9", o.at)
	}
}

func TestALogThatWasPutBackIsNoticed(t *testing.T) {
	old := &ownedLog{id: "a", takeover: "1", records: written("x", 1, 10)}
	for name, now := range map[string]*ownedLog{
		"it is shorter":   {id: "a", takeover: "2", records: written("x", 1, 7)},
		"it grew anew":    {id: "a", takeover: "2", records: append(written("x", 1, 7), written("y", 8, 20)...)},
		"it is another":   {id: "b", takeover: "2", records: written("x", 1, 20)},
		"it is empty now": {id: "a", takeover: "2"},
	} {
		t.Run(name, func(t *testing.T) {
			var o owner
			f := o.follow(old)
			if err := f.Pull(t.Context(), 10); err != nil {
				t.Fatal(err)
			}
			o.at.Log = f.LogID()
			f.Log = now
			heartbeat := contract.Batch{Last: int64(len(now.records)), Takeover: "2"}
			if err := f.Handle(t.Context(), heartbeat); !errors.Is(err, ErrOtherLog) {
				t.Errorf("by a heartbeat: %v", err)
			}
			if err := f.Pull(t.Context(), 1000); !errors.Is(err, ErrOtherLog) {
				t.Errorf("by a read: %v", err)
			}
		})
	}
}

// An event source that was fenced and does not know it answers with an end that is too early.
func TestAFencedEventSourceIsNotAnotherLog(t *testing.T) {
	old := &ownedLog{id: "a", takeover: "1", records: written("x", 1, 5)}
	now := &ownedLog{id: "a", takeover: "2", records: written("x", 1, 10)}
	o := owner{taker: taker{position: 8}, at: now.checkpoint(8)}
	f := o.follow(&ownedLog{id: "a", takeover: "2", records: now.records, fenced: old})
	if err := f.Pull(t.Context(), 10); err == nil || errors.Is(err, ErrOtherLog) {
		t.Errorf("%v, want an error that another attempt may cure", err)
	}
	f.Log = now
	if err := f.Pull(t.Context(), 10); err != nil || o.position != 10 {
		t.Errorf("then it is at %d (%v), want 10", o.position, err)
	}
}
