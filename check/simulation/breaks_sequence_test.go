package simulation

import (
	"context"
	"slices"

	"corebank/actor"
	"corebank/eventsource/storage"
	"corebank/internal/bank"
	"corebank/internal/contract"
)

// unfencedSequence is a sequence that every sequencer may write to, also after another one took it
// over.
type unfencedSequence struct {
	storage.SequenceLog
	sequence *storage.MemorySequenceLog
}

func (u unfencedSequence) Acquire(ctx context.Context) (storage.Cut, error) {
	return u.sequence.Open().Acquire(ctx)
}

func (u unfencedSequence) Add(ctx context.Context, cuts ...storage.Cut) error {
	mine := u.sequence.Open()
	if _, err := mine.Acquire(ctx); err != nil {
		return err
	}
	return mine.Add(ctx, cuts...)
}

// forgetfulSequence is a sequence that loses a cut in ten, and says that it has it.
type forgetfulSequence struct {
	storage.SequenceLog
	added *int
}

func (f forgetfulSequence) Add(ctx context.Context, cuts ...storage.Cut) error {
	if *f.added++; *f.added%10 == 0 {
		return f.CheckOurs(ctx)
	}
	return f.SequenceLog.Add(ctx, cuts...)
}

// placeless is a log whose events do not say what they come after.
type placeless struct{ actor.Log }

func (p placeless) Append(ctx context.Context, a contract.Append) (contract.AppendResult, error) {
	a.With = slices.Clone(a.With)
	for stream := range a.Streams {
		stream.Records = slices.Clone(stream.Records)
		for i := range stream.Records {
			stream.Records[i].After = nil
		}
	}
	return p.Log.Append(ctx, a)
}

func (p placeless) AppendAll(ctx context.Context, appends []contract.Append) ([]contract.AppendResult, error) {
	return oneByOne(ctx, p.Append, appends)
}

// generous is a log that gives every account the external id that it claims.
type generous struct{ actor.Log }

func (g generous) Append(ctx context.Context, a contract.Append) (contract.AppendResult, error) {
	if event, err := a.Records[0].Event(); err == nil {
		if _, is := event.(bank.ExternalIDClaimed); is && a.ExpectedVersion == 0 {
			if page, err := g.Log.ReadStream(ctx, contract.ReadStreamRequest{Account: a.Account}); err == nil &&
				len(page.Records) > 0 {
				return contract.AppendResult{
					Status:        contract.Appended,
					Version:       1,
					FirstPosition: page.Records[0].Position,
					Partition:     page.Partition,
				}, nil
			}
		}
	}
	return g.Log.Append(ctx, a)
}

func (g generous) AppendAll(ctx context.Context, appends []contract.Append) ([]contract.AppendResult, error) {
	return oneByOne(ctx, g.Append, appends)
}
