package torture

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"time"

	"corebank/internal/bank"
)

// DiskFloorFile is the file in a bank's data directory that changes, while the
// bank runs, how many MiB its event source keeps free.
const DiskFloorFile = "disk-floor"

// Bounds of a disk's faults.
const (
	// allDisks is more MiB than any disk has.
	allDisks = 1 << 40
	// noticeTime is how long the bank may take to notice that its disk is nearly
	// full, and that it is not any more.
	noticeTime = 10 * time.Second
	// limitEvery is how often the limit is set for processes that are new.
	limitEvery = 50 * time.Millisecond
)

// lowDisk has the event source keep more free than there is. Before it ends, the
// bank must say so and refuse commands, in words that invite to try again.
func (r *run) lowDisk(patience context.Context, lasts time.Duration) error {
	file := filepath.Join(r.bank.data, DiskFloorFile)
	if err := os.WriteFile(file, fmt.Append(nil, allDisks), 0o600); err != nil {
		return err
	}
	sleep(patience, lasts)
	said := r.readLowDisk(patience)
	if err := os.Remove(file); err != nil {
		return err
	}
	r.strike()
	return said
}

// readLowDisk waits until the bank shows what a nearly full disk should make it
// do, and says what it does not.
func (r *run) readLowDisk(patience context.Context) error {
	ctx, cancel := context.WithTimeout(context.WithoutCancel(patience), noticeTime)
	defer cancel()
	reason := ""
	for !strings.Contains(reason, "nearly full") {
		if reason = r.gateway.readiness(ctx); !sleep(ctx, watchTick) {
			return fmt.Errorf("the disk was nearly full and after %v /readyz says %q", noticeTime, reason)
		}
	}
	probe := &Request{Account: r.load.ids()[0], Key: fmt.Sprint("low-disk-", r.clock().Nanoseconds()),
		Command: bank.Deposit{Amount: bank.Money{Minor: 1, Currency: currency}}}
	answer := r.gateway.ask(ctx, watchingClient, probe)
	r.record.add(answer)
	if answer.Verdict != Unavailable {
		return fmt.Errorf("the disk was nearly full and a deposit was %s %s; want it refused until there is room", answer.Verdict, answer.Note)
	}
	return nil
}

// fullDisk has the writes of all parts fail.
func (r *run) fullDisk(patience context.Context, lasts time.Duration) error {
	var failed error
	for began := time.Now(); time.Since(began) < lasts && sleep(patience, limitEvery); {
		for part, pid := range r.bank.parts() {
			if err := limitFiles(pid, true); err != nil {
				failed = fmt.Errorf("fill the disk of %s: %w", part, err)
			}
		}
	}
	for part, pid := range r.bank.parts() {
		if err := limitFiles(pid, false); err != nil {
			failed = errors.Join(failed, fmt.Errorf("empty the disk of %s: %w", part, err))
		}
	}
	r.strike()
	return failed
}
