package projector

import (
	"context"
	"fmt"
	"slices"

	"corebank/internal/bank"
	"corebank/internal/contract"
	"corebank/internal/view"
)

// chunkRecords bounds the records of one transaction: enough for a fast
// rebuild, which writes each account and each page of the store once per chunk,
// and few enough for memory (some tens of MiB, twice: one chunk is applied while
// the next is read) and for a stop within seconds.
const chunkRecords = 32 * contract.MaxReadRecords

// RecordError says that a record cannot be folded into its account's view: its
// version is not the next, or this build does not know its event.
type RecordError struct {
	Account  bank.AccountID
	Position int64
	Err      error
}

// Error names the account and the position.
func (e *RecordError) Error() string {
	return fmt.Sprintf("record at position %d of account %s: %v", e.Position, e.Account, e.Err)
}

// Unwrap is the cause.
func (e *RecordError) Unwrap() error { return e.Err }

// apply folds records, which follow the position, into the views. Where they
// come from the log, one that cannot be folded quarantines its account;
// otherwise it is a *RecordError, for the log may have better ones.
func (p *Projector) apply(ctx context.Context, records []contract.Record, fromLog bool) (err error) {
	defer func() {
		if err != nil {
			p.kept.forget() // folding may have written where what is kept ends
		}
	}()
	for chunk := range slices.Chunk(records, chunkRecords) {
		accounts, err := p.kept.accounts(ctx, p.store, touched(chunk))
		if err != nil {
			return err
		}
		changes, poison := fold(accounts, p.trial, chunk)
		if len(poison) > 0 && !fromLog {
			return poison[0]
		}
		if err := p.store.Apply(ctx, changes); err != nil {
			return err
		}
		for _, bad := range poison {
			p.logger.Error("the view of an account stands still; mend the cause, then run corebank replay",
				"account", bad.Account, "position", bad.Position, "error", bad.Err)
		}
		p.kept.put(changes.Accounts)
		p.trial = changes.Trial
		p.moved(changes.To)
	}
	return nil
}

// touched are the accounts of the records, each once, in order.
func touched(records []contract.Record) []bank.AccountID {
	seen := make(map[bank.AccountID]bool)
	var ids []bank.AccountID
	for _, r := range records {
		if !seen[r.Account] {
			seen[r.Account] = true
			ids = append(ids, r.Account)
		}
	}
	return ids
}

// fold is the effect of contiguous records on accounts, which it changes, and
// on the trial balance, and the records that quarantined an account. Later
// records of a quarantined account have no effect.
func fold(accounts map[bank.AccountID]view.Account, before view.Trial, records []contract.Record) (view.Changes, []*RecordError) {
	changes := view.Changes{From: records[0].Position - 1, To: records[len(records)-1].Position}
	sums := view.Resume(before)
	var poison []*RecordError
	for _, r := range records {
		effect, err := foldOne(accounts, r)
		if err != nil {
			poison = append(poison, &RecordError{Account: r.Account, Position: r.Position, Err: err})
		}
		if effect.Line != nil {
			changes.Transactions = append(changes.Transactions, *effect.Line)
		}
		if len(effect.Keys) > 0 {
			changes.References = append(changes.References, view.ReferencesOf(r, effect.Keys)...)
		}
		if effect.State != nil {
			changes.States = append(changes.States, *effect.State)
		}
		sums.Add(r.At, effect.Postings)
		if r.Position%view.TrialInterval == 0 {
			changes.PastTrials = append(changes.PastTrials, sums.Trial(r.Position))
		}
	}
	changes.Trial = sums.Trial(changes.To)
	for _, id := range touched(records) {
		changes.Accounts = append(changes.Accounts, accounts[id])
	}
	return changes, poison
}

// foldOne is the effect of one record: none on an account that is or has to be
// quarantined.
func foldOne(accounts map[bank.AccountID]view.Account, r contract.Record) (view.Effect, error) {
	was := accounts[r.Account]
	if was.Quarantined() {
		return view.Effect{}, nil
	}
	account, effect, err := view.Fold(was, r)
	if err != nil {
		accounts[r.Account] = view.Quarantine(was, r, err)
		return view.Effect{}, err
	}
	accounts[r.Account] = account
	return effect, nil
}
