package saga

import (
	"context"
	"fmt"
	"log/slog"
	"sync/atomic"
	"time"

	"corebank/internal/bank"
	"corebank/internal/batcher"
	"corebank/internal/contract"
	"corebank/internal/tracing"
)

// Bounds of commands on their way.
const (
	// maxCalls bounds the calls at once to accounts that answer, and
	// maxDoubtful those to accounts that last time did not: they never use up
	// the calls of the others.
	maxCalls    = 64
	maxDoubtful = 16
	// callTimeout is a little more than an actor takes before it gives up.
	callTimeout = 12 * time.Second
	retryMin    = 50 * time.Millisecond
	retryMax    = 5 * time.Second
)

// delivery is a command that is sent to an account until it is answered or
// cancelled.
type delivery struct {
	account   bank.AccountID
	command   contract.Command
	answered  func(contract.Outcome) // Applied, Replayed or Refused
	cancelled atomic.Bool
	span      *tracing.Span
	attempts  int // used only by the call that carries it
}

// cancel ends the attempts. It may be called on nil.
func (d *delivery) cancel() {
	if d != nil {
		d.cancelled.Store(true)
	}
}

// dispatcher sends deliveries to accounts, and tries without end.
type dispatcher struct {
	*batcher.Batcher[*delivery]
	call            batcher.Call
	advanced        func() // called after the answers of a call were passed on
	logger          *slog.Logger
	calls, doubtful chan struct{}
}

func newDispatcher(call batcher.Call, advanced func(), logger *slog.Logger) *dispatcher {
	d := &dispatcher{call: call, advanced: advanced, logger: logger,
		calls: make(chan struct{}, maxCalls), doubtful: make(chan struct{}, maxDoubtful)}
	d.Batcher = batcher.New(batcher.Config[*delivery]{Carry: d.carry, RetryMin: retryMin, RetryMax: retryMax,
		Actor: func(one *delivery) string { return string(one.account) }})
	return d
}

// carry makes one call with what is still wanted, and returns what is still
// open.
func (d *dispatcher) carry(ctx context.Context, actor string, waiting []*delivery, attempt int) []*delivery {
	wanted := waiting[:0]
	for _, one := range waiting {
		if one.cancelled.Load() {
			one.endSpan()
			continue
		}
		wanted = append(wanted, one)
	}
	if len(wanted) == 0 || ctx.Err() != nil {
		return wanted
	}
	slots := d.calls
	if attempt > 0 {
		slots = d.doubtful
	}
	id := bank.AccountID(actor)
	open, err := d.try(ctx, id, wanted, slots)
	if len(open) > 0 && ctx.Err() == nil {
		commands := make([]contract.Command, len(open))
		for i, one := range open {
			commands[i] = one.command
		}
		d.logger.WarnContext(tracing.WithCommands(ctx, commands),
			"an account does not answer the commands of a transfer or hold, trying again", "account", id,
			"commands", len(open), "attempts", attempt+1, "error", err)
	}
	return open
}

// try makes one call, passes on the answers, and returns what is still open.
func (d *dispatcher) try(
	ctx context.Context, id bank.AccountID, deliveries []*delivery, slots chan struct{},
) (open []*delivery, err error) {
	select {
	case slots <- struct{}{}:
		defer func() { <-slots }()
	case <-ctx.Done():
		return deliveries, ctx.Err()
	}
	batch := contract.CommandBatch{Commands: make([]contract.Command, len(deliveries))}
	for i, one := range deliveries {
		batch.Commands[i] = one.command
		one.attempts++
	}
	call, cancel := context.WithTimeout(ctx, callTimeout)
	defer cancel()
	outcomes, err := d.call.Outcomes(call, id, batch)
	if err != nil {
		return deliveries, err
	}
	for i, outcome := range outcomes {
		switch outcome.Status {
		case contract.Applied, contract.Replayed, contract.Refused:
			deliveries[i].end(outcome)
			deliveries[i].answered(outcome)
		default:
			err = fmt.Errorf("%s is %s: %s", deliveries[i].command.Key, outcome.Status, outcome.Reason)
			open = append(open, deliveries[i])
		}
	}
	d.advanced()
	return open, err
}
