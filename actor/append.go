package actor

import (
	"context"
	"fmt"

	"corebank/internal/contract"
)

// append makes what was decided durable, if it was decided on the newest state.
func (a *account) append(ctx context.Context, d *decision, checkKeys bool) ([]contract.Outcome, error) {
	request := contract.Append{Account: a.id, ExpectedVersion: a.state.Version, CheckKeys: checkKeys,
		TurnsBack: d.turnsBack, Records: d.records}
	spans := d.spans.append(&request, d.places())
	result, err := a.log.Append(ctx, request)
	spans.end(result, err)
	if err != nil {
		a.forget()
		return nil, fmt.Errorf("%w: %w", errUnknownOutcome, err)
	}
	switch result.Status {
	case contract.Appended:
		for i := range d.records {
			d.records[i].Position = result.FirstPosition + int64(i)
		}
		a.accept(d)
		return d.outcomes, nil
	case contract.VersionConflict:
		a.forget()
		return nil, fmt.Errorf("%w: %s", a.whoWon(ctx, d), result.Reason)
	case contract.KeysUsed:
		return nil, fmt.Errorf("%w: %w", errPerhapsOurs, errForgotten)
	case contract.AppendInvalid:
		return all(len(d.outcomes), contract.Outcome{Status: contract.Invalid, Reason: result.Reason}), nil
	case contract.Overloaded, contract.Halted:
		return nil, notAppended(result)
	default:
		a.forget()
		return nil, fmt.Errorf("%w: %s", errUnknownOutcome, result.Reason)
	}
}

// whoWon is why the stream has moved on. It raises doubt unless the event that an append met is that of another
// command.
func (a *account) whoWon(ctx context.Context, d *decision) error {
	page, err := a.log.ReadStream(ctx, contract.ReadStreamRequest{Account: a.id, AfterVersion: d.base, Limit: 1})
	if err == nil && len(page.Records) > 0 && page.Records[0].Key != "" && page.Records[0].Key != d.records[0].Key {
		return errLostRace
	}
	return errPerhapsOurs
}

// notAppended is the error for an append that certainly did not happen.
func notAppended(result contract.AppendResult) error {
	if result.Status == contract.Halted {
		return fmt.Errorf("%w: %s", errHalted, result.Reason)
	}
	return fmt.Errorf("%w: %s", errNotTaken, result.Reason)
}
