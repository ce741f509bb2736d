package server_test

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"testing"
	"testing/synctest"

	"corebank/graph"
	"corebank/internal/bank"
	"corebank/internal/contract"
	"corebank/server"
)

// history is a log of deposits, to Ada at odd and to Bob at even positions;
// each account's first event opens it.
type history struct{ records []contract.Record }

func (h *history) grow(t *testing.T, n int) (batch contract.Batch) {
	t.Helper()
	batch.Previous = int64(len(h.records))
	for range n {
		position := int64(len(h.records) + 1)
		id := []bank.AccountID{bob, ada}[position%2]
		version := (position + 1) / 2
		amount := bank.Money{Minor: position, Currency: "EUR"}
		var event bank.Event = bank.MoneyDeposited{Movement: bank.Movement{Amount: amount, Balance: amount}}
		if version == 1 {
			event = bank.AccountOpened{Owner: "x", Currency: "EUR", Kind: bank.Current}
		}
		r := contract.Record{Position: position, Account: id, Version: version, Key: fmt.Sprint(position)}
		if err := r.SetEvent(event); err != nil {
			t.Fatal(err)
		}
		h.records = append(h.records, r)
		batch.Records = append(batch.Records, r)
	}
	batch.First, batch.Last = batch.Previous+1, int64(len(h.records))
	return batch
}

func (h *history) ReadAll(_ context.Context, r contract.ReadAllRequest) (contract.Records, error) {
	rest := h.records[min(r.AfterPosition, int64(len(h.records))):]
	return contract.Records{Records: rest[:min(3, len(rest))], Head: int64(len(h.records))}, nil
}

func (h *history) ReadStream(_ context.Context, r contract.ReadStreamRequest) (page contract.Records, err error) {
	for _, one := range h.records {
		if one.Account == r.Account && one.Version > r.AfterVersion && len(page.Records) < 3 {
			page.Records = append(page.Records, one)
		}
	}
	return page, nil
}

// listener collects what a subscription yields.
type listener struct {
	positions []int64
	err       error
	cancel    context.CancelFunc
	pause     chan struct{} // when set, it takes one line for each token
}

func listen(t *testing.T, feed *server.SubscriptionHub, id bank.AccountID, after int64, pause chan struct{}) *listener {
	ctx, cancel := context.WithCancel(t.Context())
	l := &listener{cancel: cancel, pause: pause}
	var from *graph.FeedCursor
	if after >= 0 {
		from = &graph.FeedCursor{Number: after}
	}
	go func() {
		for item, err := range feed.Each(ctx, id, from, 0) {
			if err != nil {
				l.err = err
				return
			}
			l.positions = append(l.positions, item.Position)
			if l.pause != nil {
				<-l.pause
			}
		}
	}()
	return l
}

func (l *listener) expect(t *testing.T, want ...int64) {
	t.Helper()
	synctest.Wait()
	if l.err != nil || fmt.Sprint(l.positions) != fmt.Sprint(want) {
		t.Fatalf("got %v (%v), want %v", l.positions, l.err, want)
	}
}

// fails checks that the subscription ended with a fault of this code, and returns
// the fault.
func (l *listener) fails(t *testing.T, code string) *graph.Fault {
	t.Helper()
	synctest.Wait()
	var fault *graph.Fault
	if !errors.As(l.err, &fault) || fault.Code != code {
		t.Fatalf("got %v and %v, want a fault %s", l.positions, l.err, code)
	}
	return fault
}

func handle(t testing.TB, feed *server.SubscriptionHub, batches ...contract.Batch) {
	t.Helper()
	for _, b := range batches {
		if err := feed.Handle(t.Context(), b); err != nil {
			t.Fatal(err)
		}
	}
}

func TestSubscribersSeeEachTransactionOnceAndInOrder(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		h := &history{}
		feed := server.NewSubscriptionHub(h)
		handle(t, feed, h.grow(t, 4)) // 1 and 2 open the accounts
		live := listen(t, feed, ada, -1, nil)
		all := listen(t, feed, "", -1, nil)
		resumed := listen(t, feed, ada, 3, nil)
		fromStart := listen(t, feed, "", 0, nil)
		synctest.Wait()

		five := h.grow(t, 2)
		lost := h.grow(t, 3)
		last := h.grow(t, 1)
		handle(t, feed, five, last, lost, five, last) // out of order, repeated
		live.expect(t, 5, 7, 9)
		all.expect(t, 5, 6, 7, 8, 9, 10)
		resumed.expect(t, 5, 7, 9)
		fromStart.expect(t, 3, 4, 5, 6, 7, 8, 9, 10)

		h.grow(t, 1) // its message is lost; a heartbeat carries the head
		handle(t, feed, contract.Batch{Last: 11})
		live.expect(t, 5, 7, 9, 11)
		for _, l := range []*listener{live, all, resumed, fromStart} {
			l.cancel()
		}
		synctest.Wait()
	})
}

