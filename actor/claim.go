package actor

import (
	"context"
	"errors"
	"fmt"

	"corebank/internal/bank"
	"corebank/internal/contract"
	"corebank/internal/logclient"
)

// settleClaim makes sure that the account may have the external id that it is opened with; a dry run only looks. The
// account that appends its claim first has the id permanently: also one whose opening got lost right after, until the
// same request opens it. If another account has the id, the turn learns that and the error is errTaken.
func (a *account) settleClaim(ctx context.Context, t *turn, d *decision) error {
	var c claim
	var err error
	if t.batch.DryRun {
		c, err = a.readClaim(ctx, bank.NewClaimID(d.claim.ExternalID))
	} else {
		c, err = a.makeClaim(ctx, d)
	}
	if err != nil {
		return err
	}
	if c.holder != "" && c.holder != a.id {
		if t.taken == nil {
			t.taken = make(map[string]bank.AccountID)
		}
		t.taken[d.claim.ExternalID] = c.holder
		return errTaken
	}
	if !t.batch.DryRun {
		d.records[d.opening].After = c.position
	}
	return nil
}

// claim says which account has an external id, "" for none, and where the log has that: nil where the log has only one
// partition.
type claim struct {
	state    bank.Account // of the claim's stream
	holder   bank.AccountID
	position *contract.PartitionPosition
}

// makeClaim appends the account's claim, unless another claim is there.
func (a *account) makeClaim(ctx context.Context, d *decision) (claim, error) {
	stream := bank.NewClaimID(d.claim.ExternalID)
	c, err := a.appendClaim(ctx, bank.Account{ID: stream}, d)
	if !errors.Is(err, errLostClaim) {
		return c, err
	}
	if c, err = a.readClaim(ctx, stream); err != nil || c.holder != "" {
		return c, err
	}
	return a.appendClaim(ctx, c.state, d)
}

// readClaim reads the stream of a claim. It can hold more than the claim: somebody who worked out its id may have sent
// money there, which was rejected.
func (a *account) readClaim(ctx context.Context, stream bank.AccountID) (claim, error) {
	c := claim{state: bank.Account{ID: stream}}
	err := logclient.ReadStream(ctx, a.log, stream, 0, func(r contract.Record, partition int) (err error) {
		c.state, err = contract.Fold(c.state, r)
		if c.holder == "" && c.state.Claimant != "" {
			c.holder, c.position = c.state.Claimant, positionIn(partition, r.Position)
		}
		return err
	})
	return c, err
}

// positionIn is a position in a partition; nil where there is only one.
func positionIn(partition int, position int64) *contract.PartitionPosition {
	if partition == 0 {
		return nil
	}
	return &contract.PartitionPosition{Partition: partition, Position: position}
}

// errLostClaim says that the claim's stream has moved, most likely by another claim. Another attempt finds out.
var errLostClaim = errors.New("the stream of the external id has moved on")

// appendClaim appends the account's claim.
func (a *account) appendClaim(ctx context.Context, state bank.Account, d *decision) (claim, error) {
	r := contract.Record{Account: state.ID, Version: state.Version + 1, At: d.now,
		Key: bank.ClaimKey(a.id), Caller: d.records[d.opening].Caller,
		Role: d.records[d.opening].Role, RequestHash: d.records[d.opening].RequestHash}
	if r.At.Before(state.ChangedAt) {
		r.At = state.ChangedAt
	}
	if err := r.SetEvent(*d.claim); err != nil {
		return claim{}, err
	}
	result, err := a.log.Append(ctx,
		contract.Append{Account: state.ID, ExpectedVersion: state.Version, Records: []contract.Record{r}})
	if err != nil {
		return claim{}, fmt.Errorf("%w: claim of an external id: %w", errUnknownOutcome, err)
	}
	switch result.Status {
	case contract.Appended:
		return claim{holder: a.id, position: positionIn(result.Partition, result.FirstPosition)}, nil
	case contract.VersionConflict:
		return claim{}, errLostClaim
	case contract.Overloaded, contract.Halted:
		return claim{}, notAppended(result)
	default:
		return claim{}, fmt.Errorf("%w: claim of an external id: %s", errUnknownOutcome, result.Reason)
	}
}
