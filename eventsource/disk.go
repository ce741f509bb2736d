package eventsource

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"log/slog"
	"os"
	"strconv"
	"strings"
	"time"

	"corebank/internal/app"
)

// diskEvery is how often the free space is checked.
const diskEvery = time.Second

// WatchDisk halts the writer while free reports less than reserve bytes: a log that fills its disk could neither finish
// a commit nor recover in place.
func WatchDisk(ctx context.Context, w *Writer, free, reserve func() (uint64, error), log *slog.Logger) error {
	halted := false
	for floor := uint64(0); ; {
		bytes, err := free()
		if newer, err := reserve(); err == nil {
			floor = newer
		} else {
			log.Warn("the disk reserve cannot be read and stays as it was", "floor", floor, "error", err)
		}
		w.metrics.diskFree.Set(float64(bytes))
		w.metrics.diskFloor.Set(float64(floor))
		switch {
		case err != nil:
			return fmt.Errorf("free space of the log's disk: %w", err)
		case bytes < floor && !halted:
			halted = true
			w.Halt(fmt.Sprintf("the event log's disk is nearly full: %d MiB are free and %d MiB are kept in reserve; "+
				"free some space, and commands are accepted again", bytes>>20, floor>>20))
			log.Error("disk nearly full, refusing commands", "free", bytes, "floor", floor)
		case bytes >= floor && halted:
			halted = false
			w.Halt("")
			log.Info("disk has room again, accepting commands", "free", bytes, "floor", floor)
		}
		if !app.Pause(ctx, diskEvery) {
			return nil
		}
	}
}

// floor is how many bytes are kept free: as configured, or as the file says.
func (c Config) floor() (uint64, error) {
	if c.DiskFloorFile == "" {
		return c.DiskFloor, nil
	}
	text, err := os.ReadFile(c.DiskFloorFile)
	if errors.Is(err, fs.ErrNotExist) {
		return c.DiskFloor, nil
	}
	if err != nil {
		return 0, err
	}
	mebibytes, err := strconv.ParseUint(strings.TrimSpace(string(text)), 10, 44)
	if err != nil {
		return 0, fmt.Errorf("%s: %w; write a number of MiB into it, or remove it", c.DiskFloorFile, err)
	}
	return mebibytes << 20, nil
}
