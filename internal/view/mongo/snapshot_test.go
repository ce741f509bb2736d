package mongo_test

import (
	"os"
	"slices"
	"testing"

	"go.mongodb.org/mongo-driver/v2/bson"

	"corebank/internal/view/mongo"
	"corebank/internal/view/viewtest"
)

func TestSnapshotsOnFerretDB(t *testing.T) {
	viewtest.RunSnapshots(t, opener(startFerretDB(t), mongo.Options{WithoutTransactions: true}))
}

func TestSnapshotsOnMongoDB(t *testing.T) {
	uri := os.Getenv("MONGODB_URI")
	if uri == "" {
		t.Skip("set MONGODB_URI to a replica set, such as mongodb://127.0.0.1:27017/?replicaSet=rs0, to run this; " +
			"it works in databases of its own and drops them")
	}
	viewtest.RunSnapshots(t, opener(uri, mongo.Options{}))
	viewtest.RunIsolation(t, opener(uri, mongo.Options{}))
}

// A snapshot reads everything in one session, with the read concern that makes
// MongoDB answer as of one time.
func TestASnapshotIsReadAtOneMoment(t *testing.T) {
	set, store := openReplicaSet(t)
	if err := store.Apply(t.Context(), deposit(1)); err != nil {
		t.Fatal(err)
	}
	before := len(set.since(0))
	snap, err := store.Snapshot(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	for _, err := range snap.Accounts(t.Context()) {
		if err != nil {
			t.Fatal(err)
		}
	}
	for _, err := range snap.Transactions(t.Context()) {
		if err != nil {
			t.Fatal(err)
		}
	}
	commands := set.since(before)
	if err := snap.Close(t.Context()); err != nil {
		t.Fatal(err)
	}
	want := []string{"find checkpoint", "find accounts", "find history"}
	if got := names(commands); !slices.Equal(got, want) {
		t.Fatalf("commands are %q, want %q", got, want)
	}
	for _, command := range commands {
		concern, _ := command["readConcern"].(bson.D)
		if len(concern) == 0 || concern[0].Key != "level" || concern[0].Value != "snapshot" {
			t.Errorf("%v is read with concern %v, want a snapshot", command["find"], concern)
		}
		session := command["lsid"]
		if session == nil || !slices.EqualFunc(session.(bson.D), commands[0]["lsid"].(bson.D), sameElement) {
			t.Errorf("%v is read in session %v, want %v", command["find"], session, commands[0]["lsid"])
		}
	}
}

func sameElement(a, b bson.E) bool {
	x, y := bson.D{a}, bson.D{b}
	return slices.Equal(encode(x), encode(y))
}
