package actor

import (
	"context"
	"fmt"

	"corebank/internal/app"
	"corebank/internal/bank"
	"corebank/internal/contract"
)

// Log is the event source as an actor sees it. An error of Append means that
// its outcome is unknown.
type Log interface {
	Append(ctx context.Context, a contract.Append) (contract.AppendResult, error)
	ReadStream(ctx context.Context, r contract.ReadStreamRequest) (contract.Records, error)
	FindKeys(ctx context.Context, r contract.FindKeysRequest) (contract.Records, error)
	Ready(ctx context.Context) (contract.Readiness, error)
}

// remoteLog reaches the event source through the sidecar.
type remoteLog struct {
	*appender
	sidecar *app.Sidecar
}

func (l remoteLog) ReadStream(ctx context.Context, r contract.ReadStreamRequest) (reply contract.Records, err error) {
	return reply, l.sidecar.Invoke(ctx, contract.AppEventSource, contract.MethodReadStream, r, &reply)
}

func (l remoteLog) ReadAll(ctx context.Context, r contract.ReadAllRequest) (reply contract.Records, err error) {
	return reply, l.sidecar.Invoke(ctx, contract.AppEventSource, contract.MethodReadAll, r, &reply)
}

func (l remoteLog) FindKeys(ctx context.Context, r contract.FindKeysRequest) (reply contract.Records, err error) {
	return reply, l.sidecar.Invoke(ctx, contract.AppEventSource, contract.MethodFindKeys, r, &reply)
}

func (l remoteLog) Ready(ctx context.Context) (reply contract.Readiness, err error) {
	return reply, l.sidecar.Invoke(ctx, contract.AppEventSource, contract.MethodReady, struct{}{}, &reply)
}

// readStream reads all of a stream after a version, page by page, and hands
// each record on.
func readStream(ctx context.Context, log Log, id bank.AccountID, after int64, each func(contract.Record) error) error {
	for {
		page, err := log.ReadStream(ctx, contract.ReadStreamRequest{Account: id, AfterVersion: after})
		if err != nil {
			return fmt.Errorf("read the stream of %s after version %d: %w", id, after, err)
		}
		if len(page.Records) == 0 {
			return nil
		}
		for _, r := range page.Records {
			if err := each(r); err != nil {
				return err
			}
			after = r.Version
		}
	}
}
