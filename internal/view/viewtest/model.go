package viewtest

import (
	"fmt"
	"maps"
	"reflect"
	"slices"
	"testing"
	"time"

	"corebank/internal/bank"
	"corebank/internal/contract"
	"corebank/internal/view"
)

// model is what a store must show after the changes that were applied to it.
// Everything in it is oldest first.
type model struct {
	position   int64
	accounts   map[bank.AccountID]view.Account
	lines      map[bank.AccountID][]view.Transaction
	references map[string][]contract.Record
	states     map[bank.AccountID][]view.State
	trial      view.Trial
	pastTrials []view.Trial
}

func newModel() model {
	return model{accounts: make(map[bank.AccountID]view.Account), lines: make(map[bank.AccountID][]view.Transaction),
		references: make(map[string][]contract.Record), states: make(map[bank.AccountID][]view.State)}
}

// clone is a copy that later changes leave as it is.
func (m model) clone() model {
	m.accounts, m.lines = maps.Clone(m.accounts), maps.Clone(m.lines)
	m.references, m.states = maps.Clone(m.references), maps.Clone(m.states)
	return m
}

func (m *model) apply(c view.Changes) {
	for _, account := range c.Accounts {
		m.accounts[account.ID] = account
	}
	m.add(c.Transactions, c.References, c.States)
	m.position, m.trial, m.pastTrials = c.To, c.Trial, append(m.pastTrials, c.PastTrials...)
}

func (m *model) add(lines []view.Transaction, references []view.Reference, states []view.State) {
	for _, line := range lines {
		m.lines[line.Account] = append(m.lines[line.Account], line)
	}
	for _, r := range references {
		m.references[r.Key] = append(m.references[r.Key], r.Record)
	}
	for _, state := range states {
		m.states[state.Account.ID] = append(m.states[state.Account.ID], state)
	}
}

func (m *model) replace(r view.Replacement) {
	id := r.Account.ID
	m.accounts[id] = r.Account
	delete(m.lines, id)
	delete(m.states, id)
	for key, records := range m.references {
		m.references[key] = slices.DeleteFunc(slices.Clone(records), func(r contract.Record) bool { return r.Account == id })
	}
	m.add(r.Transactions, r.References, r.States)
	m.trial = m.trial.With(r.Missing)
	for i, trial := range m.pastTrials {
		m.pastTrials[i] = trial.With(r.Missing)
	}
}

// page is what a page must be, found by looking at every line.
func (m *model) page(id bank.AccountID, page view.Page) view.Lines {
	var all, window []view.Transaction
	for _, line := range slices.Backward(m.lines[id]) {
		if !passes(line, page.Filter) {
			continue
		}
		all = append(all, line)
		if (page.After == 0 || line.Version < page.After) && line.Version > page.Before {
			window = append(window, line)
		}
	}
	cut := window[max(0, len(window)-page.Last):]
	if page.First > 0 {
		cut = window[:min(page.First, len(window))]
	}
	newest, oldest := page.After-1, page.Before+1 // an empty page lies between its bounds
	if len(cut) > 0 {
		newest, oldest = cut[0].Version, cut[len(cut)-1].Version
	}
	lines := view.Lines{Transactions: cut}
	for _, line := range all {
		lines.Newer = lines.Newer || (line.Version > newest && (len(cut) > 0 || page.After > 0))
		lines.Older = lines.Older || (line.Version < oldest && (len(cut) > 0 || page.Before > 0))
	}
	return lines
}

func passes(line view.Transaction, f view.Filter) bool {
	switch {
	case len(f.Types) > 0 && !slices.Contains(f.Types, line.Type),
		!within(line.OccurredAt, f.Since, f.Until), !within(line.EffectiveAt, f.EffectiveSince, f.EffectiveUntil),
		line.Amount < f.MinAmount, f.MaxAmount > 0 && line.Amount > f.MaxAmount,
		f.Credits && !f.Debits && !line.Credit, f.Debits && !f.Credits && line.Credit,
		f.Reference != "" && line.Reference != f.Reference, f.ExternalID != "" && line.ExternalID != f.ExternalID,
		f.Counterparty != "" && line.Counterparty != f.Counterparty, f.Transfer != "" && line.Transfer != f.Transfer:
		return false
	}
	return true
}

// within reports whether a time is in an interval, which is open where an end
// is zero.
func within(t, since, until time.Time) bool {
	return (since.IsZero() || !t.Before(since)) && (until.IsZero() || t.Before(until))
}

// difference is empty when the lines are those wanted.
func difference(got, want view.Lines) string {
	if slices.Equal(got.Transactions, want.Transactions) && got.Newer == want.Newer && got.Older == want.Older {
		return ""
	}
	return fmt.Sprintf("got  %v\nwant %v", summary(got), summary(want))
}

func summary(lines view.Lines) string {
	versions := make([]int64, len(lines.Transactions))
	for i, line := range lines.Transactions {
		versions[i] = line.Version
	}
	return fmt.Sprintf("versions %v, newer %t, older %t", versions, lines.Newer, lines.Older)
}

// same reports whether two documents are equal in every field.
func same(a, b any) bool { return reflect.DeepEqual(a, b) }

// expect fails unless what was read is what is wanted, in every field.
func expect[T any](t *testing.T, what string, got T, err error, want T) {
	t.Helper()
	if err != nil || !same(got, want) {
		t.Errorf("%s is\n%+v (%v), want\n%+v", what, got, err, want)
	}
}
