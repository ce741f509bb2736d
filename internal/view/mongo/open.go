package mongo

import (
	"context"
	"errors"
	"fmt"
	"strconv"
	"time"

	"go.mongodb.org/mongo-driver/v2/bson"
	"go.mongodb.org/mongo-driver/v2/mongo"
	"go.mongodb.org/mongo-driver/v2/mongo/options"
	"go.mongodb.org/mongo-driver/v2/mongo/readconcern"
	"go.mongodb.org/mongo-driver/v2/mongo/readpref"
	"go.mongodb.org/mongo-driver/v2/mongo/writeconcern"
)

// DefaultDatabase is the database of the views.
const DefaultDatabase = "corebank"

// Options of a store. The zero Options are the defaults.
type Options struct {
	// Database is the name of the database; "" is DefaultDatabase.
	Database string
	// WithoutTransactions is for conformance tests on servers that speak
	// MongoDB's protocol but have no transactions. Changes are then written step
	// by step: a second projector is not fenced off, and after a failed Apply the
	// views may be ahead of their checkpoint and must be dropped and built again.
	WithoutTransactions bool
	// Retention is how long views are retained at least after a switch away from
	// them, for processes that still read them; 0 is DefaultRetention.
	Retention time.Duration
}

// Open connects to the MongoDB at uri and opens the first generation of the
// views. It creates its indexes and its checkpoint if they do not exist. It fails
// on a standalone server, which has no transactions, and on views of another
// schema version; the error says what to do.
func Open(ctx context.Context, uri string, opts Options) (*Store, error) {
	db, err := connect(ctx, uri, opts)
	if err != nil {
		return nil, err
	}
	store := db.store(0)
	if err := store.create(ctx); err != nil {
		return nil, errors.Join(err, db.client.Disconnect(ctx))
	}
	return store, nil
}

// database is a connection to the database of all generations.
type database struct {
	client    *mongo.Client
	db        *mongo.Database
	pointers  *mongo.Collection
	stepwise  bool
	readOnly  bool // the user may have no more rights
	retention time.Duration
}

func connect(ctx context.Context, uri string, opts Options) (database, error) {
	client, err := mongo.Connect(options.Client().ApplyURI(uri).SetAppName("corebank"))
	if err != nil {
		return database{}, fmt.Errorf("connect to MongoDB: %w", err)
	}
	if opts.Database == "" {
		opts.Database = DefaultDatabase
	}
	if opts.Retention == 0 {
		opts.Retention = DefaultRetention
	}
	// With these concerns, a change of the primary never undoes what was read. A secondary
	// may be behind, whatever the URI says: what is folded into a view or read after another
	// part of it must not be older.
	db := client.Database(opts.Database, options.Database().SetReadPreference(readpref.Primary()).
		SetReadConcern(readconcern.Majority()).SetWriteConcern(writeconcern.Majority()))
	d := database{client: client, db: db, pointers: db.Collection("generations"),
		stepwise: opts.WithoutTransactions, retention: opts.Retention}
	if !d.stepwise {
		if err := d.checkDeployment(ctx); err != nil {
			return database{}, errors.Join(err, client.Disconnect(ctx))
		}
	}
	return d, nil
}

// greeting is the server's description of itself.
type greeting struct {
	SetName string    `bson:"setName"`
	Message string    `bson:"msg"`
	Time    time.Time `bson:"localTime"` // by its own clock
}

func (d database) hello(ctx context.Context) (g greeting, err error) {
	if err := d.client.Database("admin").RunCommand(ctx, bson.D{{Key: "hello", Value: 1}}).Decode(&g); err != nil {
		return g, fmt.Errorf("connect to MongoDB: %w", err)
	}
	return g, nil
}

// checkDeployment refuses a standalone server.
func (d database) checkDeployment(ctx context.Context) error {
	hello, err := d.hello(ctx)
	if err != nil {
		return err
	}
	sharded := hello.Message == "isdbgrid"
	if hello.SetName == "" && !sharded {
		return errors.New("the MongoDB server is a standalone and has no transactions, which the views need: " +
			"start it with --replSet rs0, run rs.initiate() once (one node is enough), and connect with ?replicaSet=rs0")
	}
	return nil
}

