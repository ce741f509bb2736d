package server_test

import (
	"context"
	"errors"
	"testing"
	"testing/synctest"
	"time"

	"corebank/graph"
	"corebank/internal/bank"
	"corebank/internal/contract"
	"corebank/internal/logclient"
	"corebank/internal/view"
	"corebank/internal/view/memory"
	"corebank/server"
)

// ownedHistory is a history of a log with an id, under a takeover.
type ownedHistory struct {
	history
	id, takeover string
	away         error // of every read, if set
}

func (h *ownedHistory) ReadAll(ctx context.Context, r contract.ReadAllRequest) (contract.Records, error) {
	page, err := h.history.ReadAll(ctx, r)
	page.Log, page.Takeover = h.id, h.takeover
	return page, errors.Join(err, h.away)
}

func (h *ownedHistory) grown(t *testing.T, n int) contract.Batch {
	t.Helper()
	batch := h.grow(t, n)
	batch.Takeover = h.takeover
	return batch
}

// putBack makes the history one that ends at a position, under another takeover.
func (h *ownedHistory) putBack(position int, takeover string) {
	h.records, h.takeover = h.records[:position:position], takeover
}

func (h *ownedHistory) heartbeat() contract.Batch {
	return contract.Batch{Last: int64(len(h.records)), Takeover: h.takeover}
}

func TestSubscribersBeginAnewWhenTheLogIsPutBack(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		h := &ownedHistory{id: "a", takeover: "1"}
		feed := server.NewSubscriptionHub(h)
		var taken []string
		feed.OnTakeover(func(takeover string) { taken = append(taken, takeover) })
		handle(t, feed, h.grown(t, 4))
		all, hers := listen(t, feed, "", -1, nil), listen(t, feed, ada, -1, nil)
		watching := make(chan error, 1)
		go func() {
			for _, err := range feed.Changes(t.Context(), ada) {
				if err != nil {
					watching <- err
				}
			}
		}()
		synctest.Wait()
		late := h.grown(t, 4)
		handle(t, feed, late)
		all.expect(t, 5, 6, 7, 8)
		hers.expect(t, 5, 7)

		h.putBack(6, "2")
		handle(t, feed, h.heartbeat(), late) // the broker delivers an old message again
		all.fails(t, graph.CodeCursorInvalid)
		hers.fails(t, graph.CodeCursorInvalid)
		fault := (*graph.Fault)(nil)
		if err := <-watching; !errors.As(err, &fault) || fault.Code != graph.CodeUnavailable || !fault.Retryable {
			t.Errorf("who watches the account gets %v", err)
		}
		listen(t, feed, "", 8, nil).fails(t, graph.CodeCursorInvalid)
		again := listen(t, feed, "", 6, nil)
		synctest.Wait()
		handle(t, feed, h.grown(t, 1))
		again.expect(t, 7)
		again.cancel()
		synctest.Wait()
		if len(taken) < 2 || taken[0] != "1" || taken[1] != "2" {
			t.Errorf("the takeovers %q were noted, want 1 and 2", taken)
		}
	})
}

// checkpointed are views at a checkpoint.
func checkpointed(t *testing.T, at contract.Checkpoint, accounts ...view.Account) *memory.Store {
	t.Helper()
	views := memory.New()
	if at.Position == 0 {
		return views
	}
	err := views.Apply(t.Context(), view.Changes{To: at.Position, Log: at.Log, Mark: at.Mark, Accounts: accounts,
		Trial: view.Trial{Position: at.Position}})
	if err != nil {
		t.Fatal(err)
	}
	return views
}

func TestViewsAreReadOnlyWhileTheyShowTheLog(t *testing.T) {
	h := &ownedHistory{id: "a", takeover: "1"}
	h.grow(t, 6)
	at := func(log string, position int64) contract.Checkpoint {
		return contract.Checkpoint{Log: log, Position: position, Mark: h.records[position-1].Mark()}
	}
	last := h.records[5]
	fits := view.Account{Account: bank.Account{ID: last.Account, Version: last.Version, ChangedAt: last.At}}
	behind := fits
	behind.Version--
	for name, test := range map[string]struct {
		views *memory.Store
		read  bool
	}{
		"nothing yet":            {checkpointed(t, contract.Checkpoint{}), true},
		"the same log":           {checkpointed(t, at("a", 6)), true},
		"behind in the same log": {checkpointed(t, at("a", 3)), true},
		"another log":            {checkpointed(t, at("b", 3)), false},
		"further than the log":   {checkpointed(t, contract.Checkpoint{Log: "a", Position: 7}), false},
		"another past": {checkpointed(t, contract.Checkpoint{Log: "a", Position: 6,
			Mark: contract.Mark{1}}), false},
		"of an earlier build":              {checkpointed(t, contract.Checkpoint{Position: 6}, fits), true},
		"of an earlier build, but another": {checkpointed(t, contract.Checkpoint{Position: 6}, behind), false},
	} {
		v := server.NewVerifiedViews(test.views, h)
		_, err := v.Checkpoint(t.Context())
		fault := (*graph.Fault)(nil)
		if refused := errors.As(err, &fault); refused == test.read || refused && fault.Code != graph.CodeUnavailable {
			t.Errorf("%s: %v", name, err)
		}
		if ready := v.Ready(t.Context()); ready.Ready != test.read || ready.Ready == (ready.Reason != "") {
			t.Errorf("%s: %+v", name, ready)
		}
	}
}

// Views that were verified are read while the log is away, but not when it comes back as another one.
func TestViewsAreVerifiedAgainAfterATakeover(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		h := &ownedHistory{id: "a", takeover: "1", away: errors.New("away")}
		h.grow(t, 6)
		views := checkpointed(t, contract.Checkpoint{Log: "a", Position: 6, Mark: h.records[5].Mark()})
		v := server.NewVerifiedViews(views, h)
		read := func(when string, want bool) {
			t.Helper()
			if _, err := v.Checkpoint(t.Context()); (err == nil) != want {
				t.Errorf("%s: %v", when, err)
			}
		}
		read("never verified, and the log is away", false)
		h.away = nil
		<-time.After(time.Second) // a problem is not looked for each time
		read("the log is there", true)
		h.away = errors.New("away")
		read("the log is away", true)
		v.Note("2")
		read("taken over, and away", true)
		h.away = nil
		h.putBack(5, "2")
		<-time.After(time.Second)
		read("the log was put back", false)
		<-time.After(time.Second)
		read("still", false)
		if err := views.Apply(t.Context(), view.Changes{From: 6, To: 7, Trial: view.Trial{Position: 7}}); err != nil {
			t.Fatal(err)
		}
		h.grow(t, 4)
		<-time.After(time.Second)
		read("of another past without a mark", false)
		h.id = "" // a log of an earlier build
		if _, err := logclient.Verify(t.Context(), h, contract.Checkpoint{Log: "a"}); err != nil {
			t.Error(err)
		}
	})
}
