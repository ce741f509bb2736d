package contract

import "fmt"

// Batch is one message of the topic, which Message writes and ReadMessage reads:
// the contiguous records First to Last, and Previous, the position before First.
// A batch without records is a heartbeat: First is 0 and Last the head of the
// log, so that a lost last message is noticed.
//
// ID is the same whenever the same records are published again, and different
// for each heartbeat: brokers drop what they have seen.
//
// Takeover is that of the writer which published it: see Records. The broker may
// deliver what was published before an earlier copy of the log was restored.
type Batch struct {
	ID       string `json:"id"`
	Previous int64  `json:"previous"`
	First    int64  `json:"first"`
	Last     int64  `json:"last"`
	Takeover string `json:"takeover,omitempty"`
	// Traced are those of the records that somebody traces. It is missing where the
	// records were read from the log: the log does not keep it.
	Traced  []Traced `json:"traced,omitempty"`
	Records []Record `json:"records"`
}

// Check is nil if the batch is what it says that it is: a heartbeat, or the
// contiguous records First to Last, which stand behind Previous.
func (b Batch) Check() error {
	if len(b.Records) == 0 {
		if b.First != 0 || b.Previous != 0 || b.Last < 0 {
			return fmt.Errorf("a batch of %d to %d after %d without records", b.First, b.Last, b.Previous)
		}
		return nil
	}
	if b.First < 1 || b.Previous != b.First-1 || b.Last != b.First+int64(len(b.Records))-1 {
		return fmt.Errorf("a batch of %d records says that it is %d to %d after %d",
			len(b.Records), b.First, b.Last, b.Previous)
	}
	for i, r := range b.Records {
		if r.Position != b.First+int64(i) {
			return fmt.Errorf("record %d of a batch from %d on says that it is at position %d", i, b.First, r.Position)
		}
	}
	return nil
}