// store is a generation that is not opened yet.
func (d database) store(number int64) *Store {
	return &Store{
		database:   d,
		accounts:   d.db.Collection(collection("accounts", number)),
		history:    d.db.Collection(collection("history", number)),
		references: d.db.Collection(collection("links", number)),
		states:     d.db.Collection(collection("states", number)),
		trials:     d.db.Collection(collection("trials", number)),
		checkpoint: d.db.Collection(collection("checkpoint", number)),
	}
}

// collection names a collection of a generation: the first has plain names.
func collection(name string, number int64) string {
	if number == 0 {
		return name
	}
	return name + "-" + strconv.FormatInt(number, 10)
}

// create creates what does not exist of the generation.
func (s *Store) create(ctx context.Context) error {
	_, err := s.checkpoint.InsertOne(ctx, checkpointDocument{ID: checkpointID, Schema: schemaVersion, Trial: "{}"})
	if err != nil && !mongo.IsDuplicateKeyError(err) {
		return fmt.Errorf("create the checkpoint: %w", err)
	}
	if err := s.checkSchema(ctx); err != nil {
		return err
	}
	return s.createIndexes(ctx)
}

// createIndexes creates the indexes that do not exist; queries by _id need none.
// Each one has its own command, because FerretDB crashes on a command with
// several indexes that exist.
func (s *Store) createIndexes(ctx context.Context) error {
	for _, index := range []struct {
		on   *mongo.Collection
		only string // the field that indexed documents must have, or ""
		keys bson.D
	}{
		{s.history, "", bson.D{{Key: "account", Value: 1}, {Key: "version", Value: -1}}},
		{s.history, "", newestOf("type")},
		{s.history, "", bson.D{{Key: "account", Value: 1}, {Key: "occurredAt", Value: 1}, {Key: "version", Value: 1}}},
		{s.history, "transfer", newestOf("transfer")},
		{s.history, "externalId", newestOf("externalId")},
		{s.history, "reference", newestOf("reference")},
		{s.history, "counterparty", newestOf("counterparty")},
		{s.accounts, "", bson.D{{Key: "opened", Value: -1}}},
		{s.accounts, "", bson.D{{Key: "owner", Value: 1}, {Key: "opened", Value: -1}}},
		{s.accounts, "", bson.D{{Key: "kind", Value: 1}, {Key: "opened", Value: -1}}},
		{s.accounts, "", bson.D{{Key: "currency", Value: 1}, {Key: "opened", Value: -1}}},
		{s.accounts, "externalId", bson.D{{Key: "externalId", Value: 1}}},
		{s.references, "", bson.D{{Key: "key", Value: 1}, {Key: "position", Value: 1}}},
		{s.references, "", bson.D{{Key: "account", Value: 1}}},
		{s.states, "", bson.D{{Key: "account", Value: 1}, {Key: "version", Value: -1}, {Key: "changedAt", Value: 1}}},
	} {
		model := mongo.IndexModel{Keys: index.keys}
		if index.only != "" && !s.stepwise { // FerretDB has no partial indexes
			exists := bson.D{{Key: index.only, Value: bson.D{{Key: "$exists", Value: true}}}}
			model.Options = options.Index().SetPartialFilterExpression(exists)
		}
		if _, err := index.on.Indexes().CreateOne(ctx, model); err != nil {
			return fmt.Errorf("create the index %v of %s: %w", index.keys, index.on.Name(), err)
		}
	}
	return nil
}

// newestOf is the index of an account's lines with one value, newest first.
func newestOf(field string) bson.D {
	return bson.D{{Key: "account", Value: 1}, {Key: field, Value: 1}, {Key: "version", Value: -1}}
}

// checkSchema refuses views of another schema version.
func (s *Store) checkSchema(ctx context.Context) error {
	found, err := s.readCheckpoint(ctx)
	if err != nil {
		return err
	}
	if found.Schema != schemaVersion {
		return fmt.Errorf("the views in database %s have schema version %d and this build needs %d; "+
			"stop the bank and drop the database: the projector builds it again from the log",
			s.db.Name(), found.Schema, schemaVersion)
	}
	return nil
}
