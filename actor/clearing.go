package actor

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"sync"
	"time"

	"corebank/internal/app"
	"corebank/internal/bank"
	"corebank/internal/contract"
	"corebank/internal/tracing"
)

// clearing is a turn over several accounts. It holds all of them, decides the commands one after the other, each on the
// states that those before it lead to, and appends what they do. Commands that share accounts are appended together;
// others stand or fall alone, and only what conflicted with another host's turn is tried again.
type clearing struct {
	turn
	host     *Host
	of       []bank.AccountID // by command: its own account
	outcomes []contract.Outcome
	open     []int              // the commands without an outcome yet, in order
	unknown  map[int]bool       // those of them that an append with an unknown outcome had
	commands []bank.Command     // by command: decoded; nil for one that is malformed
	parties  [][]bank.AccountID // by command: the accounts that decide on it, as far as they are known

	mu      sync.Mutex
	records map[recordKey]contract.Record // of the log, which earlier attempts have read
}

// recordKey is where a record is.
type recordKey struct {
	account bank.AccountID
	version int64
}

// read is a record of the log. It keeps what it has read until the log may have moved.
func (c *clearing) read(ctx context.Context, id bank.AccountID, version int64) (contract.Record, error) {
	at := recordKey{id, version}
	c.mu.Lock()
	r, read := c.records[at]
	c.mu.Unlock()
	if read {
		return r, nil
	}
	page, err := c.host.log.ReadStream(ctx, contract.ReadStreamRequest{Account: id, AfterVersion: version - 1, Limit: 1})
	if err == nil && (len(page.Records) == 0 || page.Records[0].Version != version) {
		err = errOtherStream
	}
	if err != nil {
		return r, fmt.Errorf("read version %d of %s: %w", version, id, err)
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	c.records[at] = page.Records[0]
	return page.Records[0], nil
}

// clearingRecords is how many records a turn appends before the commands that are left wait for its next attempt. One
// more command may have bank.MaxLegs, all of one account.
const clearingRecords = contract.MaxAppendEvents - bank.MaxLegs

// ExecuteClearing gives a clearing actor a turn: commands that may concern several accounts each.
func (h *Host) ExecuteClearing(ctx context.Context, b contract.ClearingBatch) (contract.CommandReply, error) {
	if err := b.Check(); err != nil {
		return contract.CommandReply{}, err
	}
	spans := traceTurn(contract.ClearingType, b.Batch.Commands)
	began, n := time.Now(), len(b.Accounts)
	c := &clearing{host: h, of: b.Accounts, outcomes: make([]contract.Outcome, n), unknown: make(map[int]bool),
		commands: make([]bank.Command, n), parties: make([][]bank.AccountID, n), records: make(map[recordKey]contract.Record)}
	c.turn = turn{batch: b.Batch, callers: h.callers(ctx, b.Batch.Commands), lookUp: b.Batch.DryRun, spans: spans,
		now: h.clock().UTC().Truncate(time.Microsecond)}
	for i, command := range b.Batch.Commands {
		c.open = append(c.open, i)
		c.parties[i] = []bank.AccountID{b.Accounts[i]}
		decoded, err := command.Decode()
		if err != nil {
			continue // it is refused as malformed
		}
		c.commands[i] = decoded
		named := bank.Parties(decoded, bank.Account{ID: b.Accounts[i]}, bank.Circumstances{})
		if len(named) > 0 {
			c.parties[i] = named
		}
	}
	c.execute(tracing.WithCommands(ctx, b.Batch.Commands))
	spans.end(c.outcomes)
	h.metrics.answered(b.Batch, c.outcomes, began)
	return contract.CommandReply{Outcomes: c.outcomes}, nil
}

// execute makes attempts until all commands have outcomes.
func (c *clearing) execute(ctx context.Context) {
	ctx, cancel := context.WithTimeout(ctx, turnBudget)
	defer cancel()
	if refusal := c.apart(); refusal != nil {
		c.refuseAll(refusal)
	}
	for pause := retryMin; len(c.open) > 0; {
		err := c.attempt(ctx)
		if again(err) && ctx.Err() == nil {
			pause = retryMin
			continue
		}
		if again(err) {
			err = ctx.Err() // the time is over with nothing wrong so far
		}
		clear(c.records)
		if errors.Is(err, errHalted) || errors.Is(err, errUnreadable) || !app.Pause(ctx, pause) {
			slog.WarnContext(ctx, "turn over several accounts gave up", "commands", len(c.open), "error", err)
			c.giveUp(err)
		}
		pause = min(2*pause, retryMax)
	}
}

// again reports whether another attempt is to be made at once.
func again(err error) bool {
	return err == nil || errors.Is(err, errTaken) || errors.Is(err, errForgotten) || errors.Is(err, errParty)
}

// apart refuses an atomic batch over accounts that no append can write to together.
func (c *clearing) apart() *bank.Refusal {
	if !c.batch.Atomic {
		return nil
	}
	for _, id := range c.of {
		if !c.host.together(c.of[0], id) {
			return bank.RefuseApart("items")
		}
	}
	return nil
}

// together reports whether one append can write to both accounts.
func (h *Host) together(a, b bank.AccountID) bool {
	return contract.PartitionOf(a, h.partitions) == contract.PartitionOf(b, h.partitions)
}

// refuseAll refuses an atomic batch because of its first command.
func (c *clearing) refuseAll(refusal *bank.Refusal) {
	copy(c.outcomes, all(len(c.outcomes), contract.Outcome{Status: contract.NotTried}))
	c.outcomes[0] = refused(refusal)
	c.open = nil
}

// giveUp answers the commands that are open when the turn cannot go on.
func (c *clearing) giveUp(err error) {
	for _, i := range c.open {
		status := contract.Unavailable
		if c.unknown[i] {
			status = contract.Unknown
		}
		c.outcomes[i] = contract.Outcome{Status: status, Reason: err.Error()}
	}
	c.open = nil
}

// errParty asks for an attempt that holds one more account, at once.
var errParty = errors.New("a command concerns an account that the turn does not hold")

// attempt is the way of the open commands, as many as fit into one append. Those that have outcomes are not open
// afterwards. An error means that the others are to be tried again.
func (c *clearing) attempt(ctx context.Context) error {
	window := c.window()
	h, err := c.hold(ctx, window)
	defer h.release()
	if err != nil {
		return err
	}
	d, err := c.begin(ctx, window, h)
	if err != nil {
		return err
	}
	if err := d.decideAll(); err != nil {
		return err
	}
	if err := d.settleClaims(ctx); err != nil {
		return err
	}
	return d.conclude(ctx)
}

// window are the open commands of one attempt: as many as an append has room for, or all of an atomic batch.
func (c *clearing) window() []int {
	records := 0
	for n, i := range c.open {
		if records += 2 * len(c.parties[i]); records > clearingRecords && n > 0 && !c.batch.Atomic && !c.batch.DryRun {
			return c.open[:n]
		}
	}
	return c.open
}

// close gives a command its outcome.
func (c *clearing) close(outcome map[int]contract.Outcome) {
	open := c.open[:0:0]
	for _, i := range c.open {
		if o, closed := outcome[i]; closed {
			if c.unknown[i] && (o.Status == contract.Late || o.Status == contract.Unavailable) {
				o.Status = contract.Unknown // an earlier attempt may have taken effect
			}
			c.outcomes[i] = o
		} else {
			open = append(open, i)
		}
	}
	c.open = open
}

// tooLarge refuses an atomic batch that no append has room for.
func tooLarge(reason string) *bank.Refusal {
	return bank.RefuseInput("items", fmt.Sprintf("must fit into one append, and have %s; send fewer together", reason))
}
