package memory

import (
	"context"
	"iter"
	"maps"
	"slices"

	"corebank/internal/bank"
	"corebank/internal/view"
)

// Snapshot is a copy of the store.
func (s *Store) Snapshot(context.Context) (view.Snapshot, error) {
	s.mu.RLock()
	defer s.mu.RUnlock()
	lines := make(map[bank.AccountID][]view.Transaction, len(s.lines))
	for id, own := range s.lines {
		lines[id] = slices.Clone(own)
	}
	snap := &snapshot{checkpoint: s.checkpoint, trial: s.trial, accounts: maps.Clone(s.accounts), lines: lines}
	for _, references := range s.references {
		snap.references = append(snap.references, references...)
	}
	for _, states := range s.states {
		snap.states = append(snap.states, states...)
	}
	return snap, nil
}

type snapshot struct {
	checkpoint int64
	accounts   map[bank.AccountID]view.Account
	lines      map[bank.AccountID][]view.Transaction
	trial      view.Trial
	references []view.Reference
	states     []view.State
}

func (s *snapshot) Checkpoint() int64 { return s.checkpoint }

func (s *snapshot) Accounts(ctx context.Context) iter.Seq2[view.Account, error] {
	return func(yield func(view.Account, error) bool) {
		for _, account := range s.accounts {
			if !yield(account, ctx.Err()) || ctx.Err() != nil {
				return
			}
		}
	}
}

func (s *snapshot) Transactions(ctx context.Context) iter.Seq2[view.Transaction, error] {
	return func(yield func(view.Transaction, error) bool) {
		for _, lines := range s.lines {
			for _, line := range lines {
				if !yield(line, ctx.Err()) || ctx.Err() != nil {
					return
				}
			}
		}
	}
}

func (s *snapshot) Trial() view.Trial { return s.trial }

func (s *snapshot) References(ctx context.Context) iter.Seq2[view.Reference, error] {
	return each(ctx, s.references)
}

func (s *snapshot) States(ctx context.Context) iter.Seq2[view.State, error] {
	return each(ctx, s.states)
}

func each[T any](ctx context.Context, all []T) iter.Seq2[T, error] {
	return func(yield func(T, error) bool) {
		for _, one := range all {
			if !yield(one, ctx.Err()) || ctx.Err() != nil {
				return
			}
		}
	}
}

func (s *snapshot) Close(context.Context) error { return nil }
