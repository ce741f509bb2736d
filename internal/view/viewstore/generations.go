package viewstore

import (
	"corebank/internal/view"
	"corebank/internal/view/mongo"
	"corebank/internal/view/sqlite"
)

// OpenGenerations opens the store for the projector, which can build views anew
// beside the live ones.
func (c Config) OpenGenerations() (view.Generations, error) {
	switch {
	case c.MongoURI != "":
		return mongo.NewGenerations(c.MongoURI, mongo.Options{Database: c.MongoDatabase}), nil
	case c.SQLite != "":
		return sqlite.NewGenerations(c.SQLite, sqlite.Options{}), nil
	default:
		return nil, errNoStore
	}
}
