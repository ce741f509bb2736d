package viewtest

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"testing"
	"time"

	"corebank/internal/bank"
	"corebank/internal/view"
)

// Live reads whichever generation is live.
type Live interface {
	view.Reader
	view.Snapshots
	Close(ctx context.Context) error
}

// Location is where generations are kept, and how they are opened there.
type Location struct {
	Generations view.Generations
	OpenLive    func(context.Context) (Live, error)
}

// NewLocation gives a test a place of its own without any generation.
type NewLocation func(t *testing.T) Location

// RunGenerations tests what every store promises that keeps generations.
func RunGenerations(t *testing.T, place NewLocation) {
	for name, test := range map[string]func(*testing.T, *house){
		"the first generation is there at once":              firstGeneration,
		"a new generation is empty and beside the live one":  besideTheLive,
		"a switch is followed by readers and by new openers": followedSwitch,
		"a switch can be undone, and that as well":           undoneSwitch,
		"views that nobody made are not the previous ones":   neverMade,
		"a discarded generation leaves nothing":              discarded,
		"the live generation is not discarded":               liveNotDiscarded,
		"an interrupted build is in nobody's way":            interruptedBuild,
		"older generations go":                               olderGo,
		"readers see every switch whole while they read":     readersDuringSwitches,
		"a snapshot is of the generation that was live":      snapshotOfALife,
	} {
		t.Run(name, func(t *testing.T) { test(t, &house{t: t, place: place(t)}) })
	}
}

// house tells the story of one place.
type house struct {
	t     *testing.T
	place Location
}

// patience is how long a reader may take to follow a switch.
const patience = 5 * time.Second

func (h *house) must(g view.Generation, err error) view.Generation {
	h.t.Helper()
	if err != nil {
		h.t.Fatal(err)
	}
	return g
}

func (h *house) live() view.Generation {
	h.t.Helper()
	return h.must(h.place.Generations.Live(h.t.Context()))
}

func (h *house) previous() view.Generation {
	h.t.Helper()
	return h.must(h.place.Generations.Previous(h.t.Context()))
}

func (h *house) close(g view.Generation) {
	h.t.Helper()
	if err := g.Store.Close(context.WithoutCancel(h.t.Context())); err != nil {
		h.t.Errorf("close generation %d: %v", g.Number, err)
	}
}

// pay brings a generation from one position to another: Ada has one line for
// each position after the first.
func (h *house) pay(g view.Generation, from, to int64) {
	h.t.Helper()
	account := euros(ada, 1)
	account.Version, account.Balance.Minor = to, to-1
	changes := bare(view.Changes{From: from, To: to, Accounts: []view.Account{account}})
	for n := max(from+1, 2); n <= to; n++ {
		changes.Transactions = append(changes.Transactions, view.Transaction{Account: ada, Version: n, Position: n,
			Type: bank.DepositEntry, Currency: "EUR", Amount: 1, Credit: true, BalanceAfter: n - 1, OccurredAt: opening, EffectiveAt: opening})
	}
	if err := g.Store.Apply(h.t.Context(), changes); err != nil {
		h.t.Fatal(err)
	}
}

// build is a new generation at a position.
func (h *house) build(to int64) view.Generation {
	h.t.Helper()
	g := h.must(h.place.Generations.Create(h.t.Context()))
	h.pay(g, 0, to)
	return g
}

// enter makes a generation live and closes it. It returns what was live.
func (h *house) enter(g view.Generation) (was int64) {
	h.t.Helper()
	was, err := h.place.Generations.Switch(h.t.Context(), g)
	if err != nil {
		h.t.Fatal(err)
	}
	h.close(g)
	return was
}

func (h *house) reader() Live {
	h.t.Helper()
	live, err := h.place.OpenLive(h.t.Context())
	if err != nil {
		h.t.Fatal(err)
	}
	h.t.Cleanup(func() {
		if err := live.Close(context.WithoutCancel(h.t.Context())); err != nil {
			h.t.Errorf("close the reader: %v", err)
		}
	})
	return live
}

