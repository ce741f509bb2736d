package mongo

import (
	"context"
	"errors"
	"fmt"

	"go.mongodb.org/mongo-driver/v2/bson"
	"go.mongodb.org/mongo-driver/v2/mongo"
	"go.mongodb.org/mongo-driver/v2/mongo/options"
	"go.mongodb.org/mongo-driver/v2/mongo/readconcern"
	"go.mongodb.org/mongo-driver/v2/mongo/writeconcern"
)

// DefaultDatabase is the database that the views live in.
const DefaultDatabase = "corebank"

// Options of a store. The zero Options are the defaults.
type Options struct {
	// Database is the name of the database; "" is DefaultDatabase.
	Database string
	// WithoutTransactions is for conformance tests on servers that speak
	// MongoDB's protocol but have no transactions. Changes are then written
	// step by step: a second projector is not fenced off, and after a failed
	// Apply the views may be ahead of their checkpoint, so that they have to
	// be dropped and built again.
	WithoutTransactions bool
}

// Open connects to the MongoDB at uri and sees to it that the indexes and the
// checkpoint are there. It fails on a standalone server, which has no
// transactions, and on views of another schema version; the error says what to
// do.
func Open(ctx context.Context, uri string, opts Options) (*Store, error) {
	client, err := mongo.Connect(options.Client().ApplyURI(uri).SetAppName("corebank"))
	if err != nil {
		return nil, fmt.Errorf("connect to MongoDB: %w", err)
	}
	store := newStore(client, opts)
	if err := store.prepare(ctx); err != nil {
		return nil, errors.Join(err, client.Disconnect(ctx))
	}
	return store, nil
}

func newStore(client *mongo.Client, opts Options) *Store {
	name := opts.Database
	if name == "" {
		name = DefaultDatabase
	}
	// What was read is never undone by a change of the primary.
	db := client.Database(name, options.Database().
		SetReadConcern(readconcern.Majority()).SetWriteConcern(writeconcern.Majority()))
	return &Store{
		client:     client,
		accounts:   db.Collection("accounts"),
		history:    db.Collection("history"),
		checkpoint: db.Collection("checkpoint"),
		stepwise:   opts.WithoutTransactions,
	}
}

func (s *Store) prepare(ctx context.Context) error {
	if !s.stepwise {
		if err := s.checkDeployment(ctx); err != nil {
			return err
		}
	}
	if err := s.checkSchema(ctx); err != nil {
		return err
	}
	return s.createIndexes(ctx)
}

// checkDeployment refuses a standalone server.
func (s *Store) checkDeployment(ctx context.Context) error {
	var hello struct {
		SetName string `bson:"setName"`
		Message string `bson:"msg"`
	}
	if err := s.client.Database("admin").RunCommand(ctx, bson.D{{Key: "hello", Value: 1}}).Decode(&hello); err != nil {
		return fmt.Errorf("connect to MongoDB: %w", err)
	}
	sharded := hello.Message == "isdbgrid"
	if hello.SetName == "" && !sharded {
		return errors.New("the MongoDB server is a standalone and has no transactions, which the views need: " +
			"start it with --replSet rs0, run rs.initiate() once (one node is enough), and connect with ?replicaSet=rs0")
	}
	return nil
}

// createIndexes creates those that are missing; queries by _id need none. They
// are asked for one by one, because FerretDB dies of a command with several
// that exist.
func (s *Store) createIndexes(ctx context.Context) error {
	for _, keys := range []bson.D{
		{{Key: "account", Value: 1}, {Key: "version", Value: -1}},
		{{Key: "account", Value: 1}, {Key: "type", Value: 1}, {Key: "version", Value: -1}},
		{{Key: "account", Value: 1}, {Key: "occurredAt", Value: 1}, {Key: "version", Value: 1}},
	} {
		if _, err := s.history.Indexes().CreateOne(ctx, mongo.IndexModel{Keys: keys}); err != nil {
			return fmt.Errorf("create the index %v of history: %w", keys, err)
		}
	}
	return nil
}

// checkSchema creates the checkpoint of new views and refuses views that have
// another schema version.
func (s *Store) checkSchema(ctx context.Context) error {
	_, err := s.checkpoint.InsertOne(ctx, checkpointDocument{ID: checkpointID, Schema: schemaVersion})
	if err != nil && !mongo.IsDuplicateKeyError(err) {
		return fmt.Errorf("create the checkpoint: %w", err)
	}
	found, err := s.readCheckpoint(ctx)
	if err != nil {
		return err
	}
	if found.Schema != schemaVersion {
		return fmt.Errorf("the views in database %s have schema version %d and this build needs %d; "+
			"stop the bank and drop the database: the projector builds it again from the log",
			s.checkpoint.Database().Name(), found.Schema, schemaVersion)
	}
	return nil
}
