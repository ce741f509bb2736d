package viewtest

import (
	"context"
	"fmt"
	"math"
	"math/big"
	"slices"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"corebank/internal/bank"
	"corebank/internal/contract"
	"corebank/internal/view"
	"corebank/internal/view/memory"
)

// reference answers as a store must. Its pages and sums share nothing with the code that stores have in common.
type reference struct{ *memory.Store }

// lines is an account's whole history, oldest first.
func (r reference) lines(id bank.AccountID) []view.Transaction {
	lines, _ := r.Range(context.Background(), view.Range{Account: id, Below: view.NoVersion, Limit: math.MaxInt})
	return lines
}

// History is a page, found by looking at every line.
func (r reference) History(_ context.Context, id bank.AccountID, page view.Page) (view.Lines, error) {
	if err := page.Check(); err != nil {
		return view.Lines{}, err
	}
	var all, window []view.Transaction
	for _, line := range slices.Backward(r.lines(id)) {
		if !passes(line, page.Filter) {
			continue
		}
		all = append(all, line)
		if (page.After == 0 || line.Version < page.After) && line.Version > page.Before {
			window = append(window, line)
		}
	}
	cut := window[max(0, len(window)-page.Last):]
	if page.First > 0 {
		cut = window[:min(page.First, len(window))]
	}
	newest, oldest := page.After-1, page.Before+1 // an empty page lies between its bounds
	if len(cut) > 0 {
		newest, oldest = cut[0].Version, cut[len(cut)-1].Version
	}
	lines := view.Lines{Transactions: cut}
	for _, line := range all {
		lines.Newer = lines.Newer || (line.Version > newest && (len(cut) > 0 || page.After > 0))
		lines.Older = lines.Older || (line.Version < oldest && (len(cut) > 0 || page.Before > 0))
	}
	return lines, nil
}

// Sums are those of the lines that pass, one by one.
func (r reference) Sums(_ context.Context, id bank.AccountID, filter view.Filter) (view.Sums, error) {
	sums := view.Sums{Credits: new(big.Int), Debits: new(big.Int)}
	for _, line := range r.lines(id) {
		if !passes(line, filter) {
			continue
		}
		sum := sums.Debits
		if line.Credit {
			sum = sums.Credits
		}
		sums.Count++
		sum.Add(sum, big.NewInt(line.Amount))
	}
	return sums, filter.Check()
}

func passes(line view.Transaction, f view.Filter) bool {
	switch {
	case len(f.Types) > 0 && !slices.Contains(f.Types, line.Type),
		!within(line.OccurredAt, f.Since, f.Until), !within(line.EffectiveAt, f.EffectiveSince, f.EffectiveUntil),
		line.Amount < f.MinAmount, f.MaxAmount > 0 && line.Amount > f.MaxAmount,
		f.Credits && !f.Debits && !line.Credit, f.Debits && !f.Credits && line.Credit,
		f.Reference != "" && line.Reference != f.Reference, f.ExternalID != "" && line.ExternalID != f.ExternalID,
		f.Counterparty != "" && line.Counterparty != f.Counterparty, f.Transfer != "" && line.Transfer != f.Transfer:
		return false
	}
	return true
}

// within reports whether a time is in an interval, which is open where an end is zero.
func within(t, since, until time.Time) bool {
	return (since.IsZero() || !t.Before(since)) && (until.IsZero() || t.Before(until))
}

// equal compares answers in every field: a list that is empty may be nil, and sums may be large.
var equal = cmp.Options{
	cmp.FilterValues(bothEmpty[contract.Record], cmp.Ignore()),
	cmp.FilterValues(bothEmpty[view.Transaction], cmp.Ignore()),
	cmp.FilterValues(bothEmpty[view.Account], cmp.Ignore()),
	cmp.Comparer(func(a, b *big.Int) bool { return a.Cmp(b) == 0 }),
	cmp.Comparer(func(a, b time.Time) bool { return a.Equal(b) && a.Location() == b.Location() }),
}

func bothEmpty[T any](a, b []T) bool { return len(a)+len(b) == 0 }

// expect fails unless what was read is what is wanted, in every field.
func expect[T any](t *testing.T, what string, got T, err error, want T) {
	t.Helper()
	if err != nil || !cmp.Equal(want, got, equal) {
		t.Errorf("%s (%v): wanted (-) and found (+)\n%s", what, err, cmp.Diff(want, got, equal))
	}
}

// must is for what cannot fail in a store that works: run turns its panic into the failure of the test.
func must[T any](got T, err error) T {
	if err != nil {
		panic(fmt.Errorf("must succeed: %w", err))
	}
	return got
}
