package view

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"time"

	"corebank/internal/bank"
)

// MaxFilterTypes bounds the types that a filter may name.
const MaxFilterTypes = 32

// ScanTime bounds how long a filter may look through an account's history.
const ScanTime = 5 * time.Second

// ErrFarScan says that a filter did not come to its end within ScanTime.
var ErrFarScan = fmt.Errorf("the filter has to look through too much history: "+
	"narrow it with since and until, or with a type, a reference, an external id, a counterparty or a transfer "+
	"(%s at most)", ScanTime)

// Filter narrows history. Zero fields do not filter.
type Filter struct {
	// Types are those wanted, at most MaxFilterTypes.
	Types []bank.EntryType
	// Since is inclusive, Until exclusive; both are about OccurredAt.
	Since, Until time.Time
	// EffectiveSince is inclusive, EffectiveUntil exclusive.
	EffectiveSince, EffectiveUntil time.Time
	// MinAmount and MaxAmount bound the amount, inclusively, in minor units; MaxAmount is no
	// bound when it is 0.
	MinAmount, MaxAmount int64
	// Credits and Debits keep only those; both or none keep all.
	Credits, Debits bool
	// Reference, ExternalID, Counterparty and Transfer have to be equal.
	Reference, ExternalID string
	Counterparty          bank.AccountID
	Transfer              bank.TransferID
	// UpTo is the last version that is looked at; 0 is no bound.
	UpTo int64
}

// Check is nil, or wraps ErrBadPage and says what is wrong.
func (f Filter) Check() error {
	switch {
	case len(f.Types) > MaxFilterTypes:
		return fmt.Errorf("%w: filter by at most %d types", ErrBadPage, MaxFilterTypes)
	case f.UpTo < 0 || f.UpTo == NoVersion:
		return fmt.Errorf("%w: a filter ends at a version, or nowhere", ErrBadPage)
	case f.MinAmount < 0 || f.MaxAmount < 0:
		return fmt.Errorf("%w: amounts are never negative; filter by credits or debits instead", ErrBadPage)
	}
	return nil
}

// Passes reports whether the filter lets a line through.
func (f Filter) Passes(t Transaction) bool {
	same := func(wanted, text string) bool { return wanted == "" || wanted == text }
	return (len(f.Types) == 0 || slices.Contains(f.Types, t.Type)) &&
		(f.Since.IsZero() || !t.OccurredAt.Before(f.Since)) &&
		(f.Until.IsZero() || t.OccurredAt.Before(f.Until)) &&
		(f.EffectiveSince.IsZero() || !t.EffectiveAt.Before(f.EffectiveSince)) &&
		(f.EffectiveUntil.IsZero() || t.EffectiveAt.Before(f.EffectiveUntil)) &&
		t.Amount >= f.MinAmount && (f.MaxAmount == 0 || t.Amount <= f.MaxAmount) &&
		(f.Credits == f.Debits || f.Credits == t.Credit) &&
		same(f.Reference, t.Reference) && same(f.ExternalID, t.ExternalID) &&
		same(string(f.Counterparty), string(t.Counterparty)) && same(string(f.Transfer), string(t.Transfer))
}

// bounded does a read that may scan, for ScanTime at most.
func (f Filter) bounded(ctx context.Context, read func(context.Context) error) error {
	bounded, stop := context.WithTimeout(ctx, ScanTime)
	defer stop()
	err := read(bounded)
	if err != nil && ctx.Err() == nil && errors.Is(bounded.Err(), context.DeadlineExceeded) {
		return ErrFarScan
	}
	return err
}

// ReadSums adds up what a filter lets through, or fails with an error that
// wraps ErrBadPage, or with ErrFarScan. add does it for a range that has no
// limit.
func ReadSums(ctx context.Context, ranges Ranges, id bank.AccountID, f Filter,
	add func(context.Context, Range) (Sums, error),
) (sums Sums, err error) {
	if err := f.Check(); err != nil {
		return Sums{}, err
	}
	err = f.bounded(ctx, func(ctx context.Context) error {
		all, err := Filtered(ctx, ranges, id, f)
		if err == nil {
			sums, err = add(ctx, all)
		}
		return err
	})
	return sums, err
}
