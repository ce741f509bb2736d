package torture

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"iter"
	"math/rand/v2"
	"slices"
	"time"

	"github.com/nats-io/nats.go"
	"github.com/nats-io/nats.go/jetstream"

	"corebank/check/must"
	"corebank/internal/app"
	"corebank/internal/contract"
	"corebank/internal/secrets"
)

// Bounds of meddling with the topic.
const (
	repeatedMost = 100 // messages that are published again
	dropTimes    = 100 // how often the topic is emptied
	dropEvery    = 10 * time.Millisecond
)

// topic is the topic as the broker has it.
type topic struct {
	jetstream.JetStream
	jetstream.Stream
}

// onTopic is a fault of what the broker has of the topic.
func onTopic(meddle func(ctx context.Context, t topic) error) func(*run, context.Context, injection) error {
	return func(r *run, ctx context.Context, _ injection) (err error) {
		defer must.Wrap(&err, "meddle with the topic")
		defer must.Catch(&err)
		connection := must.Get(nats.Connect(must.Get(secrets.ReadBrokerURL(r.Data, r.bank.Where.Parts["nats"]))))
		defer connection.Close()
		js := must.Get(jetstream.New(connection))
		stream := must.Get(js.Stream(ctx, must.Get(js.StreamNameBySubject(ctx, contract.Topic))))
		defer r.strike()
		return meddle(ctx, topic{js, stream})
	}
}

func (t topic) publish(ctx context.Context, messages [][]byte) error {
	for _, data := range messages {
		if _, err := t.Publish(ctx, contract.Topic, data); err != nil {
			return fmt.Errorf("publish %.20q: %w", data, err)
		}
	}
	return nil
}

// newest are the messages of the topic, the newest first, and what reading one
// failed with.
func (t topic) newest(ctx context.Context) iter.Seq2[[]byte, error] {
	return func(yield func([]byte, error) bool) {
		info, err := t.Info(ctx)
		if err != nil {
			yield(nil, err)
			return
		}
		for seq := info.State.LastSeq; seq >= max(1, info.State.FirstSeq); seq-- {
			message, err := t.GetMsg(ctx, seq)
			if errors.Is(err, jetstream.ErrMsgNotFound) {
				continue
			}
			if err != nil {
				yield(nil, err)
				return
			}
			if !yield(message.Data, nil) {
				return
			}
		}
	}
}

// drop empties the topic again and again: what no consumer has fetched in
// between is lost.
func drop(ctx context.Context, t topic) error {
	for range dropTimes {
		if err := t.Purge(ctx); err != nil {
			return fmt.Errorf("empty the topic: %w", err)
		}
		app.Pause(ctx, dropEvery)
	}
	return nil
}

// repeat publishes the newest messages again, in no order.
func repeat(ctx context.Context, t topic) error {
	var found [][]byte
	for data, err := range t.newest(ctx) {
		if err != nil {
			return err
		}
		if found = append(found, data); len(found) == repeatedMost {
			break
		}
	}
	rand.Shuffle(len(found), func(i, j int) { found[i], found[j] = found[j], found[i] })
	return t.publish(ctx, found)
}

// litter publishes what no relay would: no batches at all, and batches that
// contradict themselves or tell of what the log does not have.
func litter(ctx context.Context, t topic) error {
	var last contract.Batch // that has records
	for data, err := range t.newest(ctx) {
		if err != nil {
			return err
		}
		if batch, err := contract.ReadMessage(data); err == nil && len(batch.Records) > 0 && batch.Check() == nil {
			last = batch
			break
		}
	}
	return t.publish(ctx, litterOf(last))
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
func oversize(ctx context.Context, t topic) error {
	for _, size := range []int{3 << 20, 5 << 20} {
		if err := t.publish(ctx, [][]byte{bytes.Repeat([]byte("x"), size)}); err == nil {
			return fmt.Errorf("the topic took a message of %d MiB", size>>20)
		}
	}
	return nil
}
