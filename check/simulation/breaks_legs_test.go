package simulation

import (
	"context"
	"slices"

	"corebank/actor"
	"corebank/eventsource/logtest"
	"corebank/internal/batcher"
	"corebank/internal/contract"
)

// miscounting is a log that writes another last stream of an append to several
// than it was given, and says that it wrote what it was given.
type miscounting struct {
	actor.Log
	last func(contract.Append) []contract.Append
}

func (m miscounting) AppendAll(ctx context.Context, appends []contract.Append) ([]contract.AppendResult, error) {
	appends = slices.Clone(appends)
	for i, a := range appends {
		if n := len(a.With); n > 0 {
			appends[i] = inOrder(slices.Concat([]contract.Append{a}, a.With[:n-1], m.last(a.With[n-1])))
		}
	}
	return m.Log.AppendAll(ctx, appends)
}

// inOrder is one append to streams, whose records follow each other.
func inOrder(streams []contract.Append) contract.Append {
	for i := range streams {
		streams[i].With, streams[i].Records = nil, slices.Clone(streams[i].Records)
		for n := range streams[i].Records {
			streams[i].Records[n].More = 0
		}
	}
	return logtest.Together(streams...)
}

// none leaves the last stream out, twice writes its last record twice.
func none(contract.Append) []contract.Append { return nil }

func twice(a contract.Append) []contract.Append {
	again := a.Records[len(a.Records)-1]
	again.Version, again.Key = again.Version+1, again.Key+"/again"
	a.Records = append(slices.Clone(a.Records), again)
	return []contract.Append{a}
}

// inPart is a topic that delivers the first record of what several accounts did
// in one step without the others.
func inPart(batch contract.Batch) contract.Batch {
	for i, r := range batch.Records {
		if r.More > 0 {
			batch.Records = slices.Clone(batch.Records[:i+1])
			batch.Records[i].More, batch.Last = 0, r.Position
			return batch
		}
	}
	return batch
}

// renaming makes lost calls again under other keys.
func renaming(call batcher.Clearing) batcher.Clearing {
	return func(ctx context.Context, to string, batch contract.ClearingBatch) (contract.CommandReply, error) {
		reply, err := call(ctx, to, batch)
		if err == nil {
			return reply, nil
		}
		batch.Batch.Commands = slices.Clone(batch.Batch.Commands)
		for i := range batch.Batch.Commands {
			batch.Batch.Commands[i].Key += " again"
		}
		return call(ctx, to, batch)
	}
}
