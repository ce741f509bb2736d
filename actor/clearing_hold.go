package actor

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"slices"
	"time"

	"golang.org/x/sync/errgroup"

	"corebank/internal/bank"
	"corebank/internal/contract"
)

// Bounds of what a turn over several accounts waits for, so that one of them does not hold up the commands of others.
const (
	// busyAfter is how long such a turn waits for all accounts that are in other turns, lateAfter for those that it has
	// to read. Then the commands of an account are answered contract.Late, unless nothing else waits for them.
	busyAfter = 2 * time.Second
	lateAfter = 250 * time.Millisecond
	// readBudget is how long an account is read: less than a turn lasts, so that it can say why it has no account.
	readBudget = turnBudget - time.Second
	// readAtOnce is how many accounts are read at the same time.
	readAtOnce = 16
)

// hold has the accounts of an attempt, none of which can begin another turn meanwhile.
type hold struct {
	ids      []bank.AccountID // all of them, also the late ones, sorted: what a turn does follows from that, not from luck
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
	h.ids = slices.Compact(ids)
	for _, id := range h.ids {
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

// patience ends when the turn has waited long enough: as long as a turn may last, where nothing else of it waits. It
// does not end with ctx: what the turn does next finds out about that.
func (c *clearing) patience(ctx context.Context, long time.Duration) (context.Context, context.CancelFunc) {
	if !c.shared() {
		long = turnBudget
	}
	return context.WithTimeout(context.WithoutCancel(ctx), long)
}

// shared reports whether commands of several requests may be in the turn.
func (c *clearing) shared() bool { return len(c.of) > 1 && !c.batch.Atomic && !c.batch.DryRun }

// read reads the accounts that are not in memory, as long as patience lasts. An account that takes longer is read on
// in the background and then let go.
func (h *hold) read(ctx, patience context.Context) {
	slots := make(chan struct{}, readAtOnce)
	reading := make(map[bank.AccountID]chan error)
	for _, id := range h.ids {
		a := h.accounts[id]
		if a == nil || a.loaded {
			continue
		}
		done := make(chan error, 1)
		reading[id] = done
		go func() {
			slots <- struct{}{}
			defer func() { <-slots }()
			ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), readBudget)
			defer cancel()
			done <- a.load(ctx)
		}()
	}
	for _, id := range h.ids {
		a, done := h.accounts[id], reading[id]
		if done == nil {
			continue
		}
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

// eachOf does something for accounts, at most readAtOnce at the same time. Its error is that of the first one that
// failed, in their order.
func eachOf(ids []bank.AccountID, do func(bank.AccountID) error) error {
	var doing errgroup.Group
	doing.SetLimit(readAtOnce)
	failures := make([]error, len(ids))
	for n, id := range ids {
		doing.Go(func() error {
			failures[n] = do(id)
			return nil
		})
	}
	_ = doing.Wait() // the failures are in their places
	return cmp.Or(failures...)
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
		first := slices.IndexFunc(c.parties[i], func(id bank.AccountID) bool { return h.late[id] != nil })
		if first < 0 {
			continue
		}
		id := c.parties[i][first]
		err := h.late[id]
		switch {
		case errors.Is(err, errUnreadable) && !c.batch.Atomic:
			answers[i] = contract.Outcome{Status: contract.Unavailable, Reason: fmt.Sprintf("%s: %v", id, err)}
		case errors.Is(err, errBusy) && c.shared():
			answers[i] = contract.Outcome{Status: contract.Late, Reason: fmt.Sprintf("%s: %v", id, err)}
		default:
			failure = cmp.Or(failure, err)
		}
	}
	c.close(answers)
	if failure == nil && len(answers) > 0 {
		failure = errParty // go on with the others, whose window has changed
	}
	return failure
}
