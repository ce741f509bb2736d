package torture

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"slices"

	"github.com/nats-io/nats.go/jetstream"

	"corebank/internal/contract"
)

// newest is the newest message that has records; the zero Batch for none.
func newest(ctx context.Context, stream jetstream.Stream) (contract.Batch, error) {
	info, err := stream.Info(ctx)
	if err != nil {
		return contract.Batch{}, fmt.Errorf("look at the topic: %w", err)
	}
	for seq := info.State.LastSeq; seq >= max(1, info.State.FirstSeq); seq-- {
		message, err := stream.GetMsg(ctx, seq)
		if errors.Is(err, jetstream.ErrMsgNotFound) {
			continue
		}
		if err != nil {
			return contract.Batch{}, fmt.Errorf("read the topic: %w", err)
		}
		batch, err := contract.ReadMessage(message.Data)
		if err == nil && len(batch.Records) > 0 && batch.Check() == nil {
			return batch, nil
		}
	}
	return contract.Batch{}, nil
}

// litter publishes what no relay would: no batches at all, and batches that
// contradict themselves or tell of what the log does not have.
func litter(ctx context.Context, js jetstream.JetStream, stream jetstream.Stream) error {
	batch, err := newest(ctx, stream)
	if err != nil {
		return err
	}
	for _, data := range litterOf(batch) {
		if _, err := js.Publish(ctx, contract.Topic, data); err != nil {
			return fmt.Errorf("publish %.20q: %w", data, err)
		}
	}
	return nil
}

// litterOf is what can be made of a batch.
func litterOf(batch contract.Batch) [][]byte {
	changed := func(how func(*contract.Batch)) []byte {
		b := batch
		b.Records = slices.Clone(batch.Records)
		how(&b)
		data, err := b.Message()
		if err != nil {
			panic(err) // it came as JSON
		}
		return data
	}
	shift := func(b *contract.Batch, by int64) { b.First, b.Last, b.Previous = b.First+by, b.Last+by, b.Previous+by }
	whole := changed(func(*contract.Batch) {})
	return [][]byte{
		[]byte("\x00\xff garbage"), []byte("null"), []byte("[]"), []byte(`{"first":"one"}`), []byte(`{"records":[7]}`),
		[]byte(`{"id":"1-1","first":1,"last":1,"zstd":"AAAA"}`), []byte(`{"zstd":7}`),
		whole[:len(whole)/2], bytes.Repeat([]byte("["), 1<<20),
		changed(func(b *contract.Batch) { shift(b, 10) }),
		changed(func(b *contract.Batch) { shift(b, -2*b.First) }),
		changed(func(b *contract.Batch) { b.Previous -= 3 }),
		changed(func(b *contract.Batch) { b.Last += 1000 }),
		changed(func(b *contract.Batch) { b.Records = nil }),
		changed(func(b *contract.Batch) { *b = contract.Batch{Last: 1 << 60} }),
		changed(func(b *contract.Batch) { *b = contract.Batch{Last: -5} }),
		changed(func(b *contract.Batch) { // old records as what comes far later
			for i := range b.Records {
				b.Records[i].Position += 1 << 40
			}
			shift(b, 1<<40)
		}),
	}
}

// oversize publishes what no sidecar could hand on. The broker must refuse it:
// it would be offered again forever.
func oversize(ctx context.Context, js jetstream.JetStream) error {
	for _, size := range []int{3 << 20, 5 << 20} {
		if _, err := js.Publish(ctx, contract.Topic, bytes.Repeat([]byte("x"), size)); err == nil {
			return fmt.Errorf("the topic took a message of %d MiB", size>>20)
		}
	}
	return nil
}
