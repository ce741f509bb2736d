package viewstore

import (
	"context"
	"fmt"
	"os"

	"corebank/internal/view"
	"corebank/internal/view/mongo"
	"corebank/internal/view/sqlite"
)

// Snapshots is a store that is read as a whole.
type Snapshots interface {
	view.Snapshots
	Close(ctx context.Context) error
}

// OpenSnapshots opens the store for an audit. A SQLite file must exist: an audit
// of views that were just created would check nothing.
func (c Config) OpenSnapshots(ctx context.Context) (Snapshots, error) {
	switch {
	case c.MongoURI != "":
		return mongo.OpenLive(ctx, c.MongoURI, mongo.Options{Database: c.MongoDatabase})
	case c.SQLite != "":
		file, err := sqlite.LiveFile(c.SQLite)
		if err != nil {
			return nil, err
		}
		if _, err := os.Stat(file); err != nil {
			return nil, fmt.Errorf("open the views: %w; give the file that the projector writes", err)
		}
		return sqlite.OpenLive(ctx, c.SQLite)
	default:
		return nil, errNoStore
	}
}
