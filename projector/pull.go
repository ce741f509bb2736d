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
	return p.follower.Pull(ctx, target)
}

// take applies records that follow the position. If records of the topic cannot
// be folded, the follower reads the log instead.
func (p *Projector) take(ctx context.Context, records []contract.Record, fromLog bool) error {
	err := p.settle(ctx, p.apply(ctx, records, fromLog))
	if bad := (*RecordError)(nil); !fromLog && errors.As(err, &bad) {
		p.logger.Warn("a batch does not fit the views; reading the log instead", "error", err)
		return fmt.Errorf("%w: %w", logclient.ErrUnfit, err)
	}
	return err
}
