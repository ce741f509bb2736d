package eventsource_test

import (
	"log/slog"
	"testing"
	"testing/synctest"

	"corebank/eventsource"
	"corebank/eventsource/storage"
)

// Given a writer that has nothing to write; when a reader finds that another machine has the log; then the writer takes
// it over there, once, and does not wait for an append, which may need that read first.
func TestAnIdleWriterFollowsTheLogToAnotherMachine(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		writer := eventsource.NewWriter(storage.NewMemoryLog().Open(), slog.New(slog.DiscardHandler))
		ended := make(chan error, 1)
		go func() { ended <- writer.Run(t.Context()) }()
		synctest.Wait()
		first, ok := writer.Tenure()
		if !ok {
			t.Fatal("the log was not taken over")
		}
		for range 3 {
			writer.TakeOverAgain()
		}
		synctest.Wait()
		second, _ := writer.Tenure()
		if second.Takeover == first.Takeover {
			t.Error("the writer stays where it was")
		}
		synctest.Wait()
		if third, _ := writer.Tenure(); third != second || !writer.Ready().Ready {
			t.Errorf("it was taken over again and again; ready: %v", writer.Ready())
		}
	})
}
