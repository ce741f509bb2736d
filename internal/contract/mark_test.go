package contract_test

import (
	"encoding/json"
	"testing"
	"time"

	"pgregory.net/rapid"

	"corebank/internal/contract"
)

// A record has the same mark wherever it is read, and another one than any other record.
func TestAMarkStandsForOneRecord(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		r := anyRecord(t)
		text, err := r.Encode()
		if err != nil {
			return // no JSON can carry it
		}
		var read, again contract.Record
		if contract.Decode(text, &read) != nil {
			return // a year that is none
		}
		read.Position++ // in the whole log it is another one than in its partition
		if text, err = json.Marshal(read); err != nil || contract.Decode(text, &again) != nil {
			t.Fatal(err)
		}
		if read.Mark() != again.Mark() {
			t.Fatalf("%s\nhas the mark %s, and read again %s", text, read.Mark(), again.Mark())
		}
		for i, change := range []func(*contract.Record){
			func(r *contract.Record) { r.Account += "x" }, func(r *contract.Record) { r.Version++ },
			func(r *contract.Record) { r.Type += "x" }, func(r *contract.Record) { r.Schema++ },
			func(r *contract.Record) { r.At = r.At.Add(time.Microsecond) }, func(r *contract.Record) { r.Key += "x" },
			func(r *contract.Record) { r.Caller += "x" }, func(r *contract.Record) { r.RequestHash += "x" },
			func(r *contract.Record) { r.Role += "x" }, func(r *contract.Record) { r.Data = append(r.Data[:0:0], "{}x"...) },
			func(r *contract.Record) { r.Key, r.Caller = r.Key+"x", "y" },
			func(r *contract.Record) {
				if r.After == nil {
					r.After = &contract.PartitionPosition{Partition: 1, Position: 1}
				} else {
					r.After = nil
				}
			},
		} {
			other := read
			if change(&other); other.Mark() == read.Mark() {
				t.Fatalf("change %d of %s has the same mark", i, text)
			}
		}
	})
}

func TestAMarkTakesNoMemory(t *testing.T) {
	r := contract.Record{Account: "acc_oj6g4v7nokx5jmvsgtlk7h44my", Version: 7, Type: "money-deposited", Schema: 1,
		At: time.Now(), Key: "0123456789abcdef", Caller: "tess", RequestHash: "0123456789abcdef0123456789abcdef",
		Data: make([]byte, 400)}
	if n := testing.AllocsPerRun(100, func() { _ = r.Mark() }); n != 0 {
		t.Errorf("a mark takes %v allocations", n)
	}
}

func BenchmarkMark(b *testing.B) {
	r := contract.Record{Account: "acc_oj6g4v7nokx5jmvsgtlk7h44my", Version: 7, Type: "money-deposited", Schema: 1,
		At: time.Now(), Key: "0123456789abcdef", Caller: "tess", RequestHash: "0123456789abcdef0123456789abcdef",
		Data: make([]byte, 400)}
	b.ReportAllocs()
	for b.Loop() {
		_ = r.Mark()
	}
}
