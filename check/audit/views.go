package audit

import (
	"bytes"
	"cmp"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"maps"
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
	trial      view.Trial
	accounts   map[bank.AccountID]*viewed
	lines      int64
}

// viewed is one account of the views. Without a document its account has no id.
type viewed struct {
	account         view.Account
	lines, filed    int64
	history, filing view.Digest
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
	v := &Views{checkpoint: snapshot.Checkpoint(), trial: snapshot.Trial(), accounts: make(map[bank.AccountID]*viewed)}
	if err := v.read(ctx, snapshot); err != nil {
		return nil, fmt.Errorf("read the views: %w", err)
	}
	return v, nil
}

func (v *Views) read(ctx context.Context, snapshot view.Snapshot) error {
	for account, err := range snapshot.Accounts(ctx) {
		if err != nil {
			return err
		}
		v.accounts[account.ID] = &viewed{account: account}
	}
	for line, err := range snapshot.Transactions(ctx) {
		if err != nil {
			return err
		}
		of := v.of(line.Account)
		of.lines++
		of.history = of.history.With(line)
		v.lines++
	}
	for link, err := range snapshot.Links(ctx) {
		if err == nil {
			err = v.of(link.Record.Account).file(link)
		}
		if err != nil {
			return err
		}
	}
	for state, err := range snapshot.States(ctx) {
		if err == nil {
			err = v.of(state.Account.ID).file(state)
		}
		if err != nil {
			return err
		}
	}
	return nil
}

// of is what the views have of an account, with or without a document.
func (v *Views) of(id bank.AccountID) *viewed {
	if v.accounts[id] == nil {
		v.accounts[id] = new(viewed)
	}
	return v.accounts[id]
}

func (v *viewed) file(what any) error {
	digest, err := view.DigestOf(what)
	v.filed++
	v.filing = v.filing.And(digest)
	return err
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
	sound := a.findings.total == 0
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
	// The trial balance is right where all accounts are, or wrong by itself.
	if want := a.trial.Trial(a.position); sound && len(found) == 0 && !want.Equal(v.trial) {
		a.findings.add(Finding{Rule: RuleViews, Position: v.checkpoint, Expected: trialText(want), Found: trialText(v.trial)})
	}
}

func trialText(t view.Trial) string {
	text := fmt.Sprintf("the trial balance at position %d, %s:", t.Position, instant(t.At))
	for _, total := range t.Totals {
		text += fmt.Sprintf(" %s %s %s", total.Kind, decimal(total.Sum, total.Currency), total.Currency)
	}
	return text
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
	differ("balance", want.Balance, got.Balance)
	differ("owner", want.Owner, got.Owner)
	differ("currency", want.Currency, got.Currency)
	differ("opened at", instant(want.OpenedAt), instant(got.OpenedAt))
	differ("updated at", instant(want.ChangedAt), instant(got.ChangedAt))
	differ("opened at position", max(acc.opened, 0), got.Opened)
	for _, f := range otherFields(want, got.Account) {
		differ(f.name, f.want, f.got)
	}
	differ("lines of history", acc.lines, of.lines)
	if acc.lines == of.lines {
		differ("history with the digest", acc.history, of.history)
	}
	differ("links and kept states", acc.filed, of.filed)
	if acc.filed == of.filed {
		differ("links and kept states with the digest", acc.filing, of.filing)
	}
	return expected, found
}

// fieldsNamed are compared by themselves, in words.
var fieldsNamed = []string{"id", "version", "balance", "owner", "currency", "openedAt", "changedAt"}

type otherField struct{ name, want, got string }

// otherFields are the parts of two accounts, by their names in JSON: none where
// the accounts are the same.
func otherFields(want, got bank.Account) (all []otherField) {
	wanted, wantErr := json.Marshal(want)
	shown, gotErr := json.Marshal(got)
	if err := errors.Join(wantErr, gotErr); err != nil { // what they hold came from JSON, but a time may be of no year
		return []otherField{{"a document that can be written", "", err.Error()}}
	}
	if bytes.Equal(wanted, shown) {
		return nil
	}
	var wantParts, gotParts map[string]json.RawMessage
	if err := errors.Join(json.Unmarshal(wanted, &wantParts), json.Unmarshal(shown, &gotParts)); err != nil {
		return []otherField{{"a document that can be read", "", err.Error()}}
	}
	names := make(map[string]bool)
	for name := range wantParts {
		names[name] = true
	}
	for name := range gotParts {
		names[name] = true
	}
	for _, name := range slices.Sorted(maps.Keys(names)) {
		if !slices.Contains(fieldsNamed, name) {
			all = append(all, otherField{name, cmp.Or(string(wantParts[name]), "none"), cmp.Or(string(gotParts[name]), "none")})
		}
	}
	return all
}

// instant makes times comparable.
func instant(t time.Time) string { return t.UTC().Format(time.RFC3339Nano) }
