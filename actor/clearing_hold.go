package actor

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"time"

	"corebank/internal/bank"
	"corebank/internal/contract"
)

// Bounds of what a turn over several accounts waits for, so that one of them does not hold up the commands of others.
const (
	// busyAfter is how long such a turn waits for all accounts that are in other turns, lateAfter for those that it has
	// to read. Then the commands of an account are answered contract.Late, unless nothing else waits for them.
	busyAfter = 2 * time.Second
	lateAfter = 250 * time.Millisecond
	// readAtOnce is how many accounts are read at the same time.
	readAtOnce = 16
)

// hold has the accounts of an attempt, none of which can begin another turn meanwhile.
type hold struct {
	accounts map[bank.AccountID]*account
	late     map[bank.AccountID]error // why an account is not among them
}

func (h *hold) release() {
	for _, a := range h.accounts {
		a.end()
	}
}

// hold takes the accounts of commands, in the order of their ids, so that turns never wait for each other in a circle,
// and reads those that are not in memory. The commands of an account that cannot be read, or is late, get outcomes
// here; with them nothing else of the turn is decided in this attempt if the batch is atomic.
func (c *clearing) hold(ctx context.Context, window []int) (*hold, error) {
	h := &hold{accounts: make(map[bank.AccountID]*account), late: make(map[bank.AccountID]error)}
	var ids []bank.AccountID
	for _, i := range window {
		ids = append(ids, c.parties[i]...)
	}
	slices.Sort(ids)
	busy, cancel := c.patience(ctx, busyAfter)
	defer cancel()
	for _, id := range slices.Compact(ids) {
		if a := c.host.account(id); !(c.shared() && a.late.Load()) && a.begin(busy) {
			h.accounts[id] = a
		} else {
			h.late[id] = errBusy
		}
	}
	late, cancel := c.patience(ctx, lateAfter)
	defer cancel()
	h.read(ctx, late)
	return h, c.answerLate(h, window)
}

// patience ends when the turn has waited long enough; with ctx, where nothing else of the turn waits.
func (c *clearing) patience(ctx context.Context, long time.Duration) (context.Context, context.CancelFunc) {
	if c.shared() {
		return context.WithTimeout(ctx, long)
	}
	return context.WithCancel(ctx)
}

// shared reports whether commands of several requests may be in the turn.
func (c *clearing) shared() bool { return len(c.of) > 1 && !c.batch.Atomic && !c.batch.DryRun }

// read reads the accounts that are not in memory, as long as patience lasts. An account that takes longer is read on
// in the background and then let go.
func (h *hold) read(ctx, patience context.Context) {
	slots := make(chan struct{}, readAtOnce)
	reading := make(map[bank.AccountID]chan error)
	for id, a := range h.accounts {
		if a.loaded {
			continue
		}
		done := make(chan error, 1)
		reading[id] = done
		go func() {
			slots <- struct{}{}
			defer func() { <-slots }()
			ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), turnBudget)
			defer cancel()
			done <- a.load(ctx)
		}()
	}
	for id, done := range reading {
		a := h.accounts[id]
		err, late := wait(patience, done)
		if err == nil && !late {
			continue
		}
		delete(h.accounts, id)
		if !late {
			a.end()
			h.late[id] = err
			continue
		}
		h.late[id] = errBusy
		a.late.Store(true)
		go func() {
			<-done
			a.late.Store(false)
			a.end()
		}()
	}
}

// wait is what done says; late if ctx ends before it says anything.
func wait(ctx context.Context, done <-chan error) (err error, late bool) {
	select {
	case err = <-done: // also where ctx has ended
		return err, false
	default:
	}
	select {
	case err = <-done:
		return err, false
	case <-ctx.Done():
		return nil, true
	}
}

// answerLate answers the commands whose accounts are not held, or is the reason why an attempt cannot go on.
func (c *clearing) answerLate(h *hold, window []int) error {
	if len(h.late) == 0 {
		return nil
	}
	answers := make(map[int]contract.Outcome)
	var failure error
	for _, i := range window {
		for _, id := range c.parties[i] {
			err := h.late[id]
			switch {
			case err == nil:
			case errors.Is(err, errUnreadable) && !c.batch.Atomic:
				answers[i] = contract.Outcome{Status: contract.Unavailable, Reason: fmt.Sprintf("%s: %v", id, err)}
			case errors.Is(err, errBusy) && c.shared():
				answers[i] = contract.Outcome{Status: contract.Late, Reason: fmt.Sprintf("%s: %v", id, err)}
			default:
				failure = err
			}
		}
	}
	c.close(answers)
	if failure == nil && len(answers) > 0 {
		failure = errParty // go on with the others, whose window has changed
	}
	return failure
}
