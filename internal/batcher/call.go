package batcher

import (
	"context"
	"fmt"

	"corebank/internal/app"
	"corebank/internal/bank"
	"corebank/internal/contract"
)

// Call gives an account's actor a turn.
type Call func(ctx context.Context, id bank.AccountID, batch contract.CommandBatch) (contract.CommandReply, error)

// Remote makes calls through the sidecar, wherever Dapr has placed the actor.
func Remote(sidecar *app.Sidecar) Call {
	return func(ctx context.Context, id bank.AccountID, batch contract.CommandBatch) (contract.CommandReply, error) {
		var reply contract.CommandReply
		err := sidecar.CallActor(ctx, contract.ActorType, string(id), contract.MethodExecute, batch, &reply)
		return reply, err
	}
}

// Outcomes makes the call. It fails unless the reply has one outcome for each
// command.
func (call Call) Outcomes(
	ctx context.Context, id bank.AccountID, batch contract.CommandBatch,
) ([]contract.Outcome, error) {
	reply, err := call(ctx, id, batch)
	if err == nil && len(reply.Outcomes) != len(batch.Commands) {
		err = fmt.Errorf("the actor answered %d of %d commands", len(reply.Outcomes), len(batch.Commands))
	}
	return reply.Outcomes, err
}
