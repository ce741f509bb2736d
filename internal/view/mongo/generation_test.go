package mongo_test

import (
	"context"
	"crypto/rand"
	"errors"
	"os"
	"slices"
	"strings"
	"testing"
	"time"

	"go.mongodb.org/mongo-driver/v2/bson"

	"corebank/internal/view"
	"corebank/internal/view/mongo"
	"corebank/internal/view/viewtest"
)

// locations are databases of their own, dropped after the test.
func locations(uri string, opts mongo.Options) viewtest.NewLocation {
	return func(t *testing.T) viewtest.Location {
		opts.Database = "corebank_test_" + rand.Text()[:10]
		t.Cleanup(func() { drop(t, uri, opts.Database) })
		return viewtest.Location{Generations: mongo.NewGenerations(uri, opts),
			OpenLive: func(ctx context.Context) (viewtest.Live, error) { return mongo.OpenLive(ctx, uri, opts) }}
	}
}

func TestGenerationsOnFerretDB(t *testing.T) {
	viewtest.RunGenerations(t, locations(startFerretDB(t), mongo.Options{WithoutTransactions: true}))
}

func TestGenerationsOnMongoDB(t *testing.T) {
	uri := os.Getenv("MONGODB_URI")
	if uri == "" {
		t.Skip("set MONGODB_URI to a replica set, such as mongodb://127.0.0.1:27017/?replicaSet=rs0, to run this; " +
			"it works in databases of its own and drops them")
	}
	viewtest.RunGenerations(t, locations(uri, mongo.Options{}))
}

// forEachServer runs a test on every available server.
func forEachServer(t *testing.T, opts mongo.Options, test func(t *testing.T, g *mongo.Generations)) {
	run := func(name, uri string, opts mongo.Options) {
		t.Run(name, func(t *testing.T) {
			test(t, locations(uri, opts)(t).Generations.(*mongo.Generations))
		})
	}
	if uri := os.Getenv("MONGODB_URI"); uri != "" {
		run("MongoDB", uri, opts)
	}
	opts.WithoutTransactions = true
	run("FerretDB", startFerretDB(t), opts)
}

// opened is the generation that open returns, closed after the test.
func opened(t *testing.T, open func(context.Context) (view.Generation, error)) view.Generation {
	t.Helper()
	g, err := open(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = g.Store.Close(context.WithoutCancel(t.Context())) }) // a discarded one is closed already
	return g
}

func enter(t *testing.T, g *mongo.Generations, to view.Generation) {
	t.Helper()
	if _, err := g.Switch(t.Context(), to); err != nil {
		t.Fatal(err)
	}
}

// A projector that does not know of a switch cannot write to views that are no
// longer live. A rollback can, and after it the other projector cannot.
func TestViewsThatAreLiveNoMoreAreNotWritten(t *testing.T) {
	forEachServer(t, mongo.Options{}, func(t *testing.T, g *mongo.Generations) {
		first := opened(t, g.Live)
		built := opened(t, g.Create)
		for _, store := range []view.Built{first.Store, built.Store} {
			if err := store.Apply(t.Context(), deposit(1)); err != nil {
				t.Fatal(err)
			}
		}
		refused := func(who string, store view.Built) {
			t.Helper()
			if err := store.Apply(t.Context(), deposit(2)); !errors.Is(err, view.ErrRetired) {
				t.Errorf("%s applies: %v, want ErrRetired", who, err)
			}
			replacement := view.Replacement{At: 1, Account: deposit(1).Accounts[0]}
			if err := store.Replace(t.Context(), replacement); !errors.Is(err, view.ErrRetired) {
				t.Errorf("%s replaces: %v, want ErrRetired", who, err)
			}
			if at, err := store.Checkpoint(t.Context()); err != nil || at != 1 {
				t.Errorf("%s is at %d (%v), want 1", who, at, err)
			}
		}
		enter(t, g, built)
		refused("the first", first.Store)

		previous := opened(t, g.Previous)
		if err := previous.Store.Apply(t.Context(), deposit(2)); err != nil {
			t.Fatalf("a rollback catches up: %v", err)
		}
		enter(t, g, previous)
		refused("the second", built.Store)
		for i, store := range []view.Built{first.Store, previous.Store} {
			if err := store.Apply(t.Context(), deposit(int64(3+i))); err != nil {
				t.Errorf("what is live again takes no changes: %v", err)
			}
		}
	})
}

