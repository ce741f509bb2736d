package eventsource

import (
	"context"
	"fmt"
	"log/slog"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"corebank/eventsource/storage"
	"corebank/internal/bank"
	"corebank/internal/contract"
)

func TestCommandsAreRefusedBeforeTheDiskIsFull(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := NewWriter(storage.NewMemoryLog().Open(), slog.New(slog.DiscardHandler))
		var free atomic.Uint64
		free.Store(10 << 30)
		ctx, cancel := context.WithCancel(t.Context())
		var running sync.WaitGroup
		running.Go(func() { _ = w.Run(ctx) })
		running.Go(func() {
			_ = WatchDisk(ctx, w, func() (uint64, error) { return free.Load(), nil },
				Config{DiskFloor: 512 << 20}.floor, slog.New(slog.DiscardHandler))
		})
		defer running.Wait()
		defer cancel()

		version := int64(0)
		send := func() contract.AppendResult {
			id := bank.NewAccountID("disk", "ada")
			r := contract.Record{Account: id, Version: version + 1, Key: fmt.Sprint("key-", version), Data: []byte(`{}`)}
			a := contract.Append{Account: id, ExpectedVersion: version, Records: []contract.Record{r}}
			result := w.Append(t.Context(), []contract.Append{a})[0]
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
		if got := send(); got.Status != contract.Halted || !strings.Contains(got.Reason, "nearly full") || w.Ready().Ready {
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

// The reserve can be changed while the bank runs. A file that cannot be parsed changes nothing.
func TestTheFloorOfARunningBankCanBeChanged(t *testing.T) {
	config := Config{DiskFloor: 512 << 20, DiskFloorFile: filepath.Join(t.TempDir(), "disk-floor")}
	for _, step := range []struct {
		text string // "" for no file
		want uint64
		says string
	}{
		{"", 512 << 20, ""}, {"2048\n", 2 << 30, ""}, {"0", 0, ""},
		{"much", 0, "number of MiB"}, {"-1", 0, "number of MiB"}, {"", 512 << 20, ""},
	} {
		err := os.WriteFile(config.DiskFloorFile, []byte(step.text), 0o600)
		if step.text == "" {
			err = os.Remove(config.DiskFloorFile)
		}
		if err != nil {
			t.Fatal(err)
		}
		got, err := config.floor()
		if (err != nil) != (step.says != "") || err == nil && got != step.want ||
			err != nil && !strings.Contains(err.Error(), step.says) {
			t.Errorf("%q: %d, %v; want %d %s", step.text, got, err, step.want, step.says)
		}
	}
}
