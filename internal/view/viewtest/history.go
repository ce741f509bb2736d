package viewtest

import (
	"errors"
	"fmt"
	"math"
	"slices"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"

	"corebank/internal/bank"
	"corebank/internal/view"
)

var historyCases = cases{
	"pages in both directions between all bounds": func(h *harness) {
		h.open(ada)
		h.pay(ada, 6) // versions 2 to 8 without 5
		for _, size := range []int{1, 3, view.MaxPage} {
			for after := range int64(10) {
				for before := range int64(10) {
					h.pages(ada, view.Page{First: size, After: after, Before: before},
						view.Page{Last: size, After: after, Before: before})
				}
			}
		}
		h.pages(ada, view.Page{Last: 2, Before: math.MaxInt64 - 1})
	},
	"walking the pages meets every line once": func(h *harness) {
		h.open(ada)
		h.pay(ada, 130)
		lines := h.want.lines(ada)
		for _, size := range []int{50, view.MaxPage} {
			down := walk(h.T, h.store, view.Page{First: size})
			up := walk(h.T, h.store, view.Page{Last: size})
			slices.Reverse(down)
			if !slices.Equal(down, lines) || !slices.Equal(up, lines) {
				h.Errorf("in pages of %d: not the %d lines in order", size, len(lines))
			}
		}
	},
	"filters let through what they name": func(h *harness) {
		h.open(ada)
		h.pay(ada, 12)
		at := func(line int) time.Time { return h.want.lines(ada)[line].OccurredAt }
		hour, instant := time.Hour, time.Nanosecond
		deposits, withdrawals := []bank.EntryType{bank.DepositEntry}, []bank.EntryType{bank.WithdrawalEntry}
		for _, filter := range []view.Filter{
			{},
			{Types: deposits},
			{Types: withdrawals},
			{Types: []bank.EntryType{bank.WithdrawalEntry, bank.DepositEntry}},
			{Types: []bank.EntryType{bank.DepositEntry, bank.DepositEntry}},
			{Types: []bank.EntryType{"FEE"}},
			{Since: at(4)},
			{Until: at(4)},
			{Since: at(3), Until: at(8)},
			{Since: at(4).Add(instant), Until: at(8).Add(instant)},
			{Since: at(4).In(time.FixedZone("Tokyo", 9*3600))},
			{Until: opening.Add(-hour)},
			{Since: opening.Add(hour)},
			{Since: opening.Add(-hour), Until: opening.Add(hour)},
			{Since: at(8), Until: at(3)},
			{Since: time.Unix(0, 0)},
			{Credits: true},
			{Debits: true},
			{Credits: true, Debits: true},
			{MinAmount: 501},
			{MaxAmount: 999},
			{MinAmount: 1000, MaxAmount: 1000},
			{MinAmount: 501, MaxAmount: 999},
			{EffectiveSince: at(4)},
			{EffectiveUntil: at(4)},
			{EffectiveSince: at(3).Add(instant), EffectiveUntil: at(8).Add(instant)},
			{Types: deposits, MinAmount: 1000, Credits: true},
			{Types: withdrawals, Since: at(3), Until: at(9)},
		} {
			for _, page := range []view.Page{{First: 100}, {Last: 100}, {First: 2}, {Last: 2}, {First: 2, After: 8},
				{Last: 2, Before: 4}, {First: 5, After: 9, Before: 4}} {
				page.Filter = filter
				h.pages(ada, page)
			}
			h.sums(ada, filter)
		}
	},
	// They look for values that only few lines have.
	"filters find texts and transfers": func(h *harness) {
		h.follow(Month(h.T), 5)
		lines := h.want.lines(ada)
		out := slices.IndexFunc(lines, func(l view.Transaction) bool { return l.Type == bank.TransferOutEntry })
		sent := lines[out].Transfer
		for _, filter := range []view.Filter{
			{Reference: "salary"},
			{Reference: "salary", Types: []bank.EntryType{bank.HoldCaptureEntry}},
			{Reference: "Salary"},
			{ExternalID: "pay-1"},
			{Counterparty: grace},
			{Counterparty: grace, Credits: true},
			{Transfer: sent},
			{Transfer: "trf_none"},
			{Transfer: sent, MinAmount: 1, MaxAmount: 80_000},
			{Reference: "cash", Debits: true, MaxAmount: 5000, Types: []bank.EntryType{bank.WithdrawalEntry, bank.DepositEntry}},
			{Types: []bank.EntryType{bank.ReversalEntry, bank.TransferReturnedEntry}},
			{EffectiveUntil: opening.Add(2 * time.Microsecond), Since: opening.Add(2 * time.Microsecond)}, // back-dated
		} {
			for id := range h.content().accounts {
				for _, page := range []view.Page{{First: 100}, {Last: 100}, {First: 1}, {Last: 1}, {First: 2, After: 9},
					{Last: 2, Before: 3}} {
					page.Filter = filter
					h.pages(id, page)
				}
				h.sums(id, filter)
			}
		}
	},
	// A wrong clock dated some of its lines far ahead, twice.
	"an account that turned back is found by its times": func(h *harness) {
		h.open(ada)
		b := h.log()
		for _, ahead := range []time.Duration{0, 400 * 24 * time.Hour, time.Minute, 3 * time.Hour, 2 * time.Minute} {
			b.Now = opening.Add(ahead)
			for range 45 {
				b.Do(ada, bank.Deposit{Amount: cents(1000)})
			}
			b.Do(ada, bank.Withdraw{Amount: cents(500)})
		}
		h.follow(b, 50)
		if turned := h.account(ada).TurnedBack; turned != 186 {
			h.Fatalf("the account turned back at %d, the second time", turned)
		}
		moments := []time.Time{{}, opening.Add(2 * time.Hour)}
		for _, line := range []int{60, 120, 200} {
			moments = append(moments, h.want.lines(ada)[line].OccurredAt)
		}
		for _, since := range append(moments, opening.AddDate(2, 0, 0)) {
			for _, version := range []int64{150, 210, view.NoVersion} {
				h.stateBefore(ada, version, since)
			}
			for _, until := range moments {
				filter := view.Filter{Since: since, Until: until}
				h.pages(ada, view.Page{First: 3, After: 126, Filter: filter}, view.Page{Last: 100, Filter: filter})
				h.sums(ada, filter)
				filter.Types = []bank.EntryType{bank.WithdrawalEntry, bank.DepositEntry}
				h.pages(ada, view.Page{First: 100, Filter: filter})
			}
		}
	},
	"sums may be wider than an amount": func(h *harness) {
		h.open(grace)
		huge := h.paid(grace, 3)
		for i := range huge.Transactions {
			huge.Transactions[i].Amount = math.MaxInt64 - int64(i)
		}
		h.apply(huge)
		for _, id := range []bank.AccountID{grace, absent} {
			for _, filter := range []view.Filter{{}, {Credits: true}, {Debits: true}, {MinAmount: 501}} {
				h.sums(id, filter)
			}
		}
	},
	"malformed pages are refused": func(h *harness) {
		h.open(ada)
		h.pay(ada, 3)
		for _, page := range []view.Page{
			{},
			{First: 1, Last: 1},
			{First: view.MaxPage + 1},
			{Last: view.MaxPage + 1},
			{First: -1},
			{Last: -1},
			{First: 1, Last: -1},
			{First: 1, After: -1},
			{First: 1, Before: -1},
			{First: 1, After: math.MaxInt64},
			{First: 1, Filter: view.Filter{MinAmount: -1}},
			{First: 1, Filter: view.Filter{MaxAmount: -1}},
			{First: 1, Filter: view.Filter{Types: make([]bank.EntryType, view.MaxFilterTypes+1)}},
		} {
			for _, id := range []bank.AccountID{ada, absent} {
				if _, err := h.store.History(h.Context(), id, page); !errors.Is(err, view.ErrBadPage) {
					h.Errorf("page %+v: %v, want ErrBadPage", page, err)
				}
			}
		}
		if _, err := h.store.Sums(h.Context(), ada, view.Filter{MinAmount: -1}); !errors.Is(err, view.ErrBadPage) {
			h.Errorf("sums of a malformed filter: %v, want ErrBadPage", err)
		}
		for _, page := range []view.Accounts{{}, {First: -1}, {First: view.MaxPage + 1}, {First: 1, Before: -1}} {
			if _, _, err := h.store.ListAccounts(h.Context(), page); !errors.Is(err, view.ErrBadPage) {
				h.Errorf("list %+v: %v, want ErrBadPage", page, err)
			}
		}
	},
	"any page of any history is as in a plain list": func(h *harness) {
		lengths := []int{0, 1, 9, 40}
		ids := manyIDs("page", len(lengths))
		for i, length := range lengths {
			h.open(ids[i])
			if length > 0 {
				h.pay(ids[i], length)
			}
		}
		rapid.Check(h.T, func(rt *rapid.T) {
			id := rapid.SampledFrom(ids).Draw(rt, "account")
			page := drawPage(rt)
			got, err := h.store.History(h.Context(), id, page)
			if want := must(h.want.History(h.Context(), id, page)); err != nil || !cmp.Equal(want, got, equal) {
				rt.Fatalf("page %+v (%v): wanted (-) and found (+)\n%s", page, err, cmp.Diff(want, got, equal))
			}
		})
	},
}