func TestOfTwoRebuildsTheLaterOneWins(t *testing.T) {
	forEachServer(t, mongo.Options{}, func(t *testing.T, g *mongo.Generations) {
		one, two := opened(t, g.Create), opened(t, g.Create)
		if one.Number == two.Number {
			t.Fatalf("both are generation %d", one.Number)
		}
		if err := one.Store.Apply(t.Context(), deposit(1)); !errors.Is(err, view.ErrRetired) {
			t.Errorf("the first builds on: %v, want ErrRetired", err)
		}
		if _, err := g.Switch(t.Context(), one); err == nil || !strings.Contains(err.Error(), "start again") {
			t.Errorf("the first goes live: %v, want an error that says what to do", err)
		}
		if err := g.Discard(t.Context(), one); err != nil {
			t.Error(err)
		}
		if err := two.Store.Apply(t.Context(), deposit(1)); err != nil {
			t.Error(err)
		}
		enter(t, g, two)
		if live := opened(t, g.Live); live.Number != two.Number {
			t.Errorf("generation %d is live, want %d", live.Number, two.Number)
		}
	})
}

func TestViewsAreKeptForWhoeverStillReadsThem(t *testing.T) {
	for keep, kept := range map[time.Duration]bool{0: true, time.Nanosecond: false} {
		forEachServer(t, mongo.Options{Retention: keep}, func(t *testing.T, g *mongo.Generations) {
			first := opened(t, g.Live)
			if err := first.Store.Apply(t.Context(), deposit(1)); err != nil {
				t.Fatal(err)
			}
			enter(t, g, opened(t, g.Create))
			enter(t, g, opened(t, g.Create)) // no process uses the first now
			_, err := first.Store.Account(t.Context(), deposit(1).Accounts[0].ID)
			if kept && err != nil {
				t.Errorf("a reader of a moment ago finds: %v", err)
			}
			if !kept && !errors.Is(err, view.ErrNotFound) {
				t.Errorf("the first is still there: %v", err)
			}
			if _, err := first.Store.Checkpoint(t.Context()); !kept && !errors.Is(err, view.ErrRetired) {
				t.Errorf("a write to the first generation returned %v, want ErrRetired", err)
			}
		})
	}
}

func TestGenerationsOfAnotherStoreAreRefused(t *testing.T) {
	g := mongo.NewGenerations("mongodb://127.0.0.1:1/", mongo.Options{})
	if _, err := g.Switch(t.Context(), view.Generation{Number: 3}); err == nil {
		t.Error("switched to what is not MongoDB's")
	}
	if err := g.Discard(t.Context(), view.Generation{Number: 3}); err == nil {
		t.Error("discarded what is not MongoDB's")
	}
}

func TestASwitchIsOneTransaction(t *testing.T) {
	set, uri := startReplicaSet(t)
	g := mongo.NewGenerations(uri, mongo.Options{})
	_, built := opened(t, g.Live), opened(t, g.Create)
	before := len(set.since(0))
	enter(t, g, built)
	commands := set.since(before)
	want := []string{"find generations", "update generations", "update checkpoint", "update checkpoint-1",
		"commitTransaction 1"}
	got := names(commands)
	if len(got) < len(want) || !slices.Equal(got[:len(want)], want) {
		t.Fatalf("commands are %q, want %q first", got, want)
	}
	for i, command := range commands[1:len(want)] {
		if first := command["startTransaction"] == true; first != (i == 0) || command["autocommit"] != false {
			t.Errorf("command %q: starts a transaction: %t, autocommit: %v", got[i+1], first, command["autocommit"])
		}
	}
}

func TestASwitchThatFailsCanBeMadeAgain(t *testing.T) {
	set, uri := startReplicaSet(t)
	g := mongo.NewGenerations(uri, mongo.Options{})
	_, built := opened(t, g.Live), opened(t, g.Create)
	set.mu.Lock()
	set.failNext = bson.D{{Key: "ok", Value: 0}, {Key: "code", Value: 13}, {Key: "codeName", Value: "Unauthorized"},
		{Key: "errmsg", Value: "not authorised"}}
	set.mu.Unlock()
	if _, err := g.Switch(t.Context(), built); err == nil || !strings.Contains(err.Error(), "not authorised") {
		t.Errorf("switch: %v, want the server's reason", err)
	}
	if live := opened(t, g.Live); live.Number != 0 {
		t.Errorf("generation %d is live, want 0", live.Number)
	}
	enter(t, g, built)
	if live := opened(t, g.Live); live.Number != built.Number {
		t.Errorf("generation %d is live, want %d", live.Number, built.Number)
	}
}