// shows waits until a reader shows Ada's account at a position.
func (h *house) shows(reader view.Reader, want int64) {
	h.t.Helper()
	for late := time.After(patience); ; {
		err := showsAll(h.t.Context(), reader, want)
		if err == nil {
			return
		}
		select {
		case <-late:
			h.t.Fatalf("after %s: %v", patience, err)
		default:
		}
	}
}

// showsAll is nil if a reader shows a position, and everything of it.
func showsAll(ctx context.Context, reader view.Reader, want int64) error {
	at, err := reader.Checkpoint(ctx)
	if err != nil || at != want {
		return fmt.Errorf("checkpoint is %d (%w), want %d", at, err, want)
	}
	account, err := reader.Account(ctx, ada)
	if want == 0 && errors.Is(err, view.ErrNotFound) {
		return nil
	}
	if err != nil || account.Version != want {
		return fmt.Errorf("account is at version %d (%w), want %d", account.Version, err, want)
	}
	if want == 1 {
		return nil
	}
	line, lineErr := reader.Transaction(ctx, ada, want)
	page, pageErr := reader.History(ctx, ada, view.Page{First: 2})
	if err := errors.Join(lineErr, pageErr); err != nil || line.BalanceAfter != want-1 || len(page.Transactions) == 0 || page.Transactions[0] != line {
		return fmt.Errorf("line %+v, page %s (%w), want balance %d", line, brief(page), err, want-1)
	}
	return nil
}

func firstGeneration(t *testing.T, h *house) {
	reader := h.reader() // the gateway may come before the projector
	h.shows(reader, 0)
	live := h.live()
	defer h.close(live)
	if live.Number != 0 {
		t.Errorf("generation %d is live, want 0", live.Number)
	}
	if _, err := h.place.Generations.Previous(t.Context()); !errors.Is(err, view.ErrNotFound) {
		t.Errorf("previous: %v, want ErrNotFound", err)
	}
	h.pay(live, 0, 3)
	h.shows(reader, 3)
}

func besideTheLive(t *testing.T, h *house) {
	live, reader := h.live(), h.reader()
	defer h.close(live)
	h.pay(live, 0, 3)
	built := h.must(h.place.Generations.Create(t.Context()))
	defer h.close(built)
	if err := showsAll(t.Context(), built.Store, 0); err != nil || built.Number <= live.Number {
		t.Errorf("generation %d is new after %d: %v", built.Number, live.Number, err)
	}
	h.pay(built, 0, 7)
	h.pay(live, 3, 5) // which goes on
	h.shows(reader, 5)
	h.shows(built.Store, 7)
}

func followedSwitch(t *testing.T, h *house) {
	first, reader := h.live(), h.reader()
	h.pay(first, 0, 3)
	h.close(first)
	h.shows(reader, 3)
	built := h.build(5)
	if was := h.enter(built); was != 0 {
		t.Errorf("generation %d was live, want 0", was)
	}
	h.shows(reader, 5)
	live := h.live()
	defer h.close(live)
	if live.Number != built.Number {
		t.Errorf("generation %d is live, want %d", live.Number, built.Number)
	}
	h.pay(live, 5, 6)
	h.shows(reader, 6)
	h.shows(h.reader(), 6)
}

func undoneSwitch(t *testing.T, h *house) {
	first, reader := h.live(), h.reader()
	h.pay(first, 0, 3)
	h.close(first)
	built := h.build(5)
	h.enter(built)
	for round, to := range []int64{7, 9, 11} {
		previous := h.previous()
		at, err := previous.Store.Checkpoint(t.Context())
		if err != nil {
			t.Fatal(err)
		}
		h.pay(previous, at, to) // it catches up, and is not live yet
		was := h.enter(previous)
		if want := []int64{built.Number, 0, built.Number}[round]; was != want || previous.Number == was {
			t.Errorf("round %d: from generation %d to %d, want from %d", round, was, previous.Number, want)
		}
		h.shows(reader, to)
	}
}