func TestATopicBehindTheLogRepeatsNothing(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		h := &history{}
		feed := server.NewSubscriptionHub(h)
		handle(t, feed, h.grow(t, 4))
		held := h.grow(t, 4) // in the log, its message not here yet
		all, one := listen(t, feed, "", 0, nil), listen(t, feed, ada, 5, nil)
		all.expect(t, 3, 4, 5, 6, 7, 8)
		one.expect(t, 7)
		handle(t, feed, held, h.grow(t, 1))
		all.expect(t, 3, 4, 5, 6, 7, 8, 9)
		one.expect(t, 7, 9)
		all.cancel()
		one.cancel()
		synctest.Wait()
	})
}

// behind is a log as an event source reads it that has lost it to another writer.
type behind struct {
	*history
	head int64
}

func (b *behind) ReadAll(ctx context.Context, r contract.ReadAllRequest) (contract.Records, error) {
	page, err := b.history.ReadAll(ctx, r)
	page.Records = page.Records[:max(0, min(int64(len(page.Records)), b.head-r.AfterPosition))]
	page.Head = b.head
	return page, err
}

func TestALogThatEndsTooEarlyHidesNothing(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		log := &behind{history: &history{}, head: 8}
		feed := server.NewSubscriptionHub(log)
		handle(t, feed, log.grow(t, 8))
		log.head = 5
		heard := listen(t, feed, "", 2, nil)
		synctest.Wait()
		if heard.err == nil || fmt.Sprint(heard.positions) != "[3 4 5]" {
			t.Fatalf("got %v and %v, want an error after 5", heard.positions, heard.err)
		}
		log.head = 8
		again := listen(t, feed, "", 5, nil)
		again.expect(t, 6, 7, 8)
		again.cancel()
		synctest.Wait()
	})
}

func TestASlowSubscriberGetsAnErrorAndCanResume(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		h := &history{}
		feed := server.NewSubscriptionHub(h)
		handle(t, feed, h.grow(t, 2))
		pause := make(chan struct{})
		slow, quick := listen(t, feed, "", -1, pause), listen(t, feed, "", -1, nil)
		synctest.Wait()
		for range 30 {
			handle(t, feed, h.grow(t, 100))
			synctest.Wait()
		}
		close(pause)
		slow.fails(t, graph.CodeLagged)
		if len(quick.positions) != 3000 || quick.err != nil {
			t.Errorf("the quick subscriber got %d lines, %v", len(quick.positions), quick.err)
		}
		again := listen(t, feed, "", slow.positions[len(slow.positions)-1], nil)
		synctest.Wait()
		if got := len(slow.positions) + len(again.positions); got != 3000 {
			t.Errorf("%d lines in all, want 3000", got)
		}
		quick.cancel()
		again.cancel()
		synctest.Wait()
	})
}

func TestASubscriberWaitsForTheFeedToBegin(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		h := &history{}
		feed := server.NewSubscriptionHub(h)
		early := listen(t, feed, ada, 0, nil)
		synctest.Wait()
		h.grow(t, 4)
		handle(t, feed, contract.Batch{Last: 4})
		early.expect(t, 3)
		early.cancel()
		synctest.Wait()
	})
}

// TestARecordThatCannotBeReadEndsItsAccountAlone: it ends the subscriptions of its
// account and no others, neither those that follow the topic nor those that read
// the log.
func TestARecordThatCannotBeReadEndsItsAccountAlone(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		h := &history{}
		feed := server.NewSubscriptionHub(h)
		handle(t, feed, h.grow(t, 4))
		all := listen(t, feed, "", -1, nil)
		hers, his := listen(t, feed, ada, -1, nil), listen(t, feed, bob, -1, nil)
		synctest.Wait()
		bad := h.grow(t, 3)
		h.records[4].Type, bad.Records[0].Type = "money-printed", "money-printed" // Ada's
		handle(t, feed, bad, h.grow(t, 2))
		all.expect(t, 6, 7, 8, 9)
		his.expect(t, 6, 8)

		late := listen(t, feed, "", 0, nil)
		late.expect(t, 3, 4, 6, 7, 8, 9)
		herPast := listen(t, feed, ada, 0, nil)
		synctest.Wait()
		for name, l := range map[string]*listener{"a follower of her account": hers, "a reader of her past": herPast} {
			fault := l.fails(t, graph.CodeUnavailable)
			if !strings.Contains(fault.Message, "Version 3 of account "+string(ada)) {
				t.Errorf("%s got %q", name, fault.Message)
			}
		}
		h.grow(t, 1) // its message is lost; a heartbeat carries the head
		handle(t, feed, contract.Batch{Last: 10})
		all.expect(t, 6, 7, 8, 9, 10)
		for _, l := range []*listener{all, his, late} {
			l.cancel()
		}
		synctest.Wait()
	})
}

// TestAWrongHeadIsCorrected: a message with a head beyond the log does not stop the
// feed.
func TestAWrongHeadIsCorrected(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		h := &history{}
		feed := server.NewSubscriptionHub(h)
		early := h.grow(t, 4)
		handle(t, feed, contract.Batch{Last: 1 << 60}, early)
		live := listen(t, feed, "", -1, nil)
		synctest.Wait()
		h.grow(t, 1)
		handle(t, feed, contract.Batch{Last: 1 << 60}) // the log is read all the same
		live.expect(t, 5)
		handle(t, feed, h.grow(t, 1))
		live.expect(t, 5, 6)
		live.cancel()
		synctest.Wait()
	})
}

var _ graph.SubscriptionHub = (*server.SubscriptionHub)(nil)
