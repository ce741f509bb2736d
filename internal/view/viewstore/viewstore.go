package viewstore

import (
	"context"
	"errors"

	"corebank/internal/view"
	"corebank/internal/view/mongo"
	"corebank/internal/view/sqlite"
)

// Config names the store. MongoURI takes precedence over SQLite.
type Config struct {
	// SQLite is the path of the file.
	SQLite string
	// MongoURI and MongoDatabase name a MongoDB replica set and a database.
	MongoURI, MongoDatabase string
}

var errNoStore = errors.New("no store for the views is configured: give --views FILE or set MONGODB_URI")

// Reader is a store that is only read.
type Reader interface {
	view.Reader
	Close(ctx context.Context) error
}

// OpenReader opens the store for the gateway. The reader follows a switch to
// other views.
func (c Config) OpenReader(ctx context.Context) (Reader, error) {
	switch {
	case c.MongoURI != "":
		return mongo.OpenLive(ctx, c.MongoURI, mongo.Options{Database: c.MongoDatabase})
	case c.SQLite != "":
		return sqlite.OpenLive(ctx, c.SQLite)
	default:
		return nil, errNoStore
	}
}
