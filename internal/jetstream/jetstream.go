package jetstream

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"time"

	"github.com/nats-io/nats.go"
	"github.com/nats-io/nats.go/jetstream"

	"corebank/internal/app"
	"corebank/internal/contract"
)

// Stream is the name of the stream.
const Stream = "COREBANK"

// Bounds of the stream. It only has to bridge the time that a subscriber is
// away: everything older is read from the log.
const (
	maxAge   = 24 * time.Hour
	maxBytes = 1 << 30
	// maxMessage is more than the relay puts into a message and less than a
	// sidecar can hand on: a larger message would be redelivered forever.
	maxMessage = 2 << 20
)

// Bounds of reaching a NATS server.
const (
	waitTime       = time.Minute
	retryPause     = 500 * time.Millisecond
	requestTimeout = 5 * time.Second
)

// MaxCopies is how many members of a cluster have the stream: of five, too, three.
const MaxCopies = 3

// CheckCopies refuses a number of copies that no cluster keeps.
func CheckCopies(copies int) error {
	if copies < 1 || copies > MaxCopies || copies == 2 {
		return fmt.Errorf("%d copies of the topic: want 1, or 3 of a cluster of three members or more", copies)
	}
	return nil
}

// AwaitStream makes the stream with so many copies, or adjusts it, as soon as the
// server can be reached.
func AwaitStream(ctx context.Context, url string, copies int, log *slog.Logger) error {
	ctx, cancel := context.WithTimeout(ctx, waitTime)
	defer cancel()
	for {
		err := MakeStream(ctx, url, copies)
		if err == nil {
			log.Info("the topic is ready", "stream", Stream, "subject", contract.Topic)
			return nil
		}
		log.Warn("the topic cannot be made yet, trying again", "error", err)
		if !app.Pause(ctx, retryPause) {
			return fmt.Errorf("the topic could not be made: %w; is it a NATS server with JetStream, "+
				"and does the URL have its administrator's password?", err)
		}
	}
}

// MakeStream makes the stream and the bucket of leases, or adjusts them, so that so many
// members of a cluster have them.
func MakeStream(ctx context.Context, url string, copies int, options ...nats.Option) error {
	return connected(ctx, url, func(ctx context.Context, js jetstream.JetStream) error {
		_, err := js.CreateOrUpdateStream(ctx, jetstream.StreamConfig{
			Name: Stream, Description: "what the event log publishes",
			Subjects: []string{contract.Topic}, Storage: jetstream.FileStorage,
			Retention: jetstream.LimitsPolicy, Discard: jetstream.DiscardOld,
			MaxAge: maxAge, MaxBytes: maxBytes, MaxMsgSize: maxMessage, Replicas: copies,
		})
		if err != nil {
			return err
		}
		return makeLeases(ctx, js, copies)
	}, options...)
}

// Probe returns a function that fails unless the server has the stream. It is nil
// without a URL.
func Probe(url string) func(context.Context) error {
	if url == "" {
		return nil
	}
	return func(ctx context.Context) error { return connected(ctx, url, findStream) }
}

func findStream(ctx context.Context, js jetstream.JetStream) error {
	_, err := js.StreamNameBySubject(ctx, contract.Topic)
	if errors.Is(err, jetstream.ErrStreamNotFound) {
		return fmt.Errorf("the NATS server has no stream for %s", contract.Topic)
	}
	return err
}

// connected calls do with a connection of its own.
func connected(
	ctx context.Context, url string, do func(context.Context, jetstream.JetStream) error, options ...nats.Option,
) error {
	ctx, cancel := context.WithTimeout(ctx, requestTimeout)
	defer cancel()
	options = append(options, nats.Name("corebank topic"), nats.Timeout(requestTimeout), nats.NoReconnect())
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
