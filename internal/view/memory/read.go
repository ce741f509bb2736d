package memory

import (
	"cmp"
	"context"
	"math/big"
	"slices"
	"time"

	"corebank/internal/bank"
	"corebank/internal/contract"
	"corebank/internal/view"
)

// Account is the document, or view.ErrNotFound.
func (s *Store) Account(_ context.Context, id bank.AccountID) (view.Account, error) {
	s.mu.RLock()
	defer s.mu.RUnlock()
	account, found := s.accounts[id]
	if !found {
		return view.Account{}, view.ErrNotFound
	}
	return account, nil
}

// Accounts are those of the documents that exist.
func (s *Store) Accounts(_ context.Context, ids []bank.AccountID) (map[bank.AccountID]view.Account, error) {
	s.mu.RLock()
	defer s.mu.RUnlock()
	accounts := make(map[bank.AccountID]view.Account, len(ids))
	for _, id := range ids {
		if account, found := s.accounts[id]; found {
			accounts[id] = account
		}
	}
	return accounts, nil
}

// Transaction is one history line, or view.ErrNotFound.
func (s *Store) Transaction(_ context.Context, id bank.AccountID, version int64) (view.Transaction, error) {
	s.mu.RLock()
	defer s.mu.RUnlock()
	lines := s.lines[id]
	if i := from(lines, version); i < len(lines) && lines[i].Version == version {
		return lines[i], nil
	}
	return view.Transaction{}, view.ErrNotFound
}

// History is one page of an account's lines.
func (s *Store) History(ctx context.Context, id bank.AccountID, page view.Page) (view.Lines, error) {
	return view.ReadPage(ctx, s, id, page)
}

// Range reads lines for view.ReadPage.
func (s *Store) Range(_ context.Context, r view.Range) ([]view.Transaction, error) {
	s.mu.RLock()
	defer s.mu.RUnlock()
	lines := s.lines[r.Account]
	low, high := from(lines, r.Above+1), from(lines, r.Below)
	if low >= high {
		return nil, nil
	}
	found := slices.DeleteFunc(slices.Clone(lines[low:high]), func(l view.Transaction) bool { return !r.Filter.Passes(l) })
	if r.NewestFirst {
		slices.Reverse(found)
	}
	return found[:min(len(found), r.Limit)], nil
}

// VersionAt finds the first version at a time for view.ReadPage.
func (s *Store) VersionAt(_ context.Context, id bank.AccountID, upTo int64, t time.Time) (int64, error) {
	s.mu.RLock()
	defer s.mu.RUnlock()
	lines := s.lines[id]
	for _, line := range lines[:from(lines, upTo+1)] {
		if !line.OccurredAt.Before(t) {
			return line.Version, nil
		}
	}
	return view.NoVersion, nil
}

// Checkpoint is the last position that the views reflect.
func (s *Store) Checkpoint(context.Context) (int64, error) {
	s.mu.RLock()
	defer s.mu.RUnlock()
	return s.checkpoint, nil
}

// LogCheckpoint is that position with the log and the mark of the record there.
func (s *Store) LogCheckpoint(context.Context) (contract.Checkpoint, error) {
	s.mu.RLock()
	defer s.mu.RUnlock()
	return s.marked, nil
}

// Sums sums the lines that pass a filter.
func (s *Store) Sums(ctx context.Context, id bank.AccountID, filter view.Filter) (view.Sums, error) {
	return view.ReadSums(ctx, s, id, filter, func(ctx context.Context, all view.Range) (view.Sums, error) {
		all.Limit = int(^uint(0) >> 1)
		lines, err := s.Range(ctx, all)
		sums := view.Sums{Count: int64(len(lines)), Credits: new(big.Int), Debits: new(big.Int)}
		for _, line := range lines {
			sum := sums.Debits
			if line.Credit {
				sum = sums.Credits
			}
			sum.Add(sum, big.NewInt(line.Amount))
		}
		return sums, err
	})
}

// AccountByExternalID is the document, or view.ErrNotFound.
func (s *Store) AccountByExternalID(_ context.Context, externalID string) (view.Account, error) {
	s.mu.RLock()
	defer s.mu.RUnlock()
	for _, account := range s.accounts {
		if externalID != "" && account.ExternalID == externalID {
			return account, nil
		}
	}
	return view.Account{}, view.ErrNotFound
}

// ListAccounts is a page of accounts, newest first.
func (s *Store) ListAccounts(_ context.Context, page view.Accounts) ([]view.Account, bool, error) {
	if err := page.Check(); err != nil {
		return nil, false, err
	}
	s.mu.RLock()
	defer s.mu.RUnlock()
	var found []view.Account
	for _, account := range s.accounts {
		if account.Opened > 0 && (page.Before == 0 || account.Opened < page.Before) && page.Filter.Passes(account) {
			found = append(found, account)
		}
	}
	slices.SortFunc(found, func(a, b view.Account) int { return cmp.Compare(b.Opened, a.Opened) })
	return found[:min(len(found), page.First)], len(found) > page.First, nil
}

// References are the records under a key.
func (s *Store) References(_ context.Context, key string) ([]contract.Record, error) {
	s.mu.RLock()
	defer s.mu.RUnlock()
	var records []contract.Record
	for _, reference := range s.references[key] {
		if len(records) < view.MaxReferences {
			records = append(records, reference.Record)
		}
	}
	return records, nil
}

// StateBefore is the newest history state that is not after a version and a time.
func (s *Store) StateBefore(_ context.Context, id bank.AccountID, version int64, t time.Time) (view.State, error) {
	s.mu.RLock()
	defer s.mu.RUnlock()
	for _, state := range slices.Backward(s.states[id]) {
		if state.Account.Version <= version && (t.IsZero() || !state.Account.ChangedAt.After(t)) {
			return state, nil
		}
	}
	return view.State{}, nil
}

// Trial is the trial balance at the checkpoint.
func (s *Store) Trial(context.Context) (view.Trial, error) {
	s.mu.RLock()
	defer s.mu.RUnlock()
	return s.trial, nil
}

// TrialBefore is the newest past trial balance that is not after a position
// and a time.
func (s *Store) TrialBefore(_ context.Context, position int64, t time.Time) (view.Trial, error) {
	s.mu.RLock()
	defer s.mu.RUnlock()
	for _, trial := range slices.Backward(s.pastTrials) {
		if trial.Position <= position && (t.IsZero() || !trial.At.After(t)) {
			return trial, nil
		}
	}
	return view.Trial{}, nil
}
