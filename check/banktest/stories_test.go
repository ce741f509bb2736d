package banktest

// What only the stories of this package's own tests need.

import (
	"context"
	"fmt"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"corebank/check/audit"
	"corebank/internal/bank"
	"corebank/internal/contract"
)

// Tell runs a story on a bank whose log has one partition and on one with three.
// At the end, it audits each log.
func Tell(t *testing.T, story func(t *testing.T, b *Bank)) {
	for _, partitions := range []int{1, 3} {
		t.Run(fmt.Sprintf("partitions=%d", partitions), func(t *testing.T) {
			b := StartOn(t, partitions)
			story(t, b)
			b.audit()
		})
	}
}

// Partitions is how many the log has.
func (b *Bank) Partitions() int { return len(b.disks.logs) }

// audit checks the log against the bank's laws.
func (b *Bank) audit() {
	b.t.Helper()
	b.Settle()
	a := audit.New()
	for page, after := b.page(0), int64(0); len(page) > 0; page = b.page(after) {
		for _, r := range page {
			a.Record(r)
			after = r.Position
		}
	}
	if r := a.Report(time.Now(), 0, nil); !r.OK || r.Position != b.head() {
		b.t.Errorf("of %d events:\n%s", b.head(), r)
	}
}

func (b *Bank) page(after int64) []contract.Record {
	b.t.Helper()
	page, err := b.parts.Log.ReadAll(context.Background(), contract.ReadAllRequest{AfterPosition: after})
	if err != nil {
		b.t.Fatal(err)
	}
	return page.Records
}

// NewDisks are empty disks, for a log of several partitions, with views in SQLite.
func NewDisks(t testing.TB, partitions int) *Disks {
	t.Helper()
	d := newDisks(t, partitions)
	d.views = filepath.Join(t.TempDir(), "views.db")
	return d
}

// LogCopy remembers the log as it is. The function that it returns puts this copy in
// place of the log, and leaves everything else as it is. No bank may run then.
func (d *Disks) LogCopy() (restore func()) {
	heads, cuts := make([]int64, len(d.logs)), d.sequence.Head()
	for i, log := range d.logs {
		heads[i] = log.Head()
	}
	return func() {
		for i, log := range d.logs {
			log.Restore(heads[i])
		}
		d.sequence.Restore(cuts)
	}
}

// EditSnapshot changes the stored snapshot of an account. It reports false if there is none.
func (d *Disks) EditSnapshot(id string, edit func([]byte) []byte) bool {
	stored, found := d.snapshots.Map.Load(bank.AccountID(id))
	text, _ := stored.([]byte)
	if found {
		d.snapshots.Map.Store(bank.AccountID(id), edit(text))
	}
	return found
}

// WithViewsOf makes these the disks of another bank, with a log of its own, that
// uses the same store of views.
func (d *Disks) WithViewsOf(other *Disks) *Disks {
	d.views = other.views
	return d
}

// Fails checks that the request failed with exactly one error, of this code.
// Without a code, it failed with errors of any code but INTERNAL.
func (a Answer) Fails(code ...string) Answer {
	a.t.Helper()
	var got []string
	for _, e := range a.Errors {
		got = append(got, e.Code())
	}
	if len(got) == 0 || slices.Contains(got, "INTERNAL") || len(code) > 0 && !slices.Equal(got, code) {
		a.t.Errorf("%s\nfailed with %q, want %q; it answered %s, %+v", a.query, got, code, a.Data, a.Errors)
	}
	return a
}

// Refused checks that the command was refused with exactly these codes.
func (p Posted) Refused(codes ...string) Posted {
	p.t.Helper()
	if got := p.Codes(); !slices.Equal(got, codes) {
		p.t.Errorf("%s was refused with %q, want %q: %s", p.mutation, got, codes, p.text)
	}
	return p
}

// OwnIDs gives what a dry run predicts the ids that it would have, to compare it
// with what then happens.
func (p Posted) OwnIDs() {
	own := func(id *string) { *id, _, _ = strings.Cut(*id, "@") }
	if p.Account != nil {
		own(&p.Account.ID)
	}
	if p.Transaction != nil {
		own(&p.Transaction.ID)
	}
	if p.Hold != nil {
		own(&p.Hold.ID)
	}
	if p.Transfer != nil {
		own(&p.Transfer.ID)
	}
}

// Codes returns the codes of the refusals, in order.
func (p Posted) Codes() []string {
	codes := []string{}
	for _, e := range p.UserErrors {
		codes = append(codes, e.Code)
	}
	return codes
}

// Hears waits for the next message, which must bring data that matches want: see
// Match. want is a format for arguments.
func (s *Socket) Hears(want string, arguments ...any) {
	s.t.Helper()
	m := s.next()
	if m.Type != "next" {
		s.t.Fatalf("%s %s", m.Type, m.Payload)
	}
	match(s.t, "subscription "+m.ID, m.Payload, "{data: "+fmt.Sprintf(want, arguments...)+"}")
}

// First returns the type and the payload of a subscription's first message.
func (s *Socket) First(query string) string {
	s.t.Helper()
	s.Ask("1", query, nil)
	m := s.next()
	return m.Type + " " + string(m.Payload)
}

// Refused waits for the error that a subscription ends with.
func (s *Socket) Refused() string {
	s.t.Helper()
	m := s.next()
	if m.Type != "error" && !strings.Contains(string(m.Payload), `"errors"`) {
		s.t.Fatalf("%s %s", m.Type, m.Payload)
	}
	return string(m.Payload)
}
