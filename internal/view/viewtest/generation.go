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
	for name, test := range generationCases {
		t.Run(name, func(t *testing.T) {
			defer failed(t)
			at := location(t)
			test(&generations{t, t.Context(), at.Generations, at.OpenLive})
		})
	}
}

// generations are the generations of one location.
type generations struct {
	*testing.T
	ctx context.Context
	view.Generations
	openLive func(context.Context) (Live, error)
}

// maxSwitchDelay is how long a reader may take to follow a switch.
const maxSwitchDelay = 5 * time.Second

func (g *generations) close(one interface{ Close(context.Context) error }) {
	g.Helper()
	if err := one.Close(context.WithoutCancel(g.ctx)); err != nil {
		g.Errorf("close: %v", err)
	}
}

// pay brings a generation from one position to another: ada has one line for each position after the first.
func (g *generations) pay(to view.Generation, from, position int64) {
	g.Helper()
	account := view.Account{Opened: 1, Account: bank.Account{ID: ada, Owner: "Ada Lovelace", Kind: bank.Current,
		Currency: "EUR", Balance: cents(position - 1), Version: position, OpenedAt: opening, ChangedAt: opening}}
	changes := withoutTrial(view.Changes{From: from, To: position, Accounts: []view.Account{account}})
	for n := max(from+1, 2); n <= position; n++ {
		changes.Transactions = append(changes.Transactions, view.Transaction{Account: ada, Version: n, Position: n,
			Type: bank.DepositEntry, Currency: "EUR", Amount: 1, Credit: true, BalanceAfter: n - 1,
			OccurredAt: opening, EffectiveAt: opening})
	}
	if err := to.Store.Apply(g.ctx, changes); err != nil {
		g.Fatal(err)
	}
}

// begin has the first generation live at position 3, and closes it.
func (g *generations) begin() {
	g.Helper()
	first := must(g.Live(g.ctx))
	g.pay(first, 0, 3)
	g.close(first.Store)
}

// build is a new generation at a position.
func (g *generations) build(position int64) view.Generation {
	g.Helper()
	built := must(g.Create(g.ctx))
	g.pay(built, 0, position)
	return built
}

// enter makes a generation live and closes it. It returns what was live.
func (g *generations) enter(to view.Generation) (was int64) {
	g.Helper()
	was = must(g.Switch(g.ctx, to))
	g.close(to.Store)
	return was
}

func (g *generations) reader() Live {
	g.Helper()
	live := must(g.openLive(g.ctx))
	g.Cleanup(func() { g.close(live) })
	return live
}

// noPrevious fails unless there is no previous generation.
func (g *generations) noPrevious() {
	g.Helper()
	if _, err := g.Previous(g.ctx); !errors.Is(err, view.ErrNotFound) {
		g.Errorf("previous: %v, want ErrNotFound", err)
	}
}

// shows waits until a reader shows a position.
func (g *generations) shows(reader view.Reader, position int64) {
	g.Helper()
	late := time.After(maxSwitchDelay)
	for {
		err := showsAll(g.ctx, reader, position)
		if err == nil {
			return
		}
		select {
		case <-late:
			g.Fatalf("after %s: %v", maxSwitchDelay, err)
		default:
		}
	}
}

// showsAll is nil if a reader shows a position, and everything of it.
func showsAll(ctx context.Context, reader view.Reader, want int64) error {
	at, atErr := reader.Checkpoint(ctx)
	version, err := consistent(ctx, reader)
	if err = errors.Join(atErr, err); err != nil || at != want || version != want {
		return fmt.Errorf("checkpoint is %d, account at version %d (%w), want %d", at, version, err, want)
	}
	return nil
}

