package sqlite_test

import (
	"context"
	"path/filepath"
	"testing"

	"corebank/internal/view/sqlite"
	"corebank/internal/view/viewtest"
)

func TestGenerations(t *testing.T) {
	viewtest.RunGenerations(t, func(t *testing.T) viewtest.Place {
		path := filepath.Join(t.TempDir(), "views.db")
		return viewtest.Place{Generations: sqlite.NewGenerations(path, sqlite.Options{}),
			OpenLive: func(ctx context.Context) (viewtest.Live, error) { return sqlite.OpenLive(ctx, path) }}
	})
}
