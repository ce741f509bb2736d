package verify

import (
	"bytes"
	"cmp"
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"slices"
	"time"

	"corebank/internal/view"
)

// Differences are the parts in which an account of the views differs from what
// is expected of it, as texts: Expected[i] where Found[i] was found.
type Differences struct {
	Expected, Found []string
}

// None reports whether nothing differs.
func (d *Differences) None() bool { return len(d.Expected) == 0 }

// Add adds a difference.
func (d *Differences) Add(expected, found string) {
	d.Expected = append(d.Expected, expected)
	d.Found = append(d.Found, found)
}

func (d *Differences) compare(name string, want, got any) {
	if want != got {
		d.Add(fmt.Sprintf("%s %v", name, want), fmt.Sprintf("%s %v", name, got))
	}
}

// CompareDocuments adds the fields in which two documents differ. Of a
// quarantine it compares the position: only the views know the rest.
func (d *Differences) CompareDocuments(want, got view.Account) {
	d.compareQuarantines(want.Stale, got.Stale)
	d.compare("opened at position", want.Opened, got.Opened)
	wanted, wantErr := json.Marshal(want.Account)
	found, gotErr := json.Marshal(got.Account)
	if err := errors.Join(wantErr, gotErr); err != nil { // both came from JSON, but a time may be of no year
		d.Add("a document that can be written", err.Error())
		return
	}
	if bytes.Equal(wanted, found) {
		return
	}
	d.compare("version", want.Version, got.Version)
	d.compare("balance", want.Balance, got.Balance)
	d.compare("owner", want.Owner, got.Owner)
	d.compare("currency", want.Currency, got.Currency)
	d.compare("opened at", instant(want.OpenedAt), instant(got.OpenedAt))
	d.compare("updated at", instant(want.ChangedAt), instant(got.ChangedAt))
	d.compareOtherFields(wanted, found)
}

func (d *Differences) compareQuarantines(want, got view.Stale) {
	switch {
	case want.Position == got.Position:
	case want.Position == 0:
		d.Add("no quarantine", "quarantine: "+got.Reason)
	default:
		d.compare("quarantine since position", want.Position, got.Position)
	}
}

// namedFields are those that CompareDocuments compares one by one, so that
// they read well.
var namedFields = []string{"id", "version", "balance", "owner", "currency", "openedAt", "changedAt"}

// compareOtherFields compares the JSON of two accounts, field by field.
func (d *Differences) compareOtherFields(wanted, found []byte) {
	var want, got map[string]json.RawMessage
	if err := errors.Join(json.Unmarshal(wanted, &want), json.Unmarshal(found, &got)); err != nil {
		d.Add("a document that can be read", err.Error())
		return
	}
	names := maps.Clone(want)
	maps.Copy(names, got)
	for _, name := range slices.Sorted(maps.Keys(names)) {
		if !slices.Contains(namedFields, name) {
			d.compare(name, cmp.Or(string(want[name]), "none"), cmp.Or(string(got[name]), "none"))
		}
	}
}

// CompareEntries adds the kinds of entries that differ. Digests say nothing
// where the counts differ already.
func (d *Differences) CompareEntries(want, got Entries) {
	d.compare("lines of history", want.Lines, got.Lines)
	if want.Lines == got.Lines {
		d.compare("history with the digest", want.History, got.History)
	}
	d.compare("references and history states", want.Indexed, got.Indexed)
	if want.Indexed == got.Indexed {
		d.compare("references and history states with the digest", want.Index, got.Index)
	}
}

// NoDocument is the difference of an account that has entries at most.
func (d *Differences) NoDocument(got Entries) {
	d.Add("the account", fmt.Sprintf("none, with %d lines of history", got.Lines))
}

// NoAccount is the difference of an account that the log does not know.
func (d *Differences) NoAccount(document view.Account, got Entries) {
	d.Add("no such account", fmt.Sprintf("version %d with %d lines of history", document.Version, got.Lines))
}

// instant makes times comparable.
func instant(t time.Time) string { return t.UTC().Format(time.RFC3339Nano) }
