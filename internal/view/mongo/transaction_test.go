package mongo_test

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"testing"

	"go.mongodb.org/mongo-driver/v2/bson"

	"corebank/internal/bank"
	"corebank/internal/view"
	"corebank/internal/view/mongo"
)

// deposit is a change of one account by one line, at a position.
func deposit(position int64) view.Changes {
	ada := bank.NewAccountID("ada", "first")
	return view.Changes{From: position - 1, To: position, Trial: view.Trial{Position: position},
		Accounts:     []view.Account{{Account: bank.Account{ID: ada, Version: position}}},
		Transactions: []view.Transaction{{Account: ada, Version: position, Position: position}}}
}

func openReplicaSet(t *testing.T) (*replicaSet, *mongo.Store) {
	t.Helper()
	set, uri := startReplicaSet(t)
	store, err := mongo.Open(t.Context(), uri, mongo.Options{})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := store.Close(context.WithoutCancel(t.Context())); err != nil {
			t.Error(err)
		}
	})
	return set, store
}

// names are the names of the commands and of their collections.
func names(commands []bson.M) []string {
	var all []string
	for _, command := range commands {
		name := command[""].(string)
		all = append(all, fmt.Sprintf("%s %v", name, command[name]))
	}
	return all
}

var oneApply = []string{"update checkpoint", "update accounts", "insert history", "commitTransaction 1"}

func TestViewsAndCheckpointChangeInOneTransaction(t *testing.T) {
	set, store := openReplicaSet(t)
	for position := range int64(2) {
		before := len(set.since(0))
		if err := store.Apply(t.Context(), deposit(position+1)); err != nil {
			t.Fatal(err)
		}
		commands := set.since(before)
		if got := names(commands); !slices.Equal(got, oneApply) {
			t.Fatalf("commands are %q, want %q", got, oneApply)
		}
		for i, command := range commands {
			if first := command["startTransaction"] == true; first != (i == 0) {
				t.Errorf("command %d starts a transaction: %t", i, first)
			}
			if command["autocommit"] != false || command["txnNumber"] != commands[0]["txnNumber"] ||
				fmt.Sprint(command["lsid"]) != fmt.Sprint(commands[0]["lsid"]) {
				t.Errorf("command %d is not in the transaction: %v", i, command)
			}
		}
		if concern := fmt.Sprint(commands[0]["readConcern"]); concern != `{"level":"snapshot"}` {
			t.Errorf("read concern is %s, want snapshot", concern)
		}
		if concern := fmt.Sprint(commands[3]["writeConcern"]); concern != `{"w":"majority"}` {
			t.Errorf("write concern is %s, want majority", concern)
		}
	}
	if at, err := store.Checkpoint(t.Context()); err != nil || at != 2 {
		t.Errorf("checkpoint is %d (%v), want 2", at, err)
	}
}

func TestAMovedCheckpointAbortsTheTransaction(t *testing.T) {
	set, store := openReplicaSet(t)
	before := len(set.since(0))
	if err := store.Apply(t.Context(), deposit(8)); !errors.Is(err, view.ErrCheckpointMoved) {
		t.Errorf("apply: %v, want ErrCheckpointMoved", err)
	}
	want := []string{"update checkpoint", "find checkpoint", "abortTransaction 1"}
	if got := names(set.since(before)); !slices.Equal(got, want) {
		t.Errorf("commands are %q, want %q", got, want)
	}
}

func TestALostRaceIsRunAgain(t *testing.T) {
	set, store := openReplicaSet(t)
	before := len(set.since(0))
	set.mu.Lock()
	set.failNext = bson.D{{Key: "ok", Value: 0}, {Key: "code", Value: 112}, {Key: "codeName", Value: "WriteConflict"},
		{Key: "errmsg", Value: "write conflict"}, {Key: "errorLabels", Value: bson.A{"TransientTransactionError"}}}
	set.mu.Unlock()
	if err := store.Apply(t.Context(), deposit(1)); err != nil {
		t.Fatal(err)
	}
	want := append([]string{"update checkpoint", "abortTransaction 1"}, oneApply...)
	if got := names(set.since(before)); !slices.Equal(got, want) {
		t.Errorf("commands are %q, want %q", got, want)
	}
}

// A line is only in the indexes of the fields that it has.
func TestIndexesOfWhatFewLinesHaveArePartial(t *testing.T) {
	set, _ := openReplicaSet(t)
	partial := make(map[string]string)
	for _, command := range set.since(0) {
		if command[""] != "createIndexes" {
			continue
		}
		index := command["indexes"].(bson.A)[0].(bson.D)
		for _, e := range index {
			if e.Key == "partialFilterExpression" {
				field := e.Value.(bson.D)[0]
				partial[fmt.Sprint(command["createIndexes"], " ", field.Key)] = fmt.Sprint(field.Value)
			}
		}
	}
	for _, want := range []string{"history transfer", "history externalId", "history reference",
		"history counterparty", "accounts externalId"} {
		if partial[want] != `{"$exists":true}` {
			t.Errorf("the index of %s holds documents with %q, want those that have it", want, partial[want])
		}
	}
}
