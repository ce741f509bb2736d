package graph

import (
	"context"
	"fmt"
	"math/big"
	"strings"
	"time"

	"corebank/graph/model"
	"corebank/internal/bank"
	"corebank/internal/contract"
	"corebank/internal/view"
)

// trialBalance is the bank's trial balance as it is or, with asOf, as it was.
func (r *Resolver) trialBalance(ctx context.Context, asOf *model.LogAsOf) (*model.TrialBalance, error) {
	if asOf == nil {
		trial, err := r.Views.Trial(ctx)
		if err != nil {
			return nil, fmt.Errorf("trial balance of the views: %w", err)
		}
		return trialOf(trial), nil
	}
	last, at := int64(view.NoVersion), time.Time{}
	var err error
	switch {
	case (asOf.Time == nil) == (asOf.Position == nil):
		return nil, badInput("Give either a time or a position in asOf.")
	case asOf.Time != nil:
		at, err = readPast("asOf", *asOf.Time)
	case *asOf.Position < 0:
		return nil, badInput("asOf.position must be 0 or more.")
	default:
		last = *asOf.Position
	}
	if err != nil {
		return nil, err
	}
	trial, err := r.trialAt(ctx, last, at)
	if err != nil {
		return nil, err
	}
	return trialOf(trial), nil
}

// trialAt adds to the nearest stored trial balance the postings of the log since
// then.
func (r *Resolver) trialAt(ctx context.Context, last int64, at time.Time) (view.Trial, error) {
	base, err := r.Views.TrialBefore(ctx, last, at)
	if err != nil {
		return base, fmt.Errorf("stored trial balance: %w", err)
	}
	sums, position, included := view.Resume(base), base.Position, base.Position
	for position < last {
		page, err := r.Log.ReadAll(ctx, contract.ReadAllRequest{AfterPosition: position,
			Limit: int(min(last-position, contract.MaxReadRecords))})
		if err != nil {
			return base, fmt.Errorf("read the log after %d: %w", position, err)
		}
		if len(page.Records) == 0 {
			break
		}
		past := true // whether all of the page is later: clocks differ by little, and few were ever far ahead
		for _, record := range page.Records {
			if position = record.Position; !at.IsZero() && record.At.After(at) {
				continue
			}
			past = false
			event, err := record.Event()
			if err != nil {
				return base, err
			}
			sums.Add(record.At, event.PostingLines())
			included = position
		}
		if past {
			break
		}
	}
	if at.IsZero() && position < last {
		return base, badInput(fmt.Sprintf("The log has %d events; position %d does not exist yet.", position, last))
	}
	return sums.Trial(included), nil
}

func trialOf(t view.Trial) *model.TrialBalance {
	balance := &model.TrialBalance{Position: t.Position, At: optionalTime(t.At),
		Totals: []*model.TrialTotal{}, Balanced: true}
	sums := make(map[bank.Currency]*big.Int)
	for _, total := range t.Totals {
		balance.Totals = append(balance.Totals, &model.TrialTotal{Kind: model.LedgerKind(strings.ToUpper(total.Kind)),
			Sum: wideMoneyOf(total.Sum, total.Currency)})
		if sums[total.Currency] == nil {
			sums[total.Currency] = new(big.Int)
		}
		sums[total.Currency].Add(sums[total.Currency], total.Sum)
	}
	for _, sum := range sums {
		balance.Balanced = balance.Balanced && sum.Sign() == 0
	}
	return balance
}
