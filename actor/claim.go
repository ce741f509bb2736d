package actor

import (
	"context"
	"errors"
	"fmt"

	"corebank/internal/bank"
	"corebank/internal/contract"
)

// claimed makes sure that the account may have the external id that a turn
// opens it with; a dry run only looks. Whoever appends the claim first has the
// id, for ever: also an account whose opening got lost right after, until the
// same request opens it. If another account has it, the turn is decided again
// with that.
func (a *account) claimed(ctx context.Context, batch contract.CommandBatch, t turn) (turn, error) {
	settle := a.makeClaim
	if batch.DryRun {
		settle = a.lookForClaim
	}
	holder, err := settle(ctx, t)
	if err != nil || holder == "" || holder == a.id {
		return t, err
	}
	return a.decide(ctx, batch, taken{t.claim.ExternalID: holder})
}

func (a *account) lookForClaim(ctx context.Context, t turn) (bank.AccountID, error) {
	state, err := a.claims(ctx, bank.NewClaimID(t.claim.ExternalID))
	return state.Claimant, err
}

// makeClaim is who has the external id, in the end.
func (a *account) makeClaim(ctx context.Context, t turn) (bank.AccountID, error) {
	state := bank.Account{ID: bank.NewClaimID(t.claim.ExternalID)}
	err := a.appendClaim(ctx, state, t)
	if !errors.Is(err, errLostClaim) {
		return a.id, err
	}
	if state, err = a.claims(ctx, state.ID); err != nil || state.Claimant != "" {
		return state.Claimant, err
	}
	return a.id, a.appendClaim(ctx, state, t)
}

// claims reads the stream of a claim. It can hold more than the claim: money
// may have been sent there, and rejected, by somebody who worked its id out.
func (a *account) claims(ctx context.Context, stream bank.AccountID) (bank.Account, error) {
	state := bank.Account{ID: stream}
	err := readStream(ctx, a.log, stream, 0, func(r contract.Record) (err error) {
		state, err = contract.Fold(state, r)
		return err
	})
	return state, err
}

// errLostClaim says that the claim's stream has moved: by another claim, most
// likely. Another attempt finds out.
var errLostClaim = errors.New("the stream of the external id has moved on")

// appendClaim is nil when the claim is durable.
func (a *account) appendClaim(ctx context.Context, state bank.Account, t turn) error {
	r := contract.Record{Account: state.ID, Version: state.Version + 1, At: t.now,
		Key: bank.ClaimKey(a.id), Caller: t.records[t.opening].Caller,
		Role: t.records[t.opening].Role, RequestHash: t.records[t.opening].RequestHash}
	if r.At.Before(state.ChangedAt) {
		r.At = state.ChangedAt
	}
	if err := r.SetEvent(*t.claim); err != nil {
		return err
	}
	result, err := a.log.Append(ctx, contract.Append{Account: state.ID, ExpectedVersion: state.Version, Records: []contract.Record{r}})
	if err != nil {
		return fmt.Errorf("%w: claim of an external id: %w", errUnknownOutcome, err)
	}
	switch result.Status {
	case contract.Appended:
		return nil
	case contract.VersionConflict:
		return errLostClaim
	case contract.Overloaded:
		return fmt.Errorf("%w: %s", errNotTaken, result.Reason)
	case contract.Halted:
		return fmt.Errorf("%w: %s", errHalted, result.Reason)
	default:
		return fmt.Errorf("%w: claim of an external id: %s", errUnknownOutcome, result.Reason)
	}
}