func neverMade(t *testing.T, h *house) {
	h.enter(h.build(4)) // the first was never opened
	if _, err := h.place.Generations.Previous(t.Context()); !errors.Is(err, view.ErrNotFound) {
		t.Errorf("previous: %v, want ErrNotFound", err)
	}
	h.shows(h.reader(), 4)
}

func discarded(t *testing.T, h *house) {
	reader := h.reader()
	built := h.build(9)
	if err := h.place.Generations.Discard(t.Context(), built); err != nil {
		t.Fatal(err)
	}
	h.shows(reader, 0)
	if _, err := h.place.Generations.Previous(t.Context()); !errors.Is(err, view.ErrNotFound) {
		t.Errorf("previous: %v, want ErrNotFound", err)
	}
	h.enter(h.build(4))
	h.shows(reader, 4)
}

func liveNotDiscarded(t *testing.T, h *house) {
	h.enter(h.build(4))
	if err := h.place.Generations.Discard(t.Context(), h.live()); err == nil || errors.Is(err, view.ErrNotFound) {
		t.Errorf("discard: %v, want an error that says that it is live", err)
	}
	h.shows(h.reader(), 4)
}

func interruptedBuild(t *testing.T, h *house) {
	for range 2 {
		h.close(h.build(9)) // and nobody discards it
	}
	built := h.must(h.place.Generations.Create(t.Context()))
	if err := showsAll(t.Context(), built.Store, 0); err != nil {
		t.Errorf("the next generation: %v", err)
	}
	h.pay(built, 0, 4)
	h.enter(built)
	h.shows(h.reader(), 4)
}

func olderGo(t *testing.T, h *house) {
	first := h.live()
	h.pay(first, 0, 3)
	h.close(first)
	second := h.build(4)
	h.enter(second)
	third := h.build(5)
	if was := h.enter(third); was != second.Number {
		t.Errorf("generation %d was live, want %d", was, second.Number)
	}
	previous := h.previous()
	defer h.close(previous)
	if previous.Number != second.Number {
		t.Errorf("generation %d is the previous one, want %d", previous.Number, second.Number)
	}
	h.shows(previous.Store, 4)
	h.shows(h.reader(), 5)
}

// readersDuringSwitches reads while generations come and go, each further than
// the one before: nothing ever goes back, and nothing is missing.
func readersDuringSwitches(t *testing.T, h *house) {
	h.enter(h.build(2))
	ctx, stop := context.WithCancel(t.Context())
	var readers sync.WaitGroup
	reader := h.reader()
	for range 4 {
		readers.Go(func() {
			for seen := int64(2); ctx.Err() == nil; {
				seen = readOnce(t, reader, seen)
			}
		})
	}
	for to := range int64(5) {
		h.enter(h.build(to + 3))
	}
	h.shows(reader, 7)
	stop()
	readers.Wait()
}

func snapshotOfALife(t *testing.T, h *house) {
	h.enter(h.build(4))
	reader := h.reader()
	snap, err := reader.Snapshot(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	h.enter(h.build(9))
	h.shows(reader, 9)
	accounts, err := collect(snap.Accounts(t.Context()))
	lines, lineErr := collect(snap.Transactions(t.Context()))
	if err := errors.Join(err, lineErr, snap.Close(t.Context())); err != nil {
		t.Fatal(err)
	}
	if len(accounts) != 1 || accounts[0].Version != 4 || len(lines) != 3 || snap.Checkpoint() != 4 {
		t.Errorf("the snapshot has accounts %+v and %d lines at %d, want version 4 and 3 lines at 4", accounts, len(lines), snap.Checkpoint())
	}
}
