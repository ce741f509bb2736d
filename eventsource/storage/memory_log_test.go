package storage_test

import (
	"testing"

	"corebank/eventsource/logtest"
	"corebank/eventsource/storage"
)

func TestMemoryLog(t *testing.T) {
	logtest.Run(t, func(*testing.T) func() storage.Log {
		return storage.NewMemoryLog().Open
	})
}
