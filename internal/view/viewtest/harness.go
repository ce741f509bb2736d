package viewtest

import (
	"errors"
	"fmt"
	"maps"
	"slices"
	"testing"
	"time"

	"corebank/internal/bank"
	"corebank/internal/contract"
	"corebank/internal/view"
	"corebank/internal/view/memory"
)

var (
	ada   = bank.NewAccountID("ada", "first")
	grace = bank.NewAccountID("grace", "first")
	// absent never gets a document.
	absent = bank.NewAccountID("absent", "none")
)

// opening is the time at which every test begins.
var opening = time.Date(2026, 3, 1, 9, 0, 0, 123456000, time.UTC)

// harness makes changes in a store and in its reference.
type harness struct {
	*testing.T
	store view.Store
	want  reference
}

func newHarness(t *testing.T, store view.Store) *harness {
	return &harness{t, store, reference{memory.New()}}
}

func (h *harness) position() int64 { return must(h.want.Checkpoint(h.Context())) }

// account is a document, empty if there is none.
func (h *harness) account(id bank.AccountID) view.Account {
	account, _ := h.want.Account(h.Context(), id)
	return account
}

// content is everything that the store must have now.
func (h *harness) content() content {
	h.Helper()
	return contentOf(h.T, must(h.want.Snapshot(h.Context())))
}

// log goes on from what the reference has.
func (h *harness) log() *Log {
	b := NewLog(h.T)
	b.after = h.position()
	b.Now = b.Now.Add(time.Duration(b.after) * b.Step)
	for id, account := range h.content().accounts {
		b.Accounts[id] = account.Account
	}
	return b
}

// opened are the changes that open accounts.
func (h *harness) opened(ids ...bank.AccountID) view.Changes {
	b := h.log()
	for _, id := range ids {
		b.Do(id, bank.OpenAccount{Owner: "Ada Lovelace", Currency: "EUR"})
	}
	return h.changes(b.Records)
}

// paid are the changes that make payments on one account. Two of three bring 10.00 and the third takes 5.00; every
// fifth version is an event that moves no money.
func (h *harness) paid(id bank.AccountID, count int) view.Changes {
	b := h.log()
	for range count {
		if version := b.Accounts[id].Version + 1; version%5 == 0 {
			name := fmt.Sprint("account ", version)
			b.Do(id, bank.UpdateAccount{Name: &name})
		}
		if version := b.Accounts[id].Version + 1; version%3 == 0 {
			b.Do(id, bank.Withdraw{Amount: cents(500)})
		} else {
			b.Do(id, bank.Deposit{Amount: cents(1000)})
		}
	}
	return h.changes(b.Records)
}

// documents are the changes of the next records which only put documents.
func (h *harness) documents(records int64, accounts ...view.Account) view.Changes {
	at := h.position()
	return withoutTrial(view.Changes{From: at, To: at + records, Accounts: accounts})
}

// withoutTrial are changes whose trial balance is empty.
func withoutTrial(c view.Changes) view.Changes {
	c.Trial.Position = c.To
	return c
}

func (h *harness) open(ids ...bank.AccountID)       { h.Helper(); h.apply(h.opened(ids...)) }
func (h *harness) pay(id bank.AccountID, count int) { h.Helper(); h.apply(h.paid(id, count)) }

// apply makes the changes, which must succeed.
func (h *harness) apply(c view.Changes) {
	h.Helper()
	if err := h.store.Apply(h.Context(), c); err != nil {
		h.Fatalf("apply %d to %d: %v", c.From+1, c.To, err)
	}
	h.applied(c)
}

// applied has the reference make the changes, which the store has made.
func (h *harness) applied(c view.Changes) {
	if err := h.want.Apply(h.Context(), c); err != nil {
		panic(err)
	}
}

