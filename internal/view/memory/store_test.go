package memory_test

import (
	"testing"

	"corebank/internal/view"
	"corebank/internal/view/memory"
	"corebank/internal/view/viewtest"
)

func TestStore(t *testing.T) {
	open := func(*testing.T) view.Store { return memory.New() }
	viewtest.Run(t, open)
	viewtest.RunAtomic(t, open)
}
