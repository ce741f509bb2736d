package eventsource

import (
	"context"
	"log/slog"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"corebank/internal/bank"
	"corebank/internal/contract"
)

func TestCommandsAreRefusedBeforeTheDiskIsFull(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := NewWriter(NewMemoryLog().Open(), slog.New(slog.DiscardHandler))
		var free atomic.Uint64
		free.Store(10 << 30)
		ctx, cancel := context.WithCancel(t.Context())
		var running sync.WaitGroup
		running.Go(func() { _ = w.Run(ctx) })
		running.Go(func() {
			_ = watchDisk(ctx, w, func() (uint64, error) { return free.Load(), nil }, 512<<20, slog.New(slog.DiscardHandler))
		})
		defer running.Wait()
		defer cancel()

		version := int64(0)
		send := func() contract.AppendResult {
			id := bank.NewAccountID("disk", "ada")
			r := contract.Record{Account: id, Version: version + 1, Data: []byte(`{}`)}
			result := w.Append(t.Context(), []contract.Append{{Account: id, ExpectedVersion: version, Records: []contract.Record{r}}})[0]
			if result.Status == contract.Appended {
				version++
			}
			return result
		}
		synctest.Wait()
		if got := send(); got.Status != contract.Appended {
			t.Fatalf("with room: %+v", got)
		}
		free.Store(100 << 20)
		time.Sleep(2 * time.Second) // virtual
		if got := send(); got.Status != contract.Overloaded || !strings.Contains(got.Reason, "nearly full") || w.Ready().Ready {
			t.Fatalf("nearly full: %+v, ready %+v", got, w.Ready())
		}
		free.Store(10 << 30)
		time.Sleep(2 * time.Second) // virtual
		if got := send(); got.Status != contract.Appended {
			t.Fatalf("with room again: %+v", got)
		}
	})
}

func TestTheDiskOfTheTestHasRoom(t *testing.T) {
	free, err := freeBytes(t.TempDir())()
	if err != nil || free == 0 {
		t.Fatalf("%d bytes, %v", free, err)
	}
	if _, err := freeBytes("/no such directory")(); err == nil {
		t.Fatal("a directory that is not there has space")
	}
}
