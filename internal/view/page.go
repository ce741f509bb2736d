package view

import (
	"context"
	"errors"
	"fmt"
	"math"
	"slices"
	"time"

	"corebank/internal/bank"
)

// MaxPage bounds a page of history.
const MaxPage = 100

// MaxFilterTypes bounds the types that a filter may name.
const MaxFilterTypes = 32

// ErrBadPage says that a page breaks its own rules; the text around it says
// which one.
var ErrBadPage = errors.New("malformed page")

// Page asks for history in descending order of version. Exactly one end is
// chosen: First counts from the newest, Last from the oldest. Before and After
// are exclusive bounds in that order (0 is none): After: 7 continues with
// version 6, Before: 7 ends with version 8.
type Page struct {
	First, Last   int // one of them 1 to MaxPage, the other 0
	After, Before int64
	Filter        Filter
}

// Filter narrows history. Zero fields do not filter.
type Filter struct {
	// Types are those wanted, at most MaxFilterTypes.
	Types []TransactionType
	// Since is inclusive, Until exclusive.
	Since, Until time.Time
}

// Lines is one page, newest first, and whether the filtered history goes on
// before its first (newer) and after its last (older) line. Where the page is
// empty, they say whether there is any beyond After and beyond Before.
type Lines struct {
	Transactions []Transaction
	Newer, Older bool
}

// Check is nil, or wraps ErrBadPage and says what is wrong.
func (p Page) Check() error {
	switch {
	case (p.First == 0) == (p.Last == 0):
		return fmt.Errorf("%w: give either first or last", ErrBadPage)
	case p.First < 0 || p.First > MaxPage || p.Last < 0 || p.Last > MaxPage:
		return fmt.Errorf("%w: ask for 1 to %d lines", ErrBadPage, MaxPage)
	case p.After < 0 || p.Before < 0 || p.After == NoVersion || p.Before == NoVersion:
		return fmt.Errorf("%w: after and before are versions, or 0", ErrBadPage)
	case len(p.Filter.Types) > MaxFilterTypes:
		return fmt.Errorf("%w: filter by at most %d types", ErrBadPage, MaxFilterTypes)
	}
	return nil
}

// Range asks for an account's lines between two versions, both exclusive:
// at most Limit of them, from the newest or from the oldest end, in that
// order. Types is sorted and without repeats; none means all.
type Range struct {
	Account      bank.AccountID
	Above, Below int64
	Types        []TransactionType
	NewestFirst  bool
	Limit        int
}

// Ranges is what a store has to offer so that ReadPage can read its pages.
// Both have to be quick however long the history is: their cost may grow with
// the lines that they return, not with those that they pass over.
type Ranges interface {
	Range(ctx context.Context, r Range) ([]Transaction, error)
	// VersionAt divides an account's lines at a time, in whole microseconds:
	// those below the version are earlier than t, the others are not. It is
	// NoVersion where all are earlier. Times never go back within an account,
	// so there is such a version.
	VersionAt(ctx context.Context, id bank.AccountID, t time.Time) (int64, error)
}

// NoVersion is above every version.
const NoVersion = math.MaxInt64

// ReadPage is one page of an account's history, or an error that wraps
// ErrBadPage. History only grows, so that the few reads it takes need no
// common snapshot.
func ReadPage(ctx context.Context, ranges Ranges, id bank.AccountID, page Page) (Lines, error) {
	if err := page.Check(); err != nil {
		return Lines{}, err
	}
	all, err := filtered(ctx, ranges, id, page.Filter)
	if err != nil {
		return Lines{}, err
	}
	lines, more, err := window(ctx, ranges, all, page)
	if err != nil {
		return Lines{}, err
	}
	newer, older := false, false
	if page.After > 0 {
		if newer, err = anyBetween(ctx, ranges, all, page.After-1, NoVersion); err != nil {
			return Lines{}, err
		}
	}
	if page.Before > 0 {
		if older, err = anyBetween(ctx, ranges, all, 0, page.Before+1); err != nil {
			return Lines{}, err
		}
	}
	if page.First > 0 {
		older = older || more
	} else {
		newer = newer || more
	}
	return Lines{Transactions: lines, Newer: newer, Older: older}, nil
}

// filtered is the whole history that the filter lets through. Times become
// versions, which are what ranges are made of.
func filtered(ctx context.Context, ranges Ranges, id bank.AccountID, f Filter) (Range, error) {
	types := slices.Compact(slices.Sorted(slices.Values(f.Types)))
	all := Range{Account: id, Below: NoVersion, Types: types}
	if !f.Since.IsZero() {
		version, err := ranges.VersionAt(ctx, id, wholeMicroseconds(f.Since))
		if err != nil {
			return Range{}, err
		}
		all.Above = version - 1
	}
	if !f.Until.IsZero() {
		version, err := ranges.VersionAt(ctx, id, wholeMicroseconds(f.Until))
		if err != nil {
			return Range{}, err
		}
		all.Below = version
	}
	return all, nil
}

// wholeMicroseconds rounds up to what lines are stamped with, which leaves
// every comparison with a line as it was.
func wholeMicroseconds(t time.Time) time.Time {
	return t.Add(time.Microsecond - 1).Truncate(time.Microsecond)
}

// window reads the page's lines, newest first, and whether there are more
// between its bounds.
func window(ctx context.Context, ranges Ranges, all Range, page Page) (lines []Transaction, more bool, err error) {
	size := max(page.First, page.Last)
	r := all
	r.Above, r.NewestFirst, r.Limit = max(r.Above, page.Before), page.First > 0, size+1
	if page.After > 0 {
		r.Below = min(r.Below, page.After)
	}
	lines, err = ranges.Range(ctx, r)
	if err != nil {
		return nil, false, err
	}
	if more = len(lines) > size; more {
		lines = lines[:size]
	}
	if !r.NewestFirst {
		slices.Reverse(lines)
	}
	return lines, more, nil
}

func anyBetween(ctx context.Context, ranges Ranges, all Range, above, below int64) (bool, error) {
	all.Above, all.Below, all.Limit = max(all.Above, above), min(all.Below, below), 1
	lines, err := ranges.Range(ctx, all)
	return len(lines) > 0, err
}
