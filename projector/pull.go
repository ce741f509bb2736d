package projector

import (
	"context"
	"errors"
	"fmt"

	"corebank/internal/contract"
	"corebank/internal/logclient"
)

// pull applies the log until the target or its head, whichever comes first.
func (p *Projector) pull(ctx context.Context, target int64) error {
	return otherLog(p.follower.Pull(ctx, target))
}

// take applies records that follow the position. Those of the topic that cannot
// be folded are read from the log instead.
func (p *Projector) take(ctx context.Context, records []contract.Record, fromLog bool) error {
	err := p.settle(ctx, p.apply(ctx, records, fromLog))
	if bad := (*RecordError)(nil); !fromLog && errors.As(err, &bad) {
		p.logger.Warn("a batch does not fit the views; reading the log instead", "error", err)
		return fmt.Errorf("%w: %w", logclient.ErrUnfit, err)
	}
	return err
}

// otherLog adds to an error what to do about views of another log.
func otherLog(err error) error {
	if errors.Is(err, logclient.ErrOtherLog) {
		return fmt.Errorf("the views are of another log; stop the bank and delete the views, and they are built again: %w", err)
	}
	return err
}
