package sqlite_test

import (
	"path/filepath"
	"testing"

	"corebank/internal/view"
	"corebank/internal/view/sqlite"
	"corebank/internal/view/viewtest"
)

func open(t *testing.T) view.Store {
	t.Helper()
	store, err := sqlite.Open(t.Context(), filepath.Join(t.TempDir(), "views.db"), sqlite.Options{})
	if err != nil {
		t.Fatal(err)
	}
	return store
}

func TestStore(t *testing.T) {
	viewtest.Run(t, open)
	viewtest.RunAtomic(t, open)
}
