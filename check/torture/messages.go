package torture

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"time"

	"github.com/nats-io/nats.go"
	"github.com/nats-io/nats.go/jetstream"

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

// meddle repeats and reorders, or drops, what the broker has of the topic.
func (r *run) meddle(ctx context.Context, kind Kind) error {
	url, err := secrets.ReadBrokerURL(r.bank.data, r.bank.where.Parts["nats"])
	if err != nil {
		return err
	}
	connection, err := nats.Connect(url)
	if err != nil {
		return fmt.Errorf("reach the broker: %w", err)
	}
	defer connection.Close()
	js, err := jetstream.New(connection)
	if err != nil {
		return err
	}
	name, err := js.StreamNameBySubject(ctx, contract.Topic)
	if err != nil {
		return fmt.Errorf("find the topic: %w", err)
	}
	stream, err := js.Stream(ctx, name)
	if err != nil {
		return fmt.Errorf("find the topic: %w", err)
	}
	defer r.strike()
	switch kind {
	case MessagesDropped:
		return drop(ctx, stream)
	case MessagesGarbage:
		return litter(ctx, js, stream)
	case MessagesOversized:
		return oversize(ctx, js)
	default:
		return repeat(ctx, js, stream)
	}
}

// drop empties the topic again and again: what no consumer has fetched in
// between is lost.
func drop(ctx context.Context, stream jetstream.Stream) error {
	for range dropTimes {
		if err := stream.Purge(ctx); err != nil {
			return fmt.Errorf("empty the topic: %w", err)
		}
		app.Pause(ctx, dropEvery)
	}
	return nil
}

// repeat publishes the newest messages again, in no order.
func repeat(ctx context.Context, js jetstream.JetStream, stream jetstream.Stream) error {
	info, err := stream.Info(ctx)
	if err != nil {
		return fmt.Errorf("look at the topic: %w", err)
	}
	var found [][]byte
	for seq := info.State.LastSeq; seq >= max(1, info.State.FirstSeq) && len(found) < repeatedMost; seq-- {
		message, err := stream.GetMsg(ctx, seq)
		if errors.Is(err, jetstream.ErrMsgNotFound) {
			continue
		}
		if err != nil {
			return fmt.Errorf("read the topic: %w", err)
		}
		found = append(found, message.Data)
	}
	rand.Shuffle(len(found), func(i, j int) { found[i], found[j] = found[j], found[i] })
	for _, data := range found {
		if _, err := js.Publish(ctx, contract.Topic, data); err != nil {
			return fmt.Errorf("publish a message again: %w", err)
		}
	}
	return nil
}
