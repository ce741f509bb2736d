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
	return outcomes(batch, reply, err)
}

// Clearing gives a clearing actor a turn. Any of them can take any batch: which one
// does only decides what waits for what.
type Clearing func(ctx context.Context, actor string, batch contract.ClearingBatch) (contract.CommandReply, error)

// RemoteClearing is Remote for clearing actors.
func RemoteClearing(sidecar *app.Sidecar) Clearing {
	return func(ctx context.Context, actor string, batch contract.ClearingBatch) (contract.CommandReply, error) {
		var reply contract.CommandReply
		err := sidecar.CallActor(ctx, contract.ClearingType, actor, contract.MethodExecute, batch, &reply)
		return reply, err
	}
}

// Outcomes makes the call. It fails unless the reply has one outcome for each
// command.
func (call Clearing) Outcomes(
	ctx context.Context, actor string, batch contract.ClearingBatch,
) ([]contract.Outcome, error) {
	reply, err := call(ctx, actor, batch)
	return outcomes(batch.Batch, reply, err)
}

func outcomes(batch contract.CommandBatch, reply contract.CommandReply, err error) ([]contract.Outcome, error) {
	if err == nil && len(reply.Outcomes) != len(batch.Commands) {
		err = fmt.Errorf("the actor answered %d of %d commands", len(reply.Outcomes), len(batch.Commands))
	}
	return reply.Outcomes, err
}
