package memory

import (
	"context"
	"fmt"
	"slices"
	"sort"
	"sync"

	"corebank/internal/bank"
	"corebank/internal/view"
)

// Store is a view.Store in memory, safe for concurrent use.
type Store struct {
	mu         sync.RWMutex
	checkpoint int64
	accounts   map[bank.AccountID]view.Account
	// lines and states are in ascending order of version.
	lines  map[bank.AccountID][]view.Transaction
	states map[bank.AccountID][]view.State
	links  map[string][]view.Reference // by position
	trial  view.Trial
	kept   []view.Trial // by position
}

var _ view.Store = (*Store)(nil)

// New is an empty store.
func New() *Store {
	return &Store{
		accounts: make(map[bank.AccountID]view.Account),
		lines:    make(map[bank.AccountID][]view.Transaction),
		states:   make(map[bank.AccountID][]view.State),
		links:    make(map[string][]view.Reference),
	}
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
	if err := s.checkNew(changes); err != nil {
		return err
	}
	for _, line := range changes.Transactions {
		lines := s.lines[line.Account]
		s.lines[line.Account] = slices.Insert(lines, from(lines, line.Version), line)
	}
	for _, account := range changes.Accounts {
		s.accounts[account.ID] = account
	}
	s.file(changes.References, changes.States)
	s.trial, s.kept = changes.Trial, append(s.kept, changes.PastTrials...)
	s.checkpoint = changes.To
	return nil
}

// file adds links and states in their order.
func (s *Store) file(links []view.Reference, states []view.State) {
	for _, link := range links {
		own := s.links[link.Key]
		at := sort.Search(len(own), func(i int) bool { return own[i].Record.Position >= link.Record.Position })
		s.links[link.Key] = slices.Insert(own, at, link)
	}
	for _, state := range states {
		own := s.states[state.Account.ID]
		at := sort.Search(len(own), func(i int) bool { return own[i].Account.Version >= state.Account.Version })
		s.states[state.Account.ID] = slices.Insert(own, at, state)
	}
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
	id := r.Account.ID
	if s.checkpoint != r.At || len(r.Missing) > 0 && !s.accounts[id].Quarantined() {
		return view.ErrCheckpointMoved
	}
	s.accounts[id], s.lines[id] = r.Account, slices.Clone(r.Transactions)
	delete(s.states, id)
	for key, links := range s.links {
		s.links[key] = slices.DeleteFunc(slices.Clone(links), func(l view.Reference) bool { return l.Record.Account == id })
	}
	s.file(r.References, r.States)
	s.trial = s.trial.With(r.Missing)
	for i, trial := range s.kept {
		s.kept[i] = trial.With(r.Missing)
	}
	return nil
}

// Close does nothing.
func (s *Store) Close(context.Context) error { return nil }

// checkNew is nil when no line, link or state is there already and none comes
// twice.
func (s *Store) checkNew(changes view.Changes) error {
	type key struct {
		what    string
		version int64
	}
	seen := make(map[key]bool)
	for _, line := range changes.Transactions {
		stored := s.lines[line.Account]
		i := from(stored, line.Version)
		k := key{string(line.Account), line.Version}
		if seen[k] || (i < len(stored) && stored[i].Version == line.Version) {
			return fmt.Errorf("line %d of %s is there already", line.Version, line.Account)
		}
		seen[k] = true
	}
	for _, link := range changes.References {
		k := key{"link " + link.Key, link.Record.Position}
		if seen[k] {
			return fmt.Errorf("link %s of position %d is there already", link.Key, link.Record.Position)
		}
		seen[k] = true
	}
	for _, state := range changes.States {
		k := key{"state " + string(state.Account.ID), state.Account.Version}
		if seen[k] || slices.ContainsFunc(s.states[state.Account.ID], func(old view.State) bool { return old.Account.Version == state.Account.Version }) {
			return fmt.Errorf("state %d of %s is there already", state.Account.Version, state.Account.ID)
		}
		seen[k] = true
	}
	return nil
}

// from is the index of the first line with at least this version.
func from(lines []view.Transaction, version int64) int {
	return sort.Search(len(lines), func(i int) bool { return lines[i].Version >= version })
}
