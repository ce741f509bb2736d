package server

import (
	"context"
	"fmt"
	"log/slog"
	"slices"
	"sync"
	"time"

	"corebank/internal/app"
	"corebank/internal/bank"
	"corebank/internal/contract"
)

// Bounds of commands on their way.
const (
	// maxWaiting bounds the commands that wait for one account, maxAccounts
	// the accounts with commands on their way; more are refused at once.
	maxWaiting  = 2048
	maxAccounts = 10_000
	// commandBudget is how long a call to an actor is tried before its outcome
	// counts as unknown.
	commandBudget    = 12 * time.Second
	commandRetry     = 50 * time.Millisecond
	commandRetryMost = time.Second
)

// callActor gives an account's actor a turn.
type callActor func(ctx context.Context, id bank.AccountID, batch contract.CommandBatch) (contract.CommandReply, error)

// Commands carries commands to actors: one call per account at a time, and
// what arrives meanwhile shares the next one.
type Commands struct {
	call callActor

	mu    sync.Mutex
	lines map[bank.AccountID]*line
}

// line is what waits for one account. It exists while a call is under way.
type line struct{ waiting []*sent }

// sent is what one request wants done: one command, which may share a call
// with others, or a batch that is carried as it is.
type sent struct {
	batch  contract.CommandBatch
	alone  bool
	answer chan []contract.Outcome // has room for the one answer
}

// NewCommands carries commands through call.
func NewCommands(call callActor) *Commands {
	return &Commands{call: call, lines: make(map[bank.AccountID]*line)}
}

// Execute waits for the command's outcome. When ctx ends first, that is that
// the outcome is unknown.
func (c *Commands) Execute(ctx context.Context, id bank.AccountID, command contract.Command) (contract.Outcome, error) {
	outcomes := c.wait(ctx, id, &sent{batch: contract.CommandBatch{Commands: []contract.Command{command}}})
	return outcomes[0], nil
}

// ExecuteBatch is Execute for a batch that is not to be mixed with other
// commands. It returns one outcome for each of its 1 to contract.MaxCommands
// commands.
func (c *Commands) ExecuteBatch(ctx context.Context, id bank.AccountID, batch contract.CommandBatch) ([]contract.Outcome, error) {
	if n := len(batch.Commands); n < 1 || n > contract.MaxCommands {
		return nil, fmt.Errorf("a batch of %d commands; want 1 to %d", n, contract.MaxCommands)
	}
	return c.wait(ctx, id, &sent{batch: batch, alone: true}), nil
}

func (c *Commands) wait(ctx context.Context, id bank.AccountID, s *sent) []contract.Outcome {
	s.answer = make(chan []contract.Outcome, 1)
	if reason := c.enqueue(ctx, id, s); reason != "" {
		return alike(len(s.batch.Commands), contract.Outcome{Status: contract.Unavailable, Reason: reason})
	}
	select {
	case outcomes := <-s.answer:
		return outcomes
	case <-ctx.Done():
		return alike(len(s.batch.Commands), contract.Outcome{Status: contract.Unknown, Reason: "the caller left"})
	}
}

// alike is the same outcome for n commands.
func alike(n int, outcome contract.Outcome) []contract.Outcome {
	return slices.Repeat([]contract.Outcome{outcome}, n)
}

// enqueue adds to the account's line, and begins one if there is none. It says
// why it cannot.
func (c *Commands) enqueue(ctx context.Context, id bank.AccountID, s *sent) (reason string) {
	c.mu.Lock()
	defer c.mu.Unlock()
	l := c.lines[id]
	if l == nil {
		if len(c.lines) >= maxAccounts {
			return "too many accounts have commands on their way"
		}
		l = &line{}
		c.lines[id] = l
		// The call outlives the request that began it: others share it.
		go c.carry(context.WithoutCancel(ctx), id, l)
	}
	if len(l.waiting) >= maxWaiting {
		return "too many commands wait for this account"
	}
	l.waiting = append(l.waiting, s)
	return ""
}

// carry makes calls for one account until nothing waits.
func (c *Commands) carry(ctx context.Context, id bank.AccountID, l *line) {
	for {
		together := c.next(id, l)
		if len(together) == 0 {
			return
		}
		c.deliver(together, c.try(ctx, id, together))
	}
}

// next takes what waits, as far as it fits into one call, and ends the line
// when that is nothing. A batch that is to be alone is.
func (c *Commands) next(id bank.AccountID, l *line) []*sent {
	c.mu.Lock()
	defer c.mu.Unlock()
	n := 0
	for n < len(l.waiting) && n < contract.MaxCommands && (n == 0 || !l.waiting[0].alone && !l.waiting[n].alone) {
		n++
	}
	if n == 0 {
		delete(c.lines, id)
		return nil
	}
	together := l.waiting[:n:n]
	l.waiting = l.waiting[n:]
	return together
}

// try calls the actor until it answers or the time is up.
func (c *Commands) try(ctx context.Context, id bank.AccountID, together []*sent) []contract.Outcome {
	ctx, cancel := context.WithTimeout(ctx, commandBudget)
	defer cancel()
	batch := together[0].batch // and with it whether it is atomic or a dry run
	batch.Commands = nil
	for _, s := range together {
		batch.Commands = append(batch.Commands, s.batch.Commands...)
	}
	doubt := false // an earlier call may have taken effect, or may yet
	for pause := commandRetry; ; pause = min(2*pause, commandRetryMost) {
		reply, err := c.call(ctx, id, batch)
		if err == nil && len(reply.Outcomes) == len(batch.Commands) {
			if doubt && !batch.DryRun {
				doubtDenials(reply.Outcomes)
			}
			return reply.Outcomes
		}
		doubt = true
		if err == nil {
			err = fmt.Errorf("the actor answered %d of %d commands", len(reply.Outcomes), len(batch.Commands))
		}
		slog.Warn("call to an actor failed, trying again", "account", id, "error", err)
		if !app.Pause(ctx, pause) {
			return nil
		}
	}
}

// doubtDenials makes unknown what a call says did not happen, because an
// earlier call with the same commands got lost, and may still be on its way to
// an actor that decides otherwise. What is in the log stays there.
func doubtDenials(outcomes []contract.Outcome) {
	for i, o := range outcomes {
		if o.Status == contract.Refused || o.Status == contract.NotTried || o.Status == contract.Unavailable {
			outcomes[i] = contract.Outcome{Status: contract.Unknown,
				Reason: "an earlier call to the actor got lost; a later one said " + string(o.Status)}
		}
	}
}

// deliver hands each request its outcomes; without any, they are unknown.
func (c *Commands) deliver(together []*sent, outcomes []contract.Outcome) {
	for _, s := range together {
		n := len(s.batch.Commands)
		if outcomes == nil {
			s.answer <- alike(n, contract.Outcome{Status: contract.Unknown, Reason: "the actor did not answer in time"})
			continue
		}
		s.answer <- outcomes[:n:n]
		outcomes = outcomes[n:]
	}
}
