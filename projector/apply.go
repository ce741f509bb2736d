package projector

import (
	"cmp"
	"context"
	"fmt"
	"time"

	"corebank/internal/bank"
	"corebank/internal/contract"
	"corebank/internal/view"
)

// chunkRecords is the maximum of records in one transaction. Many make a
// rebuild fast, because it writes each account and each page of the store once
// per chunk. Few save memory (a chunk takes some tens of MiB, and the next one
// is read while this one is applied) and let the projector stop within seconds.
const chunkRecords = 32 * contract.MaxReadRecords

// RecordError is the error of a record that cannot be folded into its account's
// view: its version is not the next, or this build does not know its event.
type RecordError struct {
	Account  bank.AccountID
	Position int64
	Err      error
}

// Error names the account and the position.
func (e *RecordError) Error() string {
	return fmt.Sprintf("record at position %d of account %s: %v", e.Position, e.Account, e.Err)
}

// Unwrap returns the cause.
func (e *RecordError) Unwrap() error { return e.Err }

// apply folds records, which follow the position, into the views. A record of
// the log that cannot be folded quarantines its account. A record of the topic
// that cannot be folded is a *RecordError, because the log may have a better one.
func (p *Projector) apply(ctx context.Context, records []contract.Record, fromLog bool) (err error) {
	defer func() {
		if err != nil {
			p.cache.clear() // folding may have written into the slices of cached documents
		}
	}()
	for len(records) > 0 {
		chunk := records
		if len(chunk) > chunkRecords { // one append always fits into it
			chunk = contract.Whole(records[:chunkRecords])
		}
		records = records[len(chunk):]
		accounts, err := p.cache.accounts(ctx, p.store, touched(chunk))
		if err != nil {
			return err
		}
		changes, poison := fold(accounts, p.trial, chunk)
		changes.Log, changes.Mark = cmp.Or(p.follower.LogID(), p.marked.Log), chunk[len(chunk)-1].Mark()
		if len(poison) > 0 && !fromLog {
			return poison[0]
		}
		began := time.Now()
		if err := p.store.Apply(ctx, changes); err != nil {
			return err
		}
		p.metrics.applied(chunk, fromLog, began)
		p.metrics.quarantined.Add(float64(len(poison)))
		for _, bad := range poison {
			p.logger.Error("an account's view is quarantined; fix the cause, then run corebank replay",
				"account", bad.Account, "position", bad.Position, "error", bad.Err)
		}
		p.cache.put(changes.Accounts)
		p.trial, p.marked = changes.Trial, changes.LogCheckpoint()
		p.setPosition(changes.To)
	}
	return nil
}

// touched returns the accounts of the records, each once, in order.
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

// fold returns the effect of contiguous records on accounts, which it changes,
// and on the trial balance. It also returns the records that quarantined an
// account; later records of a quarantined account have no effect.
func fold(
	accounts map[bank.AccountID]view.Account, before view.Trial, records []contract.Record,
) (view.Changes, []*RecordError) {
	changes := view.Changes{From: records[0].Position - 1, To: records[len(records)-1].Position}
	sums := view.Resume(before)
	var poison []*RecordError
	for _, r := range records {
		effect, err := foldRecord(accounts, r)
		if err != nil {
			poison = append(poison, &RecordError{Account: r.Account, Position: r.Position, Err: err})
		}
		if effect.Line != nil {
			changes.Transactions = append(changes.Transactions, *effect.Line)
		}
		if len(effect.Subjects) > 0 {
			changes.References = append(changes.References, view.ReferencesOf(r, effect.Subjects)...)
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

// foldRecord returns the effect of one record. There is none if its account is
// quarantined, or becomes so.
func foldRecord(accounts map[bank.AccountID]view.Account, r contract.Record) (view.Effect, error) {
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
