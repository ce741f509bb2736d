package viewstore

import (
	"context"
	"fmt"

	"corebank/internal/view"
	"corebank/internal/view/mongo"
	"corebank/internal/view/sqlite"
)

// OpenGenerations opens the store for its projector, which can build the views
// anew beside the live ones where the store has room for both: SQLite does.
func (c Config) OpenGenerations() (view.Generations, error) {
	switch {
	case c.MongoURI != "":
		return onlyOne{c}, nil
	case c.SQLite != "":
		return sqlite.NewGenerations(c.SQLite, sqlite.Options{}), nil
	default:
		return nil, errNoStore
	}
}

// onlyOne are the views in MongoDB.
type onlyOne struct{ config Config }

func (o onlyOne) Live(ctx context.Context) (view.Generation, error) {
	store, err := mongo.Open(ctx, o.config.MongoURI, mongo.Options{Database: o.config.MongoDatabase})
	if err != nil {
		return view.Generation{}, err
	}
	return view.Generation{Store: store}, nil
}

// errOnlyOne says what to do instead.
var errOnlyOne = fmt.Errorf("%w in MongoDB: let a projector build them in another database, "+
	"with MONGODB_DATABASE, and then start the apps with it", view.ErrNoGenerations)

func (o onlyOne) Create(context.Context) (view.Generation, error) {
	return view.Generation{}, errOnlyOne
}
func (o onlyOne) Previous(context.Context) (view.Generation, error) {
	return view.Generation{}, errOnlyOne
}

func (o onlyOne) Switch(context.Context, view.Generation) (int64, error) { return 0, errOnlyOne }
func (o onlyOne) Discard(context.Context, view.Generation) error         { return errOnlyOne }
