package simulation

import (
	"context"
	"slices"

	"corebank/actor"
	"corebank/internal/contract"
	"corebank/internal/logclient"
	"corebank/internal/view"
	"corebank/projector"
)

// anonymous is a log that does not say who took it over, so that no one asks
// whether it is still the one that they know.
type anonymous struct{ logclient.Log }

func (l anonymous) ReadAll(ctx context.Context, r contract.ReadAllRequest) (contract.Records, error) {
	page, err := l.Log.ReadAll(ctx, r)
	page.Takeover = ""
	return page, err
}

// unsigned is a topic that does not say so, either.
func unsigned(batch contract.Batch) contract.Batch {
	batch.Takeover = ""
	return batch
}

func unasking(store view.Store, log logclient.Log) Projection {
	return projector.New(store, anonymous{log}, quiet)
}

// nostalgic is a log that has for an actor what it ever had: the record that
// proves a snapshot, although an earlier copy was put back which does not have it.
type nostalgic struct{ actor.Log }

func (n nostalgic) Append(ctx context.Context, a contract.Append) (contract.AppendResult, error) {
	result, err := n.Log.Append(ctx, a)
	if err == nil && result.Status == contract.Appended {
		n.remember(ctx, a.Records)
	}
	return result, err
}

func (n nostalgic) ReadStream(ctx context.Context, r contract.ReadStreamRequest) (contract.Records, error) {
	page, err := n.Log.ReadStream(ctx, r)
	n.remember(ctx, page.Records)
	old, is := threadOf(ctx).world.memory.Load(event{r.Account, r.AfterVersion + 1})
	if err == nil && is && r.AfterVersion > 0 {
		newer := page.Records[min(1, len(page.Records)):]
		page.Records = slices.Insert(slices.Clone(newer), 0, old.(contract.Record))
	}
	return page, err
}

func (nostalgic) remember(ctx context.Context, records []contract.Record) {
	for _, r := range records {
		threadOf(ctx).world.memory.LoadOrStore(event{r.Account, r.Version}, r)
	}
}
