package server

import (
	"context"
	"fmt"
	"log/slog"
	"slices"
	"time"

	"corebank/internal/app"
	"corebank/internal/bank"
	"corebank/internal/batcher"
	"corebank/internal/contract"
)

// Bounds of commands in flight.
const (
	// maxWaiting bounds the commands that wait for one account, maxAccounts the
	// accounts with commands in flight; more are refused at once.
	maxWaiting  = 2048
	maxAccounts = 10_000
	// commandBudget is how long a call to an actor is retried before its outcome
	// counts as unknown.
	commandBudget   = 12 * time.Second
	commandRetryMin = 50 * time.Millisecond
	commandRetryMax = time.Second
)

// Commands sends commands to actors.
type Commands struct {
	call    batcher.Call
	batcher *batcher.Batcher[*submission]
}

// submission is what one request executes: one command, which may share a call
// with others, or a batch, which has a call of its own.
type submission struct {
	account bank.AccountID
	batch   contract.CommandBatch
	alone   bool
	answer  chan []contract.Outcome // has room for the one answer
}

// Account implements batcher.Item.
func (s *submission) Account() bank.AccountID { return s.account }

// NewCommands sends commands through call.
func NewCommands(call batcher.Call) *Commands {
	c := &Commands{call: call}
	c.batcher = batcher.New(batcher.Config[*submission]{Carry: c.carry, Detached: true,
		Alone: func(s *submission) bool { return s.alone }, MaxAccounts: maxAccounts, MaxWaiting: maxWaiting})
	return c
}

// Execute sends a command and waits for its outcome. If ctx ends first, the
// outcome is unknown.
func (c *Commands) Execute(ctx context.Context, id bank.AccountID,
	command contract.Command) (contract.Outcome, error) {
	batch := contract.CommandBatch{Commands: []contract.Command{command}}
	outcomes := c.wait(ctx, &submission{account: id, batch: batch})
	return outcomes[0], nil
}

// ExecuteBatch is Execute for a batch that must not be mixed with other
// commands. It returns one outcome for each of its 1 to contract.MaxCommands
// commands.
func (c *Commands) ExecuteBatch(ctx context.Context, id bank.AccountID,
	batch contract.CommandBatch) ([]contract.Outcome, error) {
	if n := len(batch.Commands); n < 1 || n > contract.MaxCommands {
		return nil, fmt.Errorf("a batch of %d commands; want 1 to %d", n, contract.MaxCommands)
	}
	return c.wait(ctx, &submission{account: id, batch: batch, alone: true}), nil
}

func (c *Commands) wait(ctx context.Context, s *submission) []contract.Outcome {
	s.answer = make(chan []contract.Outcome, 1)
	if err := c.batcher.Add(ctx, s); err != nil {
		return repeated(len(s.batch.Commands), contract.Outcome{Status: contract.Unavailable, Reason: err.Error()})
	}
	select {
	case outcomes := <-s.answer:
		return outcomes
	case <-ctx.Done():
		return repeated(len(s.batch.Commands), contract.Outcome{Status: contract.Unknown, Reason: "the caller left"})
	}
}

// repeated is the same outcome for n commands.
func repeated(n int, outcome contract.Outcome) []contract.Outcome {
	return slices.Repeat([]contract.Outcome{outcome}, n)
}

// carry calls the actor and gives each request its outcomes.
func (c *Commands) carry(ctx context.Context, id bank.AccountID, together []*submission, _ int) (again []*submission) {
	deliver(together, c.try(ctx, id, together))
	return nil
}

// try calls the actor until it answers or the time is up.
func (c *Commands) try(ctx context.Context, id bank.AccountID, together []*submission) []contract.Outcome {
	ctx, cancel := context.WithTimeout(ctx, commandBudget)
	defer cancel()
	batch := together[0].batch // including whether it is atomic or a dry run
	batch.Commands = nil
	for _, s := range together {
		batch.Commands = append(batch.Commands, s.batch.Commands...)
	}
	doubt := false // whether an earlier call may have taken effect, or may still do so
	for pause := commandRetryMin; ; pause = min(2*pause, commandRetryMax) {
		outcomes, err := c.call.Outcomes(ctx, id, batch)
		if err == nil {
			if doubt && !batch.DryRun {
				doubtDenials(outcomes)
			}
			return outcomes
		}
		doubt = true
		slog.Warn("call to an actor failed; retrying", "account", id, "error", err)
		if !app.Pause(ctx, pause) {
			return nil
		}
	}
}

// doubtDenials makes outcomes unknown that say that nothing happened: an earlier
// call with the same commands got lost, and may still reach an actor that
// decides otherwise. Outcomes that are in the log are certain.
func doubtDenials(outcomes []contract.Outcome) {
	for i, o := range outcomes {
		if o.Status == contract.Refused || o.Status == contract.NotTried || o.Status == contract.Unavailable {
			outcomes[i] = contract.Outcome{Status: contract.Unknown,
				Reason: "an earlier call to the actor got lost; a later one answered " + string(o.Status)}
		}
	}
}

// deliver gives each request its outcomes; without any, they are unknown.
func deliver(together []*submission, outcomes []contract.Outcome) {
	for _, s := range together {
		n := len(s.batch.Commands)
		if outcomes == nil {
			s.answer <- repeated(n, contract.Outcome{Status: contract.Unknown, Reason: "the actor did not answer in time"})
			continue
		}
		s.answer <- outcomes[:n:n]
		outcomes = outcomes[n:]
	}
}
