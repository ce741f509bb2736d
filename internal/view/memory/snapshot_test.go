package memory_test

import (
	"testing"

	"corebank/internal/view"
	"corebank/internal/view/memory"
	"corebank/internal/view/viewtest"
)

func TestSnapshots(t *testing.T) {
	open := func(*testing.T) view.Store { return memory.New() }
	viewtest.RunSnapshots(t, open)
	viewtest.RunIsolation(t, open)
}
