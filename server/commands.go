package server

import (
	"context"
	"iter"
	"log/slog"
	"slices"
	"time"

	"corebank/internal/app"
	"corebank/internal/bank"
	"corebank/internal/batcher"
	"corebank/internal/contract"
	"corebank/internal/tracing"
)

// Bounds of commands in flight.
const (
	// maxWaiting bounds the commands that wait for one account, maxAccounts the
	// accounts with commands in flight; more are refused at once.
	maxWaiting  = 2048
	maxAccounts = 10_000
	// maxClearing bounds the events of the commands that wait for one clearing
	// actor, clearingEvents those of one call to it: an append has room for some
	// more, and the answers stay far below what a message may have.
	maxClearing    = 8192
	clearingEvents = 400
	// commandBudget is how long a call to an actor is retried before its outcome
	// counts as unknown.
	commandBudget   = 12 * time.Second
	commandRetryMin = 50 * time.Millisecond
	commandRetryMax = time.Second
)

// Commands sends commands to actors: those on which one account decides to the
// account's, and all others to a clearing actor.
type Commands struct {
	call               batcher.Call
	clear              batcher.Clearing
	accounts, clearing *batcher.Batcher[*submission]
}

// submission is what one request executes, or a part of that: a command, or several
// that stay together.
type submission struct {
	actor string
	// batch has no accounts on the way to an account's actor.
	batch  contract.ClearingBatch
	events int  // that it may become
	alone  bool // it shares no call
	answer chan []contract.Outcome
}

// NewCommands sends commands through call, and those that may concern several
// accounts through clear.
func NewCommands(call batcher.Call, clear batcher.Clearing) *Commands {
	c := &Commands{call: call, clear: clear}
	actor := func(s *submission) string { return s.actor }
	c.accounts = batcher.New(batcher.Config[*submission]{Actor: actor, Carry: c.carry, Detached: true,
		Share: sharing, MaxActors: maxAccounts, MaxWaiting: maxWaiting})
	c.clearing = batcher.New(batcher.Config[*submission]{Actor: actor, Carry: c.carryTogether, Detached: true,
		Share: sharing, MaxWaiting: maxClearing, Size: func(s *submission) int { return s.events }})
	return c
}

// Execute sends a command and waits for its outcome. If ctx ends first, the
// outcome is unknown.
func (c *Commands) Execute(ctx context.Context, id bank.AccountID,
	command contract.Command) (contract.Outcome, error) {
	commands := contract.CommandBatch{Commands: []contract.Command{command}}
	way, kind, s := c.accounts, contract.ActorType, newSubmission(string(id), contract.ClearingBatch{Batch: commands})
	if command.Together() {
		way, kind, s.actor, s.batch.Accounts = c.clearing, contract.ClearingType, contract.ClearingActor(id),
			[]bank.AccountID{id}
	}
	ctx, call := startCall(ctx, kind, commands.Commands)
	_ = send(ctx, way, s)
	outcomes := s.outcomes(ctx)
	endCall(call, outcomes)
	return outcomes[0], nil
}

// ExecuteBatch is Execute for several commands, each of the account with its
// index. They are executed in their order, and it returns one outcome for each.
// Batches that are atomic, dry runs or for one account's actor share no call.
func (c *Commands) ExecuteBatch(ctx context.Context, batch contract.ClearingBatch) ([]contract.Outcome, error) {
	if err := batch.Check(); err != nil {
		return nil, err
	}
	id, one := batch.Alone()
	kind := contract.ClearingType
	if one {
		kind = contract.ActorType
	}
	batch.Batch.Commands = slices.Clone(batch.Batch.Commands)
	ctx, call := startCall(ctx, kind, batch.Batch.Commands)
	outcomes := c.executeBatch(ctx, batch, id, one)
	endCall(call, outcomes)
	return outcomes, nil
}

// executeBatch sends a batch to the actor of the one account that it is for, or to a
// clearing actor.
func (c *Commands) executeBatch(ctx context.Context, batch contract.ClearingBatch, id bank.AccountID,
	one bool) []contract.Outcome {
	actor := contract.ClearingActor(batch.Accounts[0])
	if one {
		s := newSubmission(string(id), contract.ClearingBatch{Batch: batch.Batch})
		s.alone = true
		_ = send(ctx, c.accounts, s)
		return s.outcomes(ctx)
	}
	if batch.Batch.Atomic || batch.Batch.DryRun {
		s := newSubmission(actor, batch)
		s.alone = true
		_ = send(ctx, c.clearing, s)
		return s.outcomes(ctx)
	}
	var parts []*submission
	var full error
	for len(batch.Accounts) > 0 {
		n := fitting(batch.Batch.Commands)
		s := newSubmission(actor, contract.ClearingBatch{Accounts: batch.Accounts[:n:n],
			Batch: contract.CommandBatch{Commands: batch.Batch.Commands[:n:n]}})
		if full == nil {
			full = send(ctx, c.clearing, s)
		} else { // it must not happen without what comes before it
			s.refuse(full)
		}
		parts = append(parts, s)
		batch.Accounts, batch.Batch.Commands = batch.Accounts[n:], batch.Batch.Commands[n:]
	}
	outcomes := make([]contract.Outcome, 0, contract.MaxCommands)
	for _, s := range parts {
		outcomes = append(outcomes, s.outcomes(ctx)...)
	}
	return outcomes
}

func newSubmission(actor string, batch contract.ClearingBatch) *submission {
	s := &submission{actor: actor, batch: batch, answer: make(chan []contract.Outcome, 1)} // room for the one answer
	for _, command := range batch.Batch.Commands {
		s.events += max(command.Most, 1)
	}
	return s
}

