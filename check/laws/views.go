package laws

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"corebank/internal/bank"
	"corebank/internal/view"
	"corebank/internal/view/verify"
)

// ViewSums are what the views showed at their checkpoint, short enough to hold in memory while the log is folded up
// to there.
type ViewSums struct {
	*verify.Views
	documents map[bank.AccountID]view.Account
}

// Checkpoint is the position that the views reflect.
func (v *ViewSums) Checkpoint() int64 { return v.Views.Checkpoint }

// ReadViews takes a snapshot of the views and reads all of it.
func ReadViews(ctx context.Context, from view.Snapshots) (_ *ViewSums, err error) {
	snapshot, err := from.Snapshot(ctx)
	if err != nil {
		return nil, fmt.Errorf("read the views: %w", err)
	}
	defer func() { err = errors.Join(err, snapshot.Close(context.WithoutCancel(ctx))) }()
	v := &ViewSums{documents: make(map[bank.AccountID]view.Account)}
	document := func(a view.Account) error {
		v.documents[a.ID] = a
		return nil
	}
	if v.Views, err = verify.Read(ctx, snapshot, document, func() {}); err != nil {
		return nil, fmt.Errorf("read the views: %w", err)
	}
	return v, nil
}

// Compared says what the views were found equal to, or not.
type Compared struct {
	// Checkpoint is the position at which log and views were compared.
	Checkpoint   int64 `json:"checkpoint"`
	Accounts     int64 `json:"accounts"`
	Transactions int64 `json:"transactions"`
	// Different counts the accounts that differ.
	Different int64 `json:"different"`
}

// Expect has the views compared with the fold when the log reaches their checkpoint. It is called before the first
// record.
func (l *Log) Expect(v *ViewSums) { l.expected = v }

// compareAtCheckpoint compares the views that are due.
func (l *Log) compareAtCheckpoint() {
	if l.expected == nil || l.expected.Checkpoint() != l.position {
		return
	}
	l.compare(l.expected)
	l.expected = nil // its memory is needed no more
}

// compare compares every account of the log with the views, and the other way round.
func (l *Log) compare(v *ViewSums) {
	l.compared = &Compared{Checkpoint: v.Checkpoint(), Transactions: v.Lines}
	clean := l.findings.Total == 0
	var found []Finding
	add := func(id bank.AccountID, d verify.Differences) {
		if !d.None() {
			found = append(found, Finding{Law: Views, Position: v.Checkpoint(), Account: id,
				Expected: strings.Join(d.Expected, ", "), Found: strings.Join(d.Found, ", ")})
		}
	}
	for id, acc := range l.accounts {
		if acc.isAccount() { // and not only the claim of an external id
			l.compared.Accounts++
		}
		if !acc.unreadable { // that is a finding already, and no view can follow it
			add(id, v.differences(id, acc))
		}
	}
	for id, entries := range v.Entries {
		if l.accounts[id] == nil {
			var d verify.Differences
			d.NoAccount(v.documents[id], *entries)
			add(id, d)
		}
	}
	slices.SortFunc(found, func(x, y Finding) int { return cmp.Compare(x.Account, y.Account) })
	for _, f := range found {
		l.findings.Add(f)
	}
	l.compared.Different = int64(len(found))
	// The trial balance is right where all accounts are, or wrong by itself.
	if want := l.Trial(); clean && len(found) == 0 && !want.Equal(v.Trial) {
		l.findings.Add(Finding{Law: Views, Position: v.Checkpoint(),
			Expected: trialText(want), Found: trialText(v.Trial)})
	}
}

// differences are the parts in which the views differ from an account of the log.
func (v *ViewSums) differences(id bank.AccountID, acc *account) (d verify.Differences) {
	var entries verify.Entries
	if found := v.Entries[id]; found != nil {
		entries = *found
	}
	document, found := v.documents[id]
	if !found {
		d.NoDocument(entries)
		return d
	}
	d.CompareDocuments(view.Account{Account: acc.state, Opened: max(acc.opened, 0)}, document)
	d.CompareEntries(acc.entries, entries)
	return d
}

func trialText(t view.Trial) string {
	text := fmt.Sprintf("the trial balance at position %d, %s:", t.Position, instant(t.At))
	for _, total := range t.Totals {
		text += fmt.Sprintf(" %s %s %s", total.Kind, total.Currency.Decimal(total.Sum.String()), total.Currency)
	}
	return text
}

// instant makes times comparable.
func instant(t time.Time) string { return t.UTC().Format(time.RFC3339Nano) }