// replace replaces an account, which must succeed.
func (h *harness) replace(r view.Replacement) {
	h.Helper()
	if err := errors.Join(h.store.Replace(h.Context(), r), h.want.Replace(h.Context(), r)); err != nil {
		h.Fatal(err)
	}
}

// refused fails unless err is the wanted error or, where that is nil, an error that says what is wrong.
func (h *harness) refused(what string, err, want error) {
	h.Helper()
	if want == nil && (err == nil || errors.Is(err, view.ErrCheckpointMoved)) || want != nil && !errors.Is(err, want) {
		h.Errorf("%s: %v, want an error that says so (%v)", what, err, want)
	}
}

// agree fails unless the store answers a question like the reference.
func agree[T any](h *harness, what string, ask func(view.Store) (T, error)) {
	h.Helper()
	want, wantErr := ask(h.want)
	got, err := ask(h.store)
	for _, kind := range []error{view.ErrNotFound, view.ErrBadPage} {
		if errors.Is(wantErr, kind) && errors.Is(err, kind) {
			return
		}
	}
	if wantErr != nil {
		err = fmt.Errorf("%w, want the error %w", err, wantErr)
	}
	expect(h.T, what, got, err, want)
}

// matches fails unless the store shows what the reference shows, and nothing else.
func (h *harness) matches() {
	h.Helper()
	ctx, content := h.Context(), h.content()
	agree(h, "the checkpoint", func(s view.Store) (int64, error) { return s.Checkpoint(ctx) })
	agree(h, "the trial balance", func(s view.Store) (view.Trial, error) { return s.Trial(ctx) })
	ids := append(slices.Collect(maps.Keys(content.accounts)), ada, grace, absent)
	agree(h, "the documents", func(s view.Store) (map[bank.AccountID]view.Account, error) { return s.Accounts(ctx, ids) })
	for _, id := range ids {
		h.matchesAccount(id)
	}
	for _, key := range append(slices.Collect(maps.Keys(content.references)), "trf_none") {
		agree(h, "under "+key, func(s view.Store) ([]contract.Record, error) { return s.References(ctx, key) })
	}
	h.stateBefore(ada, view.NoVersion, time.Time{})
	h.trialBefore(view.NoVersion, time.Time{})
}

func (h *harness) matchesAccount(id bank.AccountID) {
	h.Helper()
	ctx, lines := h.Context(), h.want.lines(id)
	agree(h, "the document", func(s view.Store) (view.Account, error) { return s.Account(ctx, id) })
	if len(lines) > view.MaxPage {
		h.Errorf("a history of %d lines does not fit into a page: walk it", len(lines))
	}
	h.pages(id, view.Page{First: view.MaxPage})
	last := int64(9) // one of others
	if len(lines) > 0 {
		last = lines[len(lines)-1].Version
	}
	for _, version := range []int64{last, last + 2} {
		agree(h, "the line", func(s view.Store) (view.Transaction, error) { return s.Transaction(ctx, id, version) })
	}
}

// pages fails unless pages of a history are right.
func (h *harness) pages(id bank.AccountID, pages ...view.Page) {
	h.Helper()
	for _, page := range pages {
		agree(h, fmt.Sprintf("page %+v of %s", page, id), func(s view.Store) (view.Lines, error) {
			return s.History(h.Context(), id, page)
		})
	}
}

// stateBefore fails unless a history state is right, trialBefore unless a past trial balance is.
func (h *harness) stateBefore(id bank.AccountID, version int64, moment time.Time) {
	h.Helper()
	what := fmt.Sprintf("the state of %s at version %d, %s", id, version, moment)
	agree(h, what, func(s view.Store) (view.State, error) {
		return s.StateBefore(h.Context(), id, version, moment)
	})
}

func (h *harness) trialBefore(position int64, moment time.Time) {
	h.Helper()
	agree(h, fmt.Sprintf("the trial balance at %d, %s", position, moment), func(s view.Store) (view.Trial, error) {
		return s.TrialBefore(h.Context(), position, moment)
	})
}