// fitting is how many of the commands, at least one, have room in one call.
func fitting(commands []contract.Command) int {
	events := 0
	for n, command := range commands {
		if events += max(command.Most, 1); n > 0 && events > clearingEvents {
			return n
		}
	}
	return len(commands)
}

// sharing is how many of the requests that wait go into the next call.
func sharing(waiting []*submission) int {
	commands, events := 0, 0
	for n, s := range waiting {
		commands, events = commands+len(s.batch.Batch.Commands), events+s.events
		if n > 0 && (s.alone || waiting[0].alone || commands > contract.MaxCommands || events > clearingEvents) {
			return n
		}
	}
	return len(waiting)
}

// send lets a request wait for its call. One that cannot is answered.
func send(ctx context.Context, way *batcher.Batcher[*submission], s *submission) error {
	err := way.Add(ctx, s)
	if err != nil {
		s.refuse(err)
	}
	return err
}

func (s *submission) refuse(why error) {
	s.answer <- s.repeated(contract.Outcome{Status: contract.Unavailable, Reason: why.Error()})
}

// outcomes waits for the answer.
func (s *submission) outcomes(ctx context.Context) []contract.Outcome {
	select {
	case outcomes := <-s.answer:
		return outcomes
	case <-ctx.Done():
		return s.repeated(contract.Outcome{Status: contract.Unknown, Reason: "the caller left"})
	}
}

// repeated is the same outcome for all of its commands.
func (s *submission) repeated(outcome contract.Outcome) []contract.Outcome {
	return slices.Repeat([]contract.Outcome{outcome}, len(s.batch.Batch.Commands))
}

// carry calls an account's actor and gives each request its outcomes.
func (c *Commands) carry(ctx context.Context, actor string, together []*submission, _ int) (again []*submission) {
	outcomes, _ := try(ctx, actor, merged(together),
		func(ctx context.Context, _ string, batch contract.ClearingBatch) ([]contract.Outcome, error) {
			return c.call.Outcomes(ctx, bank.AccountID(actor), batch.Batch)
		})
	for s, part := range parts(together, outcomes) {
		s.answer <- part
	}
	return nil
}

// carryTogether is carry for a clearing actor.
func (c *Commands) carryTogether(ctx context.Context, actor string, together []*submission, _ int) []*submission {
	outcomes, doubt := try(ctx, actor, merged(together), c.clear.Outcomes)
	for s, part := range parts(together, outcomes) {
		if slices.ContainsFunc(part, isLate) {
			go c.sendLate(context.WithoutCancel(ctx), s, part, doubt)
			continue
		}
		s.answer <- part
	}
	return nil
}

func isLate(o contract.Outcome) bool { return o.Status == contract.Late }

// sendLate sends the commands again whose accounts took too long for those with which
// they shared a call: one after the other, each in a call of its own to an actor that
// nothing else waits for.
func (c *Commands) sendLate(ctx context.Context, s *submission, outcomes []contract.Outcome, doubt bool) {
	for i, o := range outcomes {
		if !isLate(o) {
			continue
		}
		id := s.batch.Accounts[i]
		one := newSubmission(string(id), contract.ClearingBatch{Accounts: []bank.AccountID{id},
			Batch: contract.CommandBatch{Commands: s.batch.Batch.Commands[i : i+1 : i+1]}})
		one.alone = true
		_ = send(ctx, c.clearing, one)
		answer := one.outcomes(ctx)
		if isLate(answer[0]) {
			answer[0] = contract.Outcome{Status: contract.Unavailable, Reason: answer[0].Reason}
		}
		if doubt {
			doubtDenials(answer)
		}
		outcomes[i] = answer[0]
	}
	s.answer <- outcomes
}

// merged is the batch of a call: either one request that is alone, or several that
// are neither atomic nor dry runs.
func merged(together []*submission) contract.ClearingBatch {
	batch := together[0].batch
	if len(together) == 1 {
		return batch
	}
	batch.Accounts, batch.Batch.Commands = nil, nil
	for _, s := range together {
		batch.Accounts = append(batch.Accounts, s.batch.Accounts...)
		batch.Batch.Commands = append(batch.Batch.Commands, s.batch.Batch.Commands...)
	}
	return batch
}

// try calls the actor until it answers or the time is up. It reports whether an
// earlier call may have taken effect, or may still do so.
func try(ctx context.Context, actor string, batch contract.ClearingBatch,
	call func(context.Context, string, contract.ClearingBatch) ([]contract.Outcome, error),
) (outcomes []contract.Outcome, doubt bool) {
	ctx, cancel := context.WithTimeout(ctx, commandBudget)
	defer cancel()
	for pause := commandRetryMin; ; pause = min(2*pause, commandRetryMax) {
		outcomes, err := call(ctx, actor, batch)
		if err == nil {
			if doubt && !batch.Batch.DryRun {
				doubtDenials(outcomes)
			}
			return outcomes, doubt
		}
		doubt = true
		slog.WarnContext(tracing.WithCommands(ctx, batch.Batch.Commands), "call to an actor failed; retrying",
			"actor", actor, "error", err)
		if !app.Pause(ctx, pause) {
			return nil, doubt
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

// parts are the outcomes of each request; without any, they are unknown.
func parts(together []*submission, outcomes []contract.Outcome) iter.Seq2[*submission, []contract.Outcome] {
	return func(yield func(*submission, []contract.Outcome) bool) {
		for _, s := range together {
			part := s.repeated(contract.Outcome{Status: contract.Unknown, Reason: "the actor did not answer in time"})
			if n := len(part); outcomes != nil {
				part, outcomes = outcomes[:n:n], outcomes[n:]
			}
			if !yield(s, part) {
				return
			}
		}
	}
}