var generationCases = map[string]func(*generations){
	"the first generation is there at once": func(g *generations) {
		reader := g.reader() // the gateway may start before the projector
		g.shows(reader, 0)
		live := must(g.Live(g.ctx))
		defer g.close(live.Store)
		expect(g.T, "the live generation", live.Number, nil, 0)
		g.noPrevious()
		g.pay(live, 0, 3)
		g.shows(reader, 3)
	},
	"a new generation is empty and beside the live one": func(g *generations) {
		live, reader := must(g.Live(g.ctx)), g.reader()
		defer g.close(live.Store)
		g.pay(live, 0, 3)
		built := must(g.Create(g.ctx))
		defer g.close(built.Store)
		if err := showsAll(g.ctx, built.Store, 0); err != nil || built.Number <= live.Number {
			g.Errorf("generation %d is new after %d: %v", built.Number, live.Number, err)
		}
		g.pay(built, 0, 7)
		g.pay(live, 3, 5) // which goes on
		g.shows(reader, 5)
		g.shows(built.Store, 7)
	},
	"a switch is followed by readers and by new openers": func(g *generations) {
		reader := g.reader()
		g.begin()
		g.shows(reader, 3)
		built := g.build(5)
		expect(g.T, "the generation that was live", g.enter(built), nil, 0)
		g.shows(reader, 5)
		live := must(g.Live(g.ctx))
		defer g.close(live.Store)
		expect(g.T, "the live generation", live.Number, nil, built.Number)
		g.pay(live, 5, 6)
		g.shows(reader, 6)
		g.shows(g.reader(), 6)
	},
	"a switch can be undone, and that as well": func(g *generations) {
		reader := g.reader()
		g.begin()
		built := g.build(5)
		g.enter(built)
		for round, to := range []int64{7, 9, 11} {
			previous := must(g.Previous(g.ctx))
			at := must(previous.Store.Checkpoint(g.ctx))
			g.pay(previous, at, to) // it catches up, and is not live yet
			was := g.enter(previous)
			if want := []int64{built.Number, 0, built.Number}[round]; was != want || previous.Number == was {
				g.Errorf("round %d: from generation %d to %d, want from %d", round, was, previous.Number, want)
			}
			g.shows(reader, to)
		}
	},
	"views that were never made are not the previous": func(g *generations) {
		g.enter(g.build(4)) // the first was never opened
		g.noPrevious()
		g.shows(g.reader(), 4)
	},
	"a discarded generation leaves nothing": func(g *generations) {
		reader := g.reader()
		if err := g.Discard(g.ctx, g.build(9)); err != nil {
			g.Fatal(err)
		}
		g.shows(reader, 0)
		g.noPrevious()
		g.enter(g.build(4))
		g.shows(reader, 4)
	},
	"the live generation is not discarded": func(g *generations) {
		g.enter(g.build(4))
		if err := g.Discard(g.ctx, must(g.Live(g.ctx))); err == nil || errors.Is(err, view.ErrNotFound) {
			g.Errorf("discard: %v, want an error that says that it is live", err)
		}
		g.shows(g.reader(), 4)
	},
	"an interrupted build does not block the next": func(g *generations) {
		for range 2 {
			g.close(g.build(9).Store) // and it is never discarded
		}
		built := must(g.Create(g.ctx))
		if err := showsAll(g.ctx, built.Store, 0); err != nil {
			g.Errorf("the next generation: %v", err)
		}
		g.pay(built, 0, 4)
		g.enter(built)
		g.shows(g.reader(), 4)
	},
	"older generations are removed": func(g *generations) {
		g.begin()
		second := g.build(4)
		g.enter(second)
		expect(g.T, "the generation that was live", g.enter(g.build(5)), nil, second.Number)
		previous := must(g.Previous(g.ctx))
		defer g.close(previous.Store)
		expect(g.T, "the previous generation", previous.Number, nil, second.Number)
		g.shows(previous.Store, 4)
		g.shows(g.reader(), 5)
	},
	// Generations come and go, each further than the one before: nothing ever goes back, and nothing is missing.
	"readers see every switch whole while they read": func(g *generations) {
		g.enter(g.build(2))
		reader := g.reader()
		stop := readConcurrently(g.T, reader, 2)
		for to := range int64(5) {
			g.enter(g.build(to + 3))
		}
		g.shows(reader, 7)
		stop()
	},
	"a snapshot is of the generation that was live": func(g *generations) {
		g.enter(g.build(4))
		reader := g.reader()
		snap := must(reader.Snapshot(g.ctx))
		g.enter(g.build(9))
		g.shows(reader, 9)
		got := contentOf(g.T, snap)
		g.close(snap)
		expect(g.T, "the snapshot's checkpoint", got.checkpoint, nil, 4)
		expect(g.T, "its account's version", got.accounts[ada].Version, nil, 4)
		expect(g.T, "its number of lines", len(got.lines[ada]), nil, 3)
	},
}
