package memory

import (
	"context"
	"fmt"
	"slices"
	"sort"
	"sync"

	"corebank/internal/bank"
	"corebank/internal/contract"
	"corebank/internal/view"
)

// Store is a view.Store in memory, safe for concurrent use.
type Store struct {
	mu         sync.RWMutex
	checkpoint int64
	marked     contract.Checkpoint
	accounts   map[bank.AccountID]view.Account
	// lines and states are in ascending order of version.
	lines      map[bank.AccountID][]view.Transaction
	states     map[bank.AccountID][]view.State
	references map[string][]view.Reference // by position
	trial      view.Trial
	pastTrials []view.Trial // by position
}

var _ view.Store = (*Store)(nil)

// New is an empty store.
func New() *Store {
	return &Store{
		accounts:   make(map[bank.AccountID]view.Account),
		lines:      make(map[bank.AccountID][]view.Transaction),
		states:     make(map[bank.AccountID][]view.State),
		references: make(map[string][]view.Reference),
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
	s.index(changes.References, changes.States)
	s.trial, s.pastTrials = changes.Trial, append(s.pastTrials, changes.PastTrials...)
	s.checkpoint, s.marked = changes.To, changes.LogCheckpoint()
	return nil
}

// index adds references and states in their order.
func (s *Store) index(references []view.Reference, states []view.State) {
	for _, reference := range references {
		own := s.references[reference.Key]
		at := sort.Search(len(own), func(i int) bool { return own[i].Record.Position >= reference.Record.Position })
		s.references[reference.Key] = slices.Insert(own, at, reference)
	}
	for _, state := range states {
		own := s.states[state.Account.ID]
		at := sort.Search(len(own), func(i int) bool { return own[i].Account.Version >= state.Account.Version })
		s.states[state.Account.ID] = slices.Insert(own, at, state)
	}
}

// Replace replaces everything of one account, or does nothing and returns an
// error.
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
	for key, references := range s.references {
		s.references[key] = slices.DeleteFunc(slices.Clone(references),
			func(r view.Reference) bool { return r.Record.Account == id })
	}
	s.index(r.References, r.States)
	s.trial = s.trial.With(r.Missing)
	for i, trial := range s.pastTrials {
		s.pastTrials[i] = trial.With(r.Missing)
	}
	return nil
}

// Close does nothing.
func (s *Store) Close(context.Context) error { return nil }

// checkNew is nil when no line or state exists already and no entry occurs twice.
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
			return fmt.Errorf("line %d of %s exists already", line.Version, line.Account)
		}
		seen[k] = true
	}
	for _, reference := range changes.References {
		k := key{"reference " + reference.Key, reference.Record.Position}
		if seen[k] {
			return fmt.Errorf("reference %s of position %d exists already", reference.Key, reference.Record.Position)
		}
		seen[k] = true
	}
	for _, state := range changes.States {
		k := key{"state " + string(state.Account.ID), state.Account.Version}
		exists := slices.ContainsFunc(s.states[state.Account.ID], func(old view.State) bool {
			return old.Account.Version == state.Account.Version
		})
		if seen[k] || exists {
			return fmt.Errorf("state %d of %s exists already", state.Account.Version, state.Account.ID)
		}
		seen[k] = true
	}
	return nil
}

// from is the index of the first line with at least this version.
func from(lines []view.Transaction, version int64) int {
	return sort.Search(len(lines), func(i int) bool { return lines[i].Version >= version })
}
