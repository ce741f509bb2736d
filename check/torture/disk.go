package torture

import (
	"context"
	"errors"
	"fmt"
	"os"
	"strings"
	"time"

	"corebank/check/laws"
	"corebank/internal/app"
	"corebank/internal/bank"
	"corebank/internal/contract"
	"corebank/localbank/datadir"
)

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

// lowDisk has the event source reserve more than there is. Before it ends, the bank
// must report that and refuse commands as unavailable, so that clients try again.
func (r *run) lowDisk(ctx context.Context, lasts time.Duration) error {
	file := datadir.Dir{Path: r.bank.data}.DiskFloor()
	if err := os.WriteFile(file, fmt.Append(nil, allDisks), 0o600); err != nil {
		return err
	}
	app.Pause(ctx, lasts)
	shown := r.awaitLowDisk(ctx)
	if err := os.Remove(file); err != nil {
		return err
	}
	r.strike()
	return shown
}

// awaitLowDisk waits until the bank does what it should do on a nearly full disk.
// Its error is what the bank does not do.
func (r *run) awaitLowDisk(ctx context.Context) error {
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), noticeTime)
	defer cancel()
	reason := ""
	for !strings.Contains(reason, "nearly full") {
		if reason = r.gateway.readiness(ctx); !app.Pause(ctx, watchTick) {
			return fmt.Errorf("the disk was nearly full and after %v /readyz says %q", noticeTime, reason)
		}
	}
	return r.probeLowDisk(ctx)
}

// probeLowDisk deposits on one account after the other until one has no reason
// of its own to refuse, as one that is frozen has.
func (r *run) probeLowDisk(ctx context.Context) error {
	for _, account := range r.load.ids() {
		answer := r.gateway.ask(
			ctx,
			watchingClient,
			laws.NewRequest(account, fmt.Sprint("low-disk-", r.clock().Nanoseconds()),
				bank.Deposit{Amount: bank.Money{Minor: 1, Currency: currency}}),
		)
		r.answers.add(answer)
		switch answer.Status {
		case contract.Unavailable:
			return nil
		case contract.Refused:
		default:
			return fmt.Errorf("the disk was nearly full and a deposit was %s %s; want it refused until there is room",
				answer.Status, answer.Note)
		}
	}
	return errors.New("the disk was nearly full and every account refused a deposit for another reason")
}

// fullDisk has the writes of all parts fail.
func (r *run) fullDisk(ctx context.Context, lasts time.Duration) error {
	var failed error
	for began := time.Now(); time.Since(began) < lasts && app.Pause(ctx, limitEvery); {
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
