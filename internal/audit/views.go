package audit

import (
	"cmp"
	"context"
	"crypto/sha256"
	"encoding/binary"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"corebank/internal/bank"
	"corebank/internal/view"
)

// Views is what the views said at their checkpoint, short enough to hold in
// memory while the log is folded up to there.
type Views struct {
	checkpoint int64
	accounts   map[bank.AccountID]*viewed
	lines      int64
}

// viewed is one account of the views. Without a document its account has no id.
type viewed struct {
	account view.Account
	lines   int64
	history digest
}

// Checkpoint is the position that the views reflect.
func (v *Views) Checkpoint() int64 { return v.checkpoint }

// ReadViews takes a snapshot of the views and reads all of it.
func ReadViews(ctx context.Context, from view.Snapshots) (_ *Views, err error) {
	snapshot, err := from.Snapshot(ctx)
	if err != nil {
		return nil, fmt.Errorf("read the views: %w", err)
	}
	defer func() { err = errors.Join(err, snapshot.Close(context.WithoutCancel(ctx))) }()
	v := &Views{checkpoint: snapshot.Checkpoint(), accounts: make(map[bank.AccountID]*viewed)}
	for account, err := range snapshot.Accounts(ctx) {
		if err != nil {
			return nil, fmt.Errorf("read the views: %w", err)
		}
		v.accounts[account.ID] = &viewed{account: account}
	}
	for line, err := range snapshot.Transactions(ctx) {
		if err != nil {
			return nil, fmt.Errorf("read the views: %w", err)
		}
		of := v.accounts[line.Account]
		if of == nil {
			of = new(viewed)
			v.accounts[line.Account] = of
		}
		of.lines++
		of.history = of.history.with(line)
		v.lines++
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

// Expect has the views compared with the fold when the log reaches their
// checkpoint. It is called before the first record.
func (a *Auditor) Expect(v *Views) { a.expected = v }

// compareAtCheckpoint compares the views that are due.
func (a *Auditor) compareAtCheckpoint() {
	if a.expected == nil || a.expected.checkpoint != a.position {
		return
	}
	a.compare(a.expected)
	a.expected = nil // what it held is needed no more
}

// compare holds every account of the fold against the views, and the other way
// round.
func (a *Auditor) compare(v *Views) {
	a.compared = &Compared{Checkpoint: v.checkpoint, Accounts: int64(len(v.accounts)), Transactions: v.lines}
	var found []Finding
	for id, acc := range a.accounts {
		if acc.unreadable {
			continue // it is a finding already, and no view can follow it
		}
		of := v.accounts[id]
		if of == nil {
			of = new(viewed)
		}
		if expected, got := differences(acc, of); len(expected) > 0 {
			found = append(found, Finding{Rule: RuleViews, Position: v.checkpoint, Account: id,
				Expected: strings.Join(expected, ", "), Found: strings.Join(got, ", ")})
		}
	}
	for id, of := range v.accounts {
		if a.accounts[id] == nil {
			found = append(found, Finding{Rule: RuleViews, Position: v.checkpoint, Account: id,
				Expected: "no such account", Found: fmt.Sprintf("version %d with %d lines of history", of.account.Version, of.lines)})
		}
	}
	slices.SortFunc(found, func(x, y Finding) int { return cmp.Compare(x.Account, y.Account) })
	for _, f := range found {
		a.findings.add(f)
	}
	a.compared.Different = int64(len(found))
}

// differences are the fields in which the views differ from the fold: as they
// must be, and as they are.
func differences(acc *account, of *viewed) (expected, found []string) {
	if of.account.ID == "" {
		return []string{"the account"}, []string{fmt.Sprintf("none, with %d lines of history", of.lines)}
	}
	differ := func(name string, want, got any) {
		if want != got {
			expected = append(expected, fmt.Sprintf("%s %v", name, want))
			found = append(found, fmt.Sprintf("%s %v", name, got))
		}
	}
	want, got := acc.state, of.account
	if got.Quarantined() {
		expected = append(expected, "no quarantine")
		found = append(found, "quarantine: "+got.Stale.Reason)
	}
	differ("version", want.Version, got.Version)
	differ("balance", want.Balance, got.Money())
	differ("owner", want.Owner, got.Owner)
	differ("currency", want.Currency, got.Currency)
	differ("opened at", instant(want.OpenedAt), instant(got.OpenedAt))
	differ("updated at", instant(want.ChangedAt), instant(got.UpdatedAt))
	differ("lines of history", acc.lines, of.lines)
	if acc.lines == of.lines {
		differ("history with the digest", acc.history, of.history)
	}
	return expected, found
}

// instant makes times comparable.
func instant(t time.Time) string { return t.UTC().Format(time.RFC3339Nano) }

// digest stands for a whole history: the SHA-256 chain of its lines.
type digest [sha256.Size]byte

// String is the beginning of the digest, enough to tell two apart.
func (d digest) String() string { return fmt.Sprintf("%x", d[:8]) }

// with is the digest of the history with one more line.
func (d digest) with(l view.Transaction) digest {
	text := make([]byte, 0, 256)
	text = append(text, d[:]...)
	for _, number := range []int64{l.Version, l.Position, l.Amount, l.BalanceAfter, l.OccurredAt.UnixMicro()} {
		text = binary.BigEndian.AppendUint64(text, uint64(number))
	}
	for _, s := range []string{string(l.Account), string(l.Type), string(l.Currency), l.Reference, l.Memo} {
		text = binary.BigEndian.AppendUint32(text, uint32(len(s)))
		text = append(text, s...)
	}
	return sha256.Sum256(text)
}
