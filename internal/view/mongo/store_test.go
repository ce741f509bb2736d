package mongo_test

import (
	"context"
	"crypto/rand"
	"log/slog"
	"os"
	"slices"
	"strings"
	"testing"

	"github.com/FerretDB/FerretDB/ferretdb"
	"go.mongodb.org/mongo-driver/v2/bson"
	driver "go.mongodb.org/mongo-driver/v2/mongo"
	"go.mongodb.org/mongo-driver/v2/mongo/options"

	"corebank/internal/bank"
	"corebank/internal/view"
	"corebank/internal/view/mongo"
	"corebank/internal/view/viewtest"
)

// startFerretDB runs a server of MongoDB's protocol in this process. It has no
// transactions and scans every document for every query, so it is only good for
// small conformance tests.
func startFerretDB(t *testing.T) (uri string) {
	t.Helper()
	server, err := ferretdb.New(&ferretdb.Config{
		Listener:  ferretdb.ListenerConfig{TCP: "127.0.0.1:0"},
		Logger:    slog.New(slog.DiscardHandler),
		Handler:   "sqlite",
		SQLiteURL: "file:" + t.TempDir() + "/",
	})
	if err != nil {
		t.Fatal(err)
	}
	ctx, stop := context.WithCancel(context.WithoutCancel(t.Context()))
	stopped := make(chan error, 1)
	go func() { stopped <- server.Run(ctx) }()
	t.Cleanup(func() {
		stop()
		if err := <-stopped; err != nil {
			t.Error(err)
		}
	})
	return server.MongoDBURI()
}

// opener opens stores in databases of their own, dropped after the test.
func opener(uri string, opts mongo.Options) viewtest.Open {
	return func(t *testing.T) view.Store {
		t.Helper()
		opts.Database = "corebank_test_" + rand.Text()[:10]
		store, err := mongo.Open(t.Context(), uri, opts)
		if err != nil {
			t.Fatal(err)
		}
		t.Cleanup(func() { drop(t, uri, opts.Database) })
		return store
	}
}

func drop(t *testing.T, uri, database string) {
	t.Helper()
	ctx := context.WithoutCancel(t.Context())
	client := connect(t, uri)
	if err := client.Database(database).Drop(ctx); err != nil {
		t.Errorf("drop %s: %v", database, err)
	}
}

func connect(t *testing.T, uri string) *driver.Client {
	t.Helper()
	client, err := driver.Connect(options.Client().ApplyURI(uri))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := client.Disconnect(context.WithoutCancel(t.Context())); err != nil {
			t.Error(err)
		}
	})
	return client
}

func TestStoreOnFerretDB(t *testing.T) {
	viewtest.Run(t, opener(startFerretDB(t), mongo.Options{WithoutTransactions: true}))
}

func TestStoreOnMongoDB(t *testing.T) {
	uri := os.Getenv("MONGODB_URI")
	if uri == "" {
		t.Skip("set MONGODB_URI to a replica set, such as mongodb://127.0.0.1:27017/?replicaSet=rs0, to run this; " +
			"it works in databases of its own and drops them")
	}
	viewtest.Run(t, opener(uri, mongo.Options{}))
	viewtest.RunAtomic(t, opener(uri, mongo.Options{}))
}

func TestAStandaloneServerIsRefused(t *testing.T) {
	_, err := mongo.Open(t.Context(), startFerretDB(t), mongo.Options{})
	if err == nil || !strings.Contains(err.Error(), "--replSet") {
		t.Errorf("open: %v, want an error that says how to run a replica set", err)
	}
}

func TestViewsOfANewerBuildAreRefused(t *testing.T) {
	uri := startFerretDB(t)
	opts := mongo.Options{Database: "newer", WithoutTransactions: true}
	store, err := mongo.Open(t.Context(), uri, opts)
	if err != nil {
		t.Fatal(err)
	}
	if err := store.Close(t.Context()); err != nil {
		t.Fatal(err)
	}
	_, err = connect(t, uri).Database("newer").Collection("checkpoint").
		UpdateOne(t.Context(), bson.D{{Key: "_id", Value: "views"}},
			bson.D{{Key: "$set", Value: bson.D{{Key: "schema", Value: 99}}}})
	if err != nil {
		t.Fatal(err)
	}
	_, err = mongo.Open(t.Context(), uri, opts)
	want := "schema version 99 and this build needs 3; stop the bank and drop the database"
	if err == nil || !strings.Contains(err.Error(), want) {
		t.Errorf("open: %v, want an error that says what to do", err)
	}
}

func TestNoServerIsAnErrorThatNamesMongoDB(t *testing.T) {
	_, err := mongo.Open(t.Context(), "mongodb://127.0.0.1:1/?serverSelectionTimeoutMS=100", mongo.Options{})
	if err == nil || !strings.Contains(err.Error(), "connect to MongoDB") {
		t.Errorf("open: %v", err)
	}
}

// Operators and other tools see the names of databases, collections, ids and
// indexes: they are part of the contract of the package.
func TestDocumentsAndIndexes(t *testing.T) {
	uri := startFerretDB(t)
	store, err := mongo.Open(t.Context(), uri, mongo.Options{WithoutTransactions: true})
	if err != nil {
		t.Fatal(err)
	}
	defer store.Close(context.WithoutCancel(t.Context()))
	ada := bank.NewAccountID("ada", "first")
	err = store.Apply(t.Context(), view.Changes{To: 2, Trial: view.Trial{Position: 2},
		Accounts:     []view.Account{{Account: bank.Account{ID: ada, Version: 7}}},
		Transactions: []view.Transaction{{Account: ada, Version: 7, Position: 2}}})
	if err != nil {
		t.Fatal(err)
	}
	db := connect(t, uri).Database(mongo.DefaultDatabase)
	for collection, id := range map[string]string{
		"accounts": string(ada), "history": string(ada) + "#0000000000000000007", "checkpoint": "views",
	} {
		var found bson.M
		if err := db.Collection(collection).FindOne(t.Context(), bson.D{{Key: "_id", Value: id}}).Decode(&found); err != nil {
			t.Errorf("%s has no document %q: %v", collection, id, err)
		}
	}
	indexes, err := db.Collection("history").Indexes().ListSpecifications(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	var names []string
	for _, index := range indexes {
		names = append(names, index.Name)
	}
	slices.Sort(names)
	want := []string{"_id_", "account_1_counterparty_1_version_-1", "account_1_externalId_1_version_-1",
		"account_1_occurredAt_1_version_1", "account_1_reference_1_version_-1", "account_1_transfer_1_version_-1",
		"account_1_type_1_version_-1", "account_1_version_-1"}
	if !slices.Equal(names, want) {
		t.Errorf("indexes of history are %q, want %q", names, want)
	}
	gateway, err := mongo.Open(t.Context(), uri, mongo.Options{WithoutTransactions: true})
	if err != nil {
		t.Fatalf("open what is there already: %v", err)
	}
	defer gateway.Close(context.WithoutCancel(t.Context()))
	if account, err := gateway.Account(t.Context(), ada); err != nil || account.Version != 7 {
		t.Errorf("account is %+v (%v), want version 7", account, err)
	}
}
