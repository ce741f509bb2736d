package verify

import (
	"context"

	"corebank/internal/bank"
	"corebank/internal/view"
)

// Entries stand for everything that views keep for one account beside its
// document: counts and digests, so that the entries of a whole bank fit into
// memory.
type Entries struct {
	// Lines and History are the number of history lines and the chain of their
	// digests, oldest first.
	Lines   int64
	History view.Digest
	// Indexed and Index are the number of references and history states and the
	// digest of their set, in whatever order they came.
	Indexed int64
	Index   view.Digest
}

// AddLine adds the next line of the account's history.
func (e *Entries) AddLine(line view.Transaction) {
	e.Lines++
	e.History = e.History.With(line)
}

// AddReference adds a record that is indexed under a key.
func (e *Entries) AddReference(r view.Reference) error { return e.index(r) }

// AddState adds a history state.
func (e *Entries) AddState(s view.State) error { return e.index(s) }

func (e *Entries) index(entry any) error {
	digest, err := view.DigestOf(entry)
	e.Indexed++
	e.Index = e.Index.And(digest)
	return err
}

// Views are the entries of a snapshot by account. An account may have a
// document and no entries, or entries and no document.
type Views struct {
	Checkpoint int64
	Trial      view.Trial
	Entries    map[bank.AccountID]*Entries
	// Lines is the sum over all accounts.
	Lines int64
}

// Read reads a whole snapshot. Each document goes to the given function, which
// may end the reading with an error: documents are too large to hold them all
// where it is not necessary. Progress is called after each document and line.
func Read(ctx context.Context, from view.Snapshot, document func(view.Account) error, progress func()) (*Views, error) {
	v := &Views{Checkpoint: from.Checkpoint(), Trial: from.Trial(), Entries: make(map[bank.AccountID]*Entries)}
	for account, err := range from.Accounts(ctx) {
		if err == nil {
			err = document(account)
		}
		if err != nil {
			return nil, err
		}
		v.of(account.ID)
		progress()
	}
	for line, err := range from.Transactions(ctx) {
		if err != nil {
			return nil, err
		}
		v.of(line.Account).AddLine(line)
		v.Lines++
		progress()
	}
	for reference, err := range from.References(ctx) {
		if err == nil {
			err = v.of(reference.Record.Account).AddReference(reference)
		}
		if err != nil {
			return nil, err
		}
	}
	for state, err := range from.States(ctx) {
		if err == nil {
			err = v.of(state.Account.ID).AddState(state)
		}
		if err != nil {
			return nil, err
		}
	}
	return v, nil
}

func (v *Views) of(id bank.AccountID) *Entries {
	entries := v.Entries[id]
	if entries == nil {
		entries = new(Entries)
		v.Entries[id] = entries
	}
	return entries
}
