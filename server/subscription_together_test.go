package server_test

import (
	"testing"
	"testing/synctest"

	"corebank/internal/contract"
	"corebank/server"
)

// growTogether appends so many records at once, of which subscribers must see each once and in order.
func (h *history) growTogether(t *testing.T, n int) contract.Batch {
	t.Helper()
	batch := h.grow(t, n)
	for i := range batch.Records {
		batch.Records[i].More = n - 1 - i
		h.records[batch.First-1+int64(i)].More = n - 1 - i
	}
	return batch
}

// part are the records of a batch from one on, and up to another.
func part(b contract.Batch, from, to int) contract.Batch {
	b.First, b.Last, b.Records = b.First+int64(from), b.First+int64(to)-1, b.Records[from:to]
	b.Previous = b.First - 1
	return b
}

// Wherever the topic tears an append to several accounts, each subscriber sees each leg once and in order.
func TestEachLegIsSeenOnceWhereverTheTopicIsTorn(t *testing.T) {
	for from := range 5 {
		for to := from + 1; to <= 5; to++ {
			synctest.Test(t, func(t *testing.T) {
				h := &history{}
				feed := server.NewSubscriptionHub(h)
				handle(t, feed, h.grow(t, 4)) // 1 and 2 open the accounts
				one, all, early := listen(t, feed, ada, -1, nil), listen(t, feed, "", -1, nil), listen(t, feed, "", 2, nil)
				synctest.Wait()
				legs := h.growTogether(t, 5)
				handle(t, feed, part(legs, from, to), part(legs, 0, to), part(legs, from, 5))
				late := listen(t, feed, "", 4, nil)
				synctest.Wait() // it has read the log, which grows now
				handle(t, feed, contract.Batch{Last: 9}, legs, h.growTogether(t, 2))
				one.expect(t, 5, 7, 9, 11)
				all.expect(t, 5, 6, 7, 8, 9, 10, 11)
				early.expect(t, 3, 4, 5, 6, 7, 8, 9, 10, 11)
				late.expect(t, 5, 6, 7, 8, 9, 10, 11)
				for _, l := range []*listener{one, all, early, late} {
					l.cancel()
				}
				synctest.Wait()
			})
		}
	}
}
