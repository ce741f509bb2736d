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
	}
	return p.Filter.Check()
}

// Range asks for an account's lines between two versions, both exclusive:
// at most Limit of them, from the newest or from the oldest end, in that
// order.
type Range struct {
	Account      bank.AccountID
	Above, Below int64
	// Filter is without UpTo, for which the versions stand, and without Since and
	// Until, unless the account has turned back. Its types are sorted and without
	// repeats.
	Filter      Filter
	NewestFirst bool
	Limit       int
}

// Ranges is what a store has to offer so that ReadPage can read its pages.
// Both have to be quick however long the history is: their cost may grow with
// the lines that they return, not with those that they pass over, unless the
// filter scans.
type Ranges interface {
	Range(ctx context.Context, r Range) ([]Transaction, error)
	// VersionAt divides an account's lines up to a version at a time, in whole
	// microseconds: those below the result are earlier than t, the others are not.
	// It is NoVersion where all are earlier. It is for accounts that have never
	// turned back, so that there is such a version.
	VersionAt(ctx context.Context, id bank.AccountID, upTo int64, t time.Time) (int64, error)
	// Account is the document, or ErrNotFound.
	Account(ctx context.Context, id bank.AccountID) (Account, error)
}

// NoVersion is above every version.
const NoVersion = math.MaxInt64

// ReadPage is one page of an account's history, or an error that wraps
// ErrBadPage. History only grows, so that the few reads it takes need no
// common snapshot.
func ReadPage(ctx context.Context, ranges Ranges, id bank.AccountID, page Page) (lines Lines, err error) {
	if err := page.Check(); err != nil {
		return Lines{}, err
	}
	err = page.Filter.bounded(ctx, func(ctx context.Context) error {
		lines, err = readPage(ctx, ranges, id, page)
		return err
	})
	return lines, err
}

func readPage(ctx context.Context, ranges Ranges, id bank.AccountID, page Page) (Lines, error) {
	all, err := Filtered(ctx, ranges, id, page.Filter)
	if err != nil {
		return Lines{}, err
	}
	lines, more, err := window(ctx, ranges, all, page)
	if err != nil {
		return Lines{}, err
	}
	newer, older := false, false
	if page.After > 0 {
		if newer, err = anyAbove(ctx, ranges, all, page.After-1); err != nil {
			return Lines{}, err
		}
	}
	if page.Before > 0 {
		if older, err = anyBelow(ctx, ranges, all, page.Before+1); err != nil {
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

// Filtered is the whole history that the filter lets through. Times become
// versions, which are what ranges are made of. Only where the account has turned
// back do they stay: its lines are then not in the order of their times.
func Filtered(ctx context.Context, ranges Ranges, id bank.AccountID, f Filter) (Range, error) {
	all := Range{Account: id, Below: NoVersion, Filter: f}
	all.Filter.UpTo = 0
	all.Filter.Types = slices.Compact(slices.Sorted(slices.Values(f.Types)))
	if f.UpTo > 0 {
		all.Below = f.UpTo + 1
	}
	if f.Since.IsZero() && f.Until.IsZero() {
		return all, nil
	}
	account, err := ranges.Account(ctx, id)
	if err != nil && !errors.Is(err, ErrNotFound) {
		return Range{}, err
	}
	upTo := min(all.Below-1, account.Version) // it may turn back in its next version
	if all.Below = upTo + 1; account.TurnedBack > 0 {
		return all, nil
	}
	all.Filter.Since, all.Filter.Until = time.Time{}, time.Time{}
	if !f.Since.IsZero() {
		version, err := ranges.VersionAt(ctx, id, upTo, wholeMicroseconds(f.Since))
		if err != nil {
			return Range{}, err
		}
		all.Above = version - 1
	}
	if !f.Until.IsZero() {
		version, err := ranges.VersionAt(ctx, id, upTo, wholeMicroseconds(f.Until))
		if err != nil {
			return Range{}, err
		}
		all.Below = min(all.Below, version)
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

// anyAbove and anyBelow look from the bound outwards: the line that a cursor
// was made of is the first that they meet, so that a filter that scans need not
// go further.
func anyAbove(ctx context.Context, ranges Ranges, all Range, above int64) (bool, error) {
	all.Above, all.Limit = max(all.Above, above), 1
	lines, err := ranges.Range(ctx, all)
	return len(lines) > 0, err
}

func anyBelow(ctx context.Context, ranges Ranges, all Range, below int64) (bool, error) {
	all.Below, all.Limit, all.NewestFirst = min(all.Below, below), 1, true
	lines, err := ranges.Range(ctx, all)
	return len(lines) > 0, err
}
