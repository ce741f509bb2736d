package viewtest

import (
	"context"
	"errors"
	"fmt"
	"testing"
	"time"

	"corebank/internal/bank"
	"corebank/internal/view"
)

// Live reads the generation that is live.
type Live interface {
	view.Reader
	view.Snapshots
	Close(ctx context.Context) error
}

// Location is where generations are stored, and how they are opened there.
type Location struct {
	Generations view.Generations
	OpenLive    func(context.Context) (Live, error)
}

// NewLocation gives a test a location of its own without any generation.
type NewLocation func(t *testing.T) Location

// RunGenerations tests what every store promises that has generations.
func RunGenerations(t *testing.T, location NewLocation) {
	for name, test := range map[string]func(*testing.T, *generations){
		"the first generation is there at once":              firstGeneration,
		"a new generation is empty and beside the live one":  besideTheLive,
		"a switch is followed by readers and by new openers": followedSwitch,
		"a switch can be undone, and that as well":           undoneSwitch,
		"views that were never made are not the previous":    neverMade,
		"a discarded generation leaves nothing":              discarded,
		"the live generation is not discarded":               liveNotDiscarded,
		"an interrupted build does not block the next":       interruptedBuild,
		"older generations are removed":                      olderRemoved,
		"readers see every switch whole while they read":     readersDuringSwitches,
		"a snapshot is of the generation that was live":      snapshotOfALife,
	} {
		t.Run(name, func(t *testing.T) {
			at := location(t)
			test(t, &generations{t, at.Generations, at.OpenLive})
		})
	}
}

// generations are the generations of one location.
type generations struct {
	t *testing.T
	view.Generations
	openLive func(context.Context) (Live, error)
}

// maxSwitchDelay is how long a reader may take to follow a switch.
const maxSwitchDelay = 5 * time.Second

func must[T any](t *testing.T) func(T, error) T {
	return func(got T, err error) T {
		t.Helper()
		if err != nil {
			t.Fatal(err)
		}
		return got
	}
}

func (g *generations) live() view.Generation {
	g.t.Helper()
	return must[view.Generation](g.t)(g.Live(g.t.Context()))
}

func (g *generations) previous() view.Generation {
	g.t.Helper()
	return must[view.Generation](g.t)(g.Previous(g.t.Context()))
}

func (g *generations) create() view.Generation {
	g.t.Helper()
	return must[view.Generation](g.t)(g.Create(g.t.Context()))
}

func (g *generations) close(one interface{ Close(context.Context) error }) {
	g.t.Helper()
	if err := one.Close(context.WithoutCancel(g.t.Context())); err != nil {
		g.t.Errorf("close: %v", err)
	}
}

// pay brings a generation from one position to another: ada has one line for
// each position after the first.
func (g *generations) pay(to view.Generation, from, position int64) {
	g.t.Helper()
	account := euroAccount(ada, 1)
	account.Version, account.Balance.Minor = position, position-1
	changes := withoutTrial(view.Changes{From: from, To: position, Accounts: []view.Account{account}})
	for n := max(from+1, 2); n <= position; n++ {
		changes.Transactions = append(changes.Transactions, view.Transaction{Account: ada, Version: n, Position: n,
			Type: bank.DepositEntry, Currency: "EUR", Amount: 1, Credit: true, BalanceAfter: n - 1,
			OccurredAt: opening, EffectiveAt: opening})
	}
	if err := to.Store.Apply(g.t.Context(), changes); err != nil {
		g.t.Fatal(err)
	}
}

// build is a new generation at a position.
func (g *generations) build(position int64) view.Generation {
	g.t.Helper()
	built := g.create()
	g.pay(built, 0, position)
	return built
}

// enter makes a generation live and closes it. It returns what was live.
func (g *generations) enter(to view.Generation) (was int64) {
	g.t.Helper()
	was = must[int64](g.t)(g.Switch(g.t.Context(), to))
	g.close(to.Store)
	return was
}

func (g *generations) reader() Live {
	g.t.Helper()
	live := must[Live](g.t)(g.openLive(g.t.Context()))
	g.t.Cleanup(func() { g.close(live) })
	return live
}

// noPrevious fails unless there is no previous generation.
func (g *generations) noPrevious() {
	g.t.Helper()
	if _, err := g.Previous(g.t.Context()); !errors.Is(err, view.ErrNotFound) {
		g.t.Errorf("previous: %v, want ErrNotFound", err)
	}
}

