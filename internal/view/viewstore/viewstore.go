package viewstore

import (
	"context"
	"errors"
	"fmt"
	"os"

	"corebank/internal/view"
	"corebank/internal/view/mongo"
	"corebank/internal/view/sqlite"
)

// Config names the store. MongoURI wins over SQLite.
type Config struct {
	// SQLite is the path of the file.
	SQLite string
	// MongoURI and MongoDatabase name a MongoDB replica set and a database.
	MongoURI, MongoDatabase string
}

// WithEnvironment adds the settings of MongoDB from the environment.
func (c Config) WithEnvironment() Config {
	c.MongoURI, c.MongoDatabase = os.Getenv("MONGODB_URI"), os.Getenv("MONGODB_DATABASE")
	return c
}

// inMongo reports whether the store is in MongoDB.
func (c Config) inMongo() (bool, error) {
	if c.MongoURI == "" && c.SQLite == "" {
		return false, errors.New("no store for the views is configured: give --views FILE or set MONGODB_URI")
	}
	return c.MongoURI != "", nil
}

// Live is the store of the live views. It follows a switch to views that were
// built anew.
type Live interface {
	view.Reader
	view.Snapshots
	Close(ctx context.Context) error
}

// OpenReader opens the store for reading.
func (c Config) OpenReader(ctx context.Context) (Live, error) {
	inMongo, err := c.inMongo()
	if err != nil {
		return nil, err
	}
	if inMongo {
		return mongo.OpenLive(ctx, c.MongoURI, mongo.Options{Database: c.MongoDatabase})
	}
	return sqlite.OpenLive(ctx, c.SQLite)
}

// OpenSnapshots opens the store for an audit. A SQLite file must exist: an audit of
// views that it has just made would audit nothing.
func (c Config) OpenSnapshots(ctx context.Context) (Live, error) {
	if inMongo, err := c.inMongo(); err == nil && !inMongo {
		file, err := sqlite.LiveFile(c.SQLite)
		if err != nil {
			return nil, err
		}
		if _, err := os.Stat(file); err != nil {
			return nil, fmt.Errorf("open the views: %w; give the file that the projector writes", err)
		}
	}
	return c.OpenReader(ctx)
}

// OpenGenerations opens the store for its projector, which can build the views
// anew beside the live ones.
func (c Config) OpenGenerations() (view.Generations, error) {
	inMongo, err := c.inMongo()
	if err != nil {
		return nil, err
	}
	if inMongo {
		return mongo.NewGenerations(c.MongoURI, mongo.Options{Database: c.MongoDatabase}), nil
	}
	return sqlite.NewGenerations(c.SQLite, sqlite.Options{}), nil
}
