package actor

import (
	"context"
	"errors"
	"fmt"

	"corebank/internal/bank"
	"corebank/internal/contract"
	"corebank/internal/logclient"
)

// claimed makes sure that the account may have the external id that a turn
// opens it with; a dry run only looks. Whoever appends the claim first has the
// id, for ever: also an account whose opening got lost right after, until the
// same request opens it. If another account has it, the turn is decided again
// with that.
func (a *account) claimed(ctx context.Context, batch contract.CommandBatch, known recalled, t turn) (turn, error) {
	settle := a.makeClaim
	if batch.DryRun {
		settle = a.lookForClaim
	}
	c, err := settle(ctx, t)
	if err != nil {
		return t, err
	}
	if c.holder != "" && c.holder != a.id {
		return a.decide(ctx, batch, known, taken{t.claim.ExternalID: c.holder})
	}
	if !batch.DryRun {
		t.records[t.opening].After = c.place
	}
	return t, nil
}

// claim is who has an external id, "" for nobody, and where the log has that:
// nil where it has only one partition.
type claim struct {
	state  bank.Account // of the claim's stream
	holder bank.AccountID
	place  *contract.PartitionPosition
}

func (a *account) lookForClaim(ctx context.Context, t turn) (claim, error) {
	return a.claims(ctx, bank.NewClaimID(t.claim.ExternalID))
}

// makeClaim is who has the external id, in the end.
func (a *account) makeClaim(ctx context.Context, t turn) (claim, error) {
	stream := bank.NewClaimID(t.claim.ExternalID)
	c, err := a.appendClaim(ctx, bank.Account{ID: stream}, t)
	if !errors.Is(err, errLostClaim) {
		return c, err
	}
	if c, err = a.claims(ctx, stream); err != nil || c.holder != "" {
		return c, err
	}
	return a.appendClaim(ctx, c.state, t)
}

// claims reads the stream of a claim. It can hold more than the claim: money
// may have been sent there, and rejected, by somebody who worked its id out.
func (a *account) claims(ctx context.Context, stream bank.AccountID) (claim, error) {
	c := claim{state: bank.Account{ID: stream}}
	err := logclient.ReadStream(ctx, a.log, stream, 0, func(r contract.Record, partition int) (err error) {
		c.state, err = contract.Fold(c.state, r)
		if c.holder == "" && c.state.Claimant != "" {
			c.holder, c.place = c.state.Claimant, placeOf(partition, r.Position)
		}
		return err
	})
	return c, err
}

// placeOf is a position in a partition; nil where there is only one.
func placeOf(partition int, position int64) *contract.PartitionPosition {
	if partition == 0 {
		return nil
	}
	return &contract.PartitionPosition{Partition: partition, Position: position}
}

// errLostClaim says that the claim's stream has moved: by another claim, most
// likely. Another attempt finds out.
var errLostClaim = errors.New("the stream of the external id has moved on")

// appendClaim is the account's claim when it is durable.
func (a *account) appendClaim(ctx context.Context, state bank.Account, t turn) (claim, error) {
	r := contract.Record{Account: state.ID, Version: state.Version + 1, At: t.now,
		Key: bank.ClaimKey(a.id), Caller: t.records[t.opening].Caller,
		Role: t.records[t.opening].Role, RequestHash: t.records[t.opening].RequestHash}
	if r.At.Before(state.ChangedAt) {
		r.At = state.ChangedAt
	}
	if err := r.SetEvent(*t.claim); err != nil {
		return claim{}, err
	}
	result, err := a.log.Append(ctx, contract.Append{Account: state.ID, ExpectedVersion: state.Version, Records: []contract.Record{r}})
	if err != nil {
		return claim{}, fmt.Errorf("%w: claim of an external id: %w", errUnknownOutcome, err)
	}
	switch result.Status {
	case contract.Appended:
		return claim{holder: a.id, place: placeOf(result.Partition, result.FirstPosition)}, nil
	case contract.VersionConflict:
		return claim{}, errLostClaim
	case contract.Overloaded:
		return claim{}, fmt.Errorf("%w: %s", errNotTaken, result.Reason)
	case contract.Halted:
		return claim{}, fmt.Errorf("%w: %s", errHalted, result.Reason)
	default:
		return claim{}, fmt.Errorf("%w: claim of an external id: %s", errUnknownOutcome, result.Reason)
	}
}