// shows waits until a reader shows a position.
func (g *generations) shows(reader view.Reader, position int64) {
	g.t.Helper()
	late := time.After(maxSwitchDelay)
	for {
		err := showsAll(g.t.Context(), reader, position)
		if err == nil {
			return
		}
		select {
		case <-late:
			g.t.Fatalf("after %s: %v", maxSwitchDelay, err)
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
	if err := errors.Join(lineErr, pageErr); err != nil || line.BalanceAfter != want-1 ||
		len(page.Transactions) == 0 || page.Transactions[0] != line {
		return fmt.Errorf("line %+v, page %s (%w), want balance %d", line, summary(page), err, want-1)
	}
	return nil
}

func firstGeneration(t *testing.T, g *generations) {
	reader := g.reader() // the gateway may start before the projector
	g.shows(reader, 0)
	live := g.live()
	defer g.close(live.Store)
	expect(t, "the live generation", live.Number, nil, 0)
	g.noPrevious()
	g.pay(live, 0, 3)
	g.shows(reader, 3)
}

func besideTheLive(t *testing.T, g *generations) {
	live, reader := g.live(), g.reader()
	defer g.close(live.Store)
	g.pay(live, 0, 3)
	built := g.create()
	defer g.close(built.Store)
	if err := showsAll(t.Context(), built.Store, 0); err != nil || built.Number <= live.Number {
		t.Errorf("generation %d is new after %d: %v", built.Number, live.Number, err)
	}
	g.pay(built, 0, 7)
	g.pay(live, 3, 5) // which goes on
	g.shows(reader, 5)
	g.shows(built.Store, 7)
}

func followedSwitch(t *testing.T, g *generations) {
	first, reader := g.live(), g.reader()
	g.pay(first, 0, 3)
	g.close(first.Store)
	g.shows(reader, 3)
	built := g.build(5)
	expect(t, "the generation that was live", g.enter(built), nil, 0)
	g.shows(reader, 5)
	live := g.live()
	defer g.close(live.Store)
	expect(t, "the live generation", live.Number, nil, built.Number)
	g.pay(live, 5, 6)
	g.shows(reader, 6)
	g.shows(g.reader(), 6)
}

func undoneSwitch(t *testing.T, g *generations) {
	first, reader := g.live(), g.reader()
	g.pay(first, 0, 3)
	g.close(first.Store)
	built := g.build(5)
	g.enter(built)
	for round, to := range []int64{7, 9, 11} {
		previous := g.previous()
		at := must[int64](t)(previous.Store.Checkpoint(t.Context()))
		g.pay(previous, at, to) // it catches up, and is not live yet
		was := g.enter(previous)
		if want := []int64{built.Number, 0, built.Number}[round]; was != want || previous.Number == was {
			t.Errorf("round %d: from generation %d to %d, want from %d", round, was, previous.Number, want)
		}
		g.shows(reader, to)
	}
}

func neverMade(_ *testing.T, g *generations) {
	g.enter(g.build(4)) // the first was never opened
	g.noPrevious()
	g.shows(g.reader(), 4)
}

func discarded(t *testing.T, g *generations) {
	reader := g.reader()
	if err := g.Discard(t.Context(), g.build(9)); err != nil {
		t.Fatal(err)
	}
	g.shows(reader, 0)
	g.noPrevious()
	g.enter(g.build(4))
	g.shows(reader, 4)
}

func liveNotDiscarded(t *testing.T, g *generations) {
	g.enter(g.build(4))
	if err := g.Discard(t.Context(), g.live()); err == nil || errors.Is(err, view.ErrNotFound) {
		t.Errorf("discard: %v, want an error that says that it is live", err)
	}
	g.shows(g.reader(), 4)
}

func interruptedBuild(t *testing.T, g *generations) {
	for range 2 {
		g.close(g.build(9).Store) // and it is never discarded
	}
	built := g.create()
	if err := showsAll(t.Context(), built.Store, 0); err != nil {
		t.Errorf("the next generation: %v", err)
	}
	g.pay(built, 0, 4)
	g.enter(built)
	g.shows(g.reader(), 4)
}

func olderRemoved(t *testing.T, g *generations) {
	first := g.live()
	g.pay(first, 0, 3)
	g.close(first.Store)
	second := g.build(4)
	g.enter(second)
	expect(t, "the generation that was live", g.enter(g.build(5)), nil, second.Number)
	previous := g.previous()
	defer g.close(previous.Store)
	expect(t, "the previous generation", previous.Number, nil, second.Number)
	g.shows(previous.Store, 4)
	g.shows(g.reader(), 5)
}

// readersDuringSwitches reads while generations come and go, each further than
// the one before: nothing ever goes back, and nothing is missing.
func readersDuringSwitches(t *testing.T, g *generations) {
	g.enter(g.build(2))
	reader := g.reader()
	stop := readConcurrently(t, reader, 2)
	for to := range int64(5) {
		g.enter(g.build(to + 3))
	}
	g.shows(reader, 7)
	stop()
}

func snapshotOfALife(t *testing.T, g *generations) {
	g.enter(g.build(4))
	reader := g.reader()
	snap := must[view.Snapshot](t)(reader.Snapshot(t.Context()))
	g.enter(g.build(9))
	g.shows(reader, 9)
	accounts := must[[]view.Account](t)(collect(snap.Accounts(t.Context())))
	lines := must[[]view.Transaction](t)(collect(snap.Transactions(t.Context())))
	g.close(snap)
	if len(accounts) != 1 || accounts[0].Version != 4 || len(lines) != 3 || snap.Checkpoint() != 4 {
		t.Errorf("the snapshot has accounts %+v and %d lines at %d, want version 4 and 3 lines at 4",
			accounts, len(lines), snap.Checkpoint())
	}
}