// walk reads the whole history of ada, from the end at which the page begins.
func walk(t *testing.T, store view.Reader, page view.Page) (all []view.Transaction) {
	t.Helper()
	for {
		lines := must(store.History(t.Context(), ada, page))
		more := lines.Older
		if page.Last > 0 {
			slices.Reverse(lines.Transactions)
			more = lines.Newer
		}
		all = append(all, lines.Transactions...)
		if !more {
			return all
		}
		if last := all[len(all)-1].Version; page.Last > 0 {
			page.Before = last
		} else {
			page.After = last
		}
	}
}

// sums fails unless the sums of a history are those of its lines.
func (h *harness) sums(id bank.AccountID, filter view.Filter) {
	h.Helper()
	agree(h, fmt.Sprintf("the sums of %s through %+v", id, filter), func(s view.Store) (view.Sums, error) {
		return s.Sums(h.Context(), id, filter)
	})
}

func drawPage(rt *rapid.T) view.Page {
	types := rapid.SampledFrom([]bank.EntryType{bank.DepositEntry, bank.WithdrawalEntry, "FEE"})
	page := view.Page{
		After:  rapid.Int64Range(0, 55).Draw(rt, "after"),
		Before: rapid.Int64Range(0, 55).Draw(rt, "before"),
		Filter: view.Filter{Types: rapid.SliceOfN(types, 0, 3).Draw(rt, "types")},
	}
	if size := rapid.IntRange(1, view.MaxPage).Draw(rt, "size"); rapid.Bool().Draw(rt, "newest") {
		page.First = size
	} else {
		page.Last = size
	}
	f := &page.Filter
	if rapid.Bool().Draw(rt, "has amounts") {
		f.MinAmount = rapid.SampledFrom([]int64{0, 500, 501, 1000}).Draw(rt, "min")
		f.MaxAmount = rapid.SampledFrom([]int64{0, 499, 500, 1000}).Draw(rt, "max")
	}
	f.Credits, f.Debits = rapid.Bool().Draw(rt, "credits"), rapid.Bool().Draw(rt, "debits")
	for name, bound := range map[string]*time.Time{"effective since": &f.EffectiveSince,
		"effective until": &f.EffectiveUntil, "since": &f.Since, "until": &f.Until} {
		if rapid.Bool().Draw(rt, "has "+name) {
			*bound = opening.Add(time.Duration(rapid.IntRange(-1000, 28_000).Draw(rt, name)))
		}
	}
	return page
}
