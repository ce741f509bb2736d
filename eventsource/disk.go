package eventsource

import (
	"context"
	"fmt"
	"log/slog"
	"time"

	"corebank/internal/app"
)

// diskEvery is how often the free space is looked at.
const diskEvery = time.Second

// watchDisk halts the writer while free reports less than floor bytes: a log
// that fills its disk could neither finish a commit nor recover in place.
func watchDisk(ctx context.Context, w *Writer, free func() (uint64, error), floor uint64, log *slog.Logger) error {
	halted := false
	for {
		bytes, err := free()
		switch {
		case err != nil:
			return fmt.Errorf("free space of the log's disk: %w", err)
		case bytes < floor && !halted:
			halted = true
			w.Halt(fmt.Sprintf("the event log's disk is nearly full: %d MiB are free and %d MiB are kept in reserve; free some space, and commands are taken again", bytes>>20, floor>>20))
			log.Error("disk nearly full, refusing commands", "free", bytes, "floor", floor)
		case bytes >= floor && halted:
			halted = false
			w.Halt("")
			log.Info("disk has room again, taking commands", "free", bytes, "floor", floor)
		}
		if !app.Pause(ctx, diskEvery) {
			return nil
		}
	}
}
