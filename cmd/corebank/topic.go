package main

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"time"

	"github.com/nats-io/nats.go"
	"github.com/nats-io/nats.go/jetstream"
	"github.com/spf13/cobra"

	"corebank/internal/app"
	"corebank/internal/contract"
)

// The stream of the topic. It only has to bridge the time that a subscriber is
// away: what is older is read from the log.
const (
	streamName     = "COREBANK"
	streamMaxAge   = 24 * time.Hour
	streamMaxBytes = 1 << 30
	// streamMaxMessage is more than the relay puts into a message and less than
	// a sidecar can hand on: one that is larger would come back for ever.
	streamMaxMessage = 2 << 20
)

// Bounds of reaching a NATS server.
const (
	topicWait    = time.Minute
	topicPause   = 500 * time.Millisecond
	topicTimeout = 5 * time.Second
)

func newTopic() *cobra.Command {
	var url string
	c := &cobra.Command{
		Use:     "topic",
		GroupID: groupParts,
		Short:   "Make the stream of the topic on a NATS server",
		Long: `Make or adjust the JetStream stream of the topic "` + contract.Topic + `" on a NATS
server: in files, at most 24 hours and 1 GiB, the oldest messages go first. The
Dapr component does not make it. The command waits up to a minute for the
server.`,
		Example: `  corebank topic --url nats://127.0.0.1:4222`,
		RunE: work(func(ctx context.Context, log *slog.Logger) error {
			return awaitTopic(ctx, url, log)
		}),
	}
	c.Flags().StringVar(&url, "url", nats.DefaultURL, "URL of the NATS server")
	return c
}

// awaitTopic makes the stream as soon as the server is there.
func awaitTopic(ctx context.Context, url string, log *slog.Logger) error {
	ctx, cancel := context.WithTimeout(ctx, topicWait)
	defer cancel()
	for {
		err := withJetStream(ctx, url, makeTopic)
		if err == nil {
			log.Info("the topic is there", "stream", streamName, "subject", contract.Topic)
			return nil
		}
		log.Warn("the topic cannot be made yet, trying again", "error", err)
		if !app.Pause(ctx, topicPause) {
			return fmt.Errorf("the topic could not be made: %w; is it a NATS server with JetStream, and does the URL have its administrator's password?", err)
		}
	}
}

// withJetStream does something over a connection of its own.
func withJetStream(ctx context.Context, url string, do func(context.Context, jetstream.JetStream) error, options ...nats.Option) error {
	ctx, cancel := context.WithTimeout(ctx, topicTimeout)
	defer cancel()
	options = append(options, nats.Name("corebank topic"), nats.Timeout(topicTimeout), nats.NoReconnect())
	connection, err := nats.Connect(url, options...)
	if err != nil {
		return err
	}
	defer connection.Close()
	js, err := jetstream.New(connection)
	if err != nil {
		return err
	}
	return do(ctx, js)
}

func makeTopic(ctx context.Context, js jetstream.JetStream) error {
	_, err := js.CreateOrUpdateStream(ctx, jetstream.StreamConfig{
		Name: streamName, Description: "what the event log publishes",
		Subjects: []string{contract.Topic}, Storage: jetstream.FileStorage,
		Retention: jetstream.LimitsPolicy, Discard: jetstream.DiscardOld,
		MaxAge: streamMaxAge, MaxBytes: streamMaxBytes, MaxMsgSize: streamMaxMessage,
	})
	return err
}

// findTopic fails unless the stream is there.
func findTopic(ctx context.Context, js jetstream.JetStream) error {
	_, err := js.StreamNameBySubject(ctx, contract.Topic)
	if errors.Is(err, jetstream.ErrStreamNotFound) {
		return fmt.Errorf("it has no stream for %s", contract.Topic)
	}
	return err
}

// brokerFlag adds the flag of an app that minds the broker.
func brokerFlag(c *cobra.Command, url *string) {
	c.Flags().StringVar(url, "broker", "", "URL of the NATS server: when the sidecar has given it up after an outage and it answers again, the sidecar is ended, for its supervisor to start it anew")
}

// probeBroker asks the broker for the topic; nil without a URL.
func probeBroker(url string) func(context.Context) error {
	if url == "" {
		return nil
	}
	return func(ctx context.Context) error { return withJetStream(ctx, url, findTopic) }
}
