package sqlite_test

import (
	"context"
	"path/filepath"
	"testing"

	"corebank/internal/view/sqlite"
	"corebank/internal/view/viewtest"
)

func TestGenerations(t *testing.T) {
	viewtest.RunGenerations(t, func(t *testing.T) viewtest.Location {
		path := filepath.Join(t.TempDir(), "views.db")
		return viewtest.Location{Generations: sqlite.NewGenerations(path, sqlite.Options{}),
			OpenLive: func(ctx context.Context) (viewtest.Live, error) { return sqlite.OpenLive(ctx, path) }}
	})
}
