package memory

import (
	"context"
	"fmt"
	"slices"
	"sort"
	"sync"
	"time"

	"corebank/internal/bank"
	"corebank/internal/view"
)

// Store is a view.Store in memory, safe for concurrent use.
type Store struct {
	mu         sync.RWMutex
	checkpoint int64
	accounts   map[bank.AccountID]view.Account
	// lines are in ascending order of version.
	lines map[bank.AccountID][]view.Transaction
}

var _ view.Store = (*Store)(nil)

// New is an empty store.
func New() *Store {
	return &Store{
		accounts: make(map[bank.AccountID]view.Account),
		lines:    make(map[bank.AccountID][]view.Transaction),
	}
}

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
	found := slices.Clone(lines[low:high])
	if len(r.Types) > 0 {
		found = slices.DeleteFunc(found, func(l view.Transaction) bool { return !slices.Contains(r.Types, l.Type) })
	}
	if r.NewestFirst {
		slices.Reverse(found)
	}
	return found[:min(len(found), r.Limit)], nil
}

// VersionAt finds where a time begins for view.ReadPage.
func (s *Store) VersionAt(_ context.Context, id bank.AccountID, t time.Time) (int64, error) {
	s.mu.RLock()
	defer s.mu.RUnlock()
	for _, line := range s.lines[id] {
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

// Apply makes the changes, or does nothing and returns an error.
func (s *Store) Apply(ctx context.Context, changes view.Changes) error {
	if err := changes.Check(); err != nil {
		return err
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	if err := ctx.Err(); err != nil {
		return err
	}
	if s.checkpoint != changes.From {
		return view.ErrCheckpointMoved
	}
	if err := s.checkNew(changes.Transactions); err != nil {
		return err
	}
	for _, line := range changes.Transactions {
		lines := s.lines[line.Account]
		s.lines[line.Account] = slices.Insert(lines, from(lines, line.Version), line)
	}
	for _, account := range changes.Accounts {
		s.accounts[account.ID] = account
	}
	s.checkpoint = changes.To
	return nil
}

// Replace puts one account in place of what it was, or does nothing and
// returns an error.
func (s *Store) Replace(ctx context.Context, r view.Replacement) error {
	if err := r.Check(); err != nil {
		return err
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	if err := ctx.Err(); err != nil {
		return err
	}
	if s.checkpoint != r.At {
		return view.ErrCheckpointMoved
	}
	s.accounts[r.Account.ID] = r.Account
	s.lines[r.Account.ID] = slices.Clone(r.Transactions)
	return nil
}

// Close does nothing.
func (s *Store) Close(context.Context) error { return nil }

// checkNew is nil when no line is there already and none comes twice.
func (s *Store) checkNew(lines []view.Transaction) error {
	type key struct {
		account bank.AccountID
		version int64
	}
	seen := make(map[key]bool, len(lines))
	for _, line := range lines {
		k := key{line.Account, line.Version}
		stored := s.lines[line.Account]
		i := from(stored, line.Version)
		if seen[k] || (i < len(stored) && stored[i].Version == line.Version) {
			return fmt.Errorf("line %d of %s is there already", line.Version, line.Account)
		}
		seen[k] = true
	}
	return nil
}

// from is the index of the first line with at least this version.
func from(lines []view.Transaction, version int64) int {
	return sort.Search(len(lines), func(i int) bool { return lines[i].Version >= version })
}
