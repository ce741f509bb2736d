package app

import (
	"context"
	"fmt"
	"log/slog"
	"time"

	"github.com/dapr/go-sdk/client"

	"corebank/internal/contract"
)

// Publish sends one batch to the topic, and returns when the broker has it.
func (s *Sidecar) Publish(ctx context.Context, batch contract.Batch) error {
	data, err := batch.Message()
	if err != nil {
		return fmt.Errorf("encode batch %d-%d: %w", batch.First, batch.Last, err)
	}
	err = s.PublishEvent(ctx, contract.PubSub, contract.Topic, data, client.PublishEventWithRawPayload())
	s.broker.used(err)
	return err
}

// Bounds of a subscription.
const (
	// The pause between attempts to subscribe.
	subscribePauseMin = 100 * time.Millisecond
	subscribePauseMax = 2 * time.Second
	// maxSilence is how long a subscription may be silent before it is renewed.
	// The relay publishes a heartbeat every second, and a broker that lost its
	// stream or consumer becomes silent without an error.
	maxSilence = 6 * time.Second
)

// Follow calls handle with every batch of the topic, one after the other, until
// ctx ends. component is the pub/sub component to subscribe through. The broker
// delivers a batch again if handle fails; a broken subscription is renewed. The
// handler has to notice missed batches by their positions.
func (s *Sidecar) Follow(
	ctx context.Context, component string, handle func(context.Context, contract.Batch) error,
) error {
	pause := subscribePauseMin
	for {
		began := time.Now()
		err := s.follow(ctx, component, handle)
		if ctx.Err() != nil {
			return nil
		}
		s.broker.used(err)
		slog.Warn("subscription ended, subscribing again", "component", component, "error", err)
		if time.Since(began) > subscribePauseMax {
			pause = subscribePauseMin
		}
		if !Pause(ctx, pause) {
			return nil
		}
		pause = min(2*pause, subscribePauseMax)
	}
}

func (s *Sidecar) follow(
	ctx context.Context, component string, handle func(context.Context, contract.Batch) error,
) error {
	ctx, cancel := context.WithCancel(ctx)
	defer cancel() // ends the stream: Close alone leaves the sidecar's consumer behind
	subscription, err := s.Subscribe(ctx, client.SubscriptionOptions{
		PubsubName: component, Topic: contract.Topic, Metadata: map[string]string{"rawPayload": "true"},
	})
	if err != nil {
		return fmt.Errorf("subscribe to %s/%s: %w", component, contract.Topic, err)
	}
	defer subscription.Close()
	silence := time.AfterFunc(maxSilence, cancel)
	defer silence.Stop()
	for {
		message, err := subscription.Receive()
		if err != nil {
			return err
		}
		s.broker.used(nil)
		silence.Stop() // the time of the handler does not count
		if err := deliver(ctx, message, handle); err != nil {
			return err
		}
		silence.Reset(maxSilence)
	}
}

// deliver passes one message on and answers the broker. A message that is not a
// batch is dropped: it can never become one, and the log has every event.
func deliver(
	ctx context.Context, message *client.SubscriptionMessage, handle func(context.Context, contract.Batch) error,
) error {
	batch, err := contract.ReadMessage(message.RawData)
	if err == nil {
		err = batch.Check()
	}
	if err != nil {
		slog.Error("dropping a message that is not a batch", "id", message.ID, "bytes", len(message.RawData), "error", err)
		return message.Drop()
	}
	if err := handle(ctx, batch); err != nil {
		slog.Error("batch not handled, it will be delivered again", "first", batch.First, "last", batch.Last, "error", err)
		return message.Retry()
	}
	return message.Success()
}
