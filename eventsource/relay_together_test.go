package eventsource_test

import (
	"errors"
	"fmt"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"corebank/eventsource"
	"corebank/eventsource/logtest"
	"corebank/eventsource/storage"
	"corebank/internal/bank"
	"corebank/internal/contract"
)

// together opens so many accounts in one append, with records of so many bytes.
func (s source) together(t *testing.T, name string, accounts, bytes int) {
	t.Helper()
	var appends []contract.Append
	for i := range accounts {
		id := bank.NewAccountID(name, fmt.Sprint(i))
		appends = append(appends, contract.Append{Account: id, Records: []contract.Record{{Account: id, Version: 1,
			Key: "key", Type: "any", Data: []byte(`"` + strings.Repeat("x", bytes) + `"`)}}})
	}
	if got := s.writer.Append(t.Context(), []contract.Append{logtest.Together(appends...)})[0]; got.Status !=
		contract.Appended {
		t.Fatalf("%+v", got)
	}
}

// No message ends inside an append to several streams. One that does not fit into a message is announced, so that it is
// read from the log.
func TestAnAppendToSeveralStreamsTravelsAsAWhole(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b := &broker{}
		s := startSource(t, storage.NewMemoryLog(), b)
		b.failWith(errors.New("no broker")) // so that many records wait
		for i, size := range []int{2, 499, 3, 300, 300, 1, 500, 7, 500, 2} {
			s.together(t, fmt.Sprint("small ", i), size, 10)
		}
		small := s.writer.Head()
		s.together(t, "long", 100, 16_000)
		long := s.writer.Head()
		s.together(t, "last", 2, 10)
		b.failWith(nil)
		time.Sleep(2 * time.Second) // virtual
		b.mu.Lock()
		defer b.mu.Unlock()
		reached, announced := int64(0), int64(0)
		for _, batch := range b.batches {
			data, err := batch.Message()
			if err != nil || len(data) > 1<<20 {
				t.Errorf("a message of %d bytes, %v", len(data), err)
			}
			if n := len(batch.Records); n == 0 {
				announced, reached = max(announced, batch.Last), max(reached, batch.Last)
				continue
			}
			if more := batch.Records[len(batch.Records)-1].More; more != 0 || batch.First != reached+1 {
				t.Errorf("%d to %d after %d ends %d records before the end of an append",
					batch.First, batch.Last, reached, more)
			}
			if batch.First <= long && batch.Last > small {
				t.Errorf("what is too long is in a message: %d to %d", batch.First, batch.Last)
			}
			reached = batch.Last
		}
		if reached != s.writer.Head() || announced < long {
			t.Errorf("published up to %d and announced up to %d, want %d and %d", reached, announced, s.writer.Head(), long)
		}
	})
}

// Wherever a read of the log begins and however long it is, its answer does not end inside an append to several
// streams, unless there is nothing else to answer or that is asked for.
func TestAPageOfTheLogEndsWithAWholeAppend(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		log := storage.NewMemoryLog()
		s := startSource(t, log, &broker{})
		for i, size := range []int{2, 1, 3, 1, 1, 4, 2} {
			s.together(t, fmt.Sprint(i), size, 10)
		}
		api := eventsource.NewAPI(s.writer, log.Open(), s.writer.Head)
		read := func(after int64, limit int, inPart bool) []contract.Record {
			page, err := api.ReadAll(t.Context(), contract.ReadAllRequest{AfterPosition: after, Limit: limit, InPart: inPart})
			if err != nil {
				t.Fatal(err)
			}
			return page.Records
		}
		head := s.writer.Head()
		for after := range head {
			for limit := 1; limit <= int(head); limit++ {
				exact, page := read(after, limit, true), read(after, limit, false)
				if len(exact) != min(limit, int(head-after)) {
					t.Errorf("after %d: %d records where %d were asked for", after, len(exact), limit)
				}
				want := len(contract.Whole(exact))
				if want == 0 {
					want = len(exact)
				}
				if len(page) != want {
					t.Errorf("after %d, at most %d: %d records, want %d", after, limit, len(page), want)
				}
			}
		}
	})
}

// The longest append fits into one answer, from its beginning on.
func TestTheLongestAppendIsOnePage(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		log := storage.NewMemoryLog()
		s := startSource(t, log, &broker{})
		s.together(t, "before", 2, 10)
		s.together(t, "longest", contract.MaxAppendTogether, contract.MaxTogetherBytes/contract.MaxAppendTogether-402)
		api := eventsource.NewAPI(s.writer, log.Open(), s.writer.Head)
		first, err := api.ReadAll(t.Context(), contract.ReadAllRequest{})
		if err != nil || len(first.Records) != 2 {
			t.Fatalf("%d records before it, %v", len(first.Records), err)
		}
		page, err := api.ReadAll(t.Context(), contract.ReadAllRequest{AfterPosition: 2})
		if err != nil || len(page.Records) != contract.MaxAppendTogether {
			t.Fatalf("%d records of it, %v", len(page.Records), err)
		}
		text, err := page.Encode()
		if err != nil || len(text) > 4<<20 {
			t.Errorf("an answer of %d bytes (%v); a sidecar carries 4 MiB", len(text), err)
		}
	})
}
