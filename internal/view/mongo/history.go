package mongo

import (
	"context"
	"fmt"
	"math/big"
	"time"

	"go.mongodb.org/mongo-driver/v2/bson"
	"go.mongodb.org/mongo-driver/v2/mongo/options"

	"corebank/internal/bank"
	"corebank/internal/view"
)

// Transaction is one history line, or view.ErrNotFound.
func (s *Store) Transaction(ctx context.Context, id bank.AccountID, version int64) (view.Transaction, error) {
	byID := bson.D{{Key: "_id", Value: lineID(id, version)}}
	line, err := findOne(ctx, s.history, byID, options.FindOne(), lineDocument.line)
	if err != nil {
		return view.Transaction{}, fmt.Errorf("read line %d of %s: %w", version, id, err)
	}
	return line, nil
}

// History is one page of an account's lines.
func (s *Store) History(ctx context.Context, id bank.AccountID, page view.Page) (view.Lines, error) {
	return view.ReadPage(ctx, s, id, page)
}

// Range reads lines for view.ReadPage.
func (s *Store) Range(ctx context.Context, want view.Range) ([]view.Transaction, error) {
	order := 1
	if want.NewestFirst {
		order = -1
	}
	return find(ctx, s.history, conditions(want),
		options.Find().SetSort(bson.D{{Key: "version", Value: order}}).SetLimit(int64(want.Limit)), lineDocument.line)
}

// VersionAt finds the first version at a time for view.ReadPage.
func (s *Store) VersionAt(ctx context.Context, id bank.AccountID, upTo int64, t time.Time) (int64, error) {
	filter := bson.D{{Key: "account", Value: id}, {Key: "occurredAt", Value: bson.D{{Key: "$gte", Value: t.UnixMicro()}}},
		{Key: "version", Value: bson.D{{Key: "$lte", Value: upTo}}}}
	order := bson.D{{Key: "occurredAt", Value: 1}, {Key: "version", Value: 1}}
	lines, err := find(ctx, s.history, filter, options.Find().SetSort(order).SetLimit(1), lineDocument.line)
	if err != nil || len(lines) == 0 {
		return view.NoVersion, err
	}
	return lines[0].Version, nil
}

// Sums sums the lines that pass a filter. It does so here, because MongoDB's own
// sums are not exact beyond 64 bits.
func (s *Store) Sums(ctx context.Context, id bank.AccountID, filter view.Filter) (view.Sums, error) {
	return view.ReadSums(ctx, s, id, filter, func(ctx context.Context, all view.Range) (view.Sums, error) {
		sums := view.Sums{Credits: new(big.Int), Debits: new(big.Int)}
		only := bson.D{{Key: "amount", Value: 1}, {Key: "credit", Value: 1}}
		cursor, err := s.history.Find(ctx, conditions(all), options.Find().SetProjection(only))
		if err != nil {
			return view.Sums{}, fmt.Errorf("sum the history of %s: %w", id, err)
		}
		defer cursor.Close(ctx)
		for cursor.Next(ctx) {
			var line lineDocument
			if err := cursor.Decode(&line); err != nil {
				return view.Sums{}, fmt.Errorf("sum the history of %s: %w", id, err)
			}
			sum := sums.Debits
			if line.Credit {
				sum = sums.Credits
			}
			sum.Add(sum, big.NewInt(line.Amount))
			sums.Count++
		}
		return sums, cursor.Err()
	})
}

// conditions returns the conditions of a range.
func conditions(r view.Range) bson.D {
	all := bson.D{{Key: "account", Value: r.Account},
		{Key: "version", Value: bson.D{{Key: "$gt", Value: r.Above}, {Key: "$lt", Value: r.Below}}}}
	f := r.Filter
	add := func(wanted bool, field string, value any) {
		if wanted {
			all = append(all, bson.E{Key: field, Value: value})
		}
	}
	add(f.Transfer != "", "transfer", f.Transfer)
	add(f.ExternalID != "", "externalId", f.ExternalID)
	add(f.Reference != "", "reference", f.Reference)
	add(f.Counterparty != "", "counterparty", f.Counterparty)
	add(len(f.Types) > 0, "type", bson.D{{Key: "$in", Value: f.Types}})
	add(f.Credits != f.Debits, "credit", f.Credits)
	interval := func(field string, hasMin bool, min int64, hasMax bool, below string, max int64) {
		var bounds bson.D
		if hasMin {
			bounds = append(bounds, bson.E{Key: "$gte", Value: min})
		}
		if hasMax {
			bounds = append(bounds, bson.E{Key: below, Value: max})
		}
		add(len(bounds) > 0, field, bounds)
	}
	interval("amount", f.MinAmount > 0, f.MinAmount, f.MaxAmount > 0, "$lte", f.MaxAmount)
	interval("occurredAt", !f.Since.IsZero(), ceiling(f.Since), !f.Until.IsZero(), "$lt", ceiling(f.Until))
	interval("effectiveAt", !f.EffectiveSince.IsZero(), ceiling(f.EffectiveSince),
		!f.EffectiveUntil.IsZero(), "$lt", ceiling(f.EffectiveUntil))
	return all
}

// ceiling is a time in whole microseconds, rounded up, which does not change the
// result of a comparison with a line.
func ceiling(t time.Time) int64 { return t.Add(time.Microsecond - 1).UnixMicro() }
