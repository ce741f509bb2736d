package banktest

import (
	"context"
	"errors"
	"log/slog"
	"sync"
	"time"

	"github.com/dapr/go-sdk/client"

	"corebank/eventsource"
	"corebank/eventsource/sequencer"
	"corebank/eventsource/storage"
	"corebank/internal/app"
	"corebank/internal/bank"
	"corebank/internal/contract"
	"corebank/internal/logclient"
)

// logParts are the event sources of a bank, which its apps reach as they do when
// they are processes.
type logParts struct {
	whole *logclient.Client
	own   *logclient.Client // of the actors
	ready func() bool
	works []func(context.Context) error
	// publish starts the relay.
	publish func(eventsource.Publisher)
}

func (b *Bank) openLog(partitions int, quiet *slog.Logger) *logParts {
	calls := make(map[string]map[string]app.Method)
	to := &app.Sidecar{Client: sidecar{apps: calls}}
	parts := &logParts{whole: logclient.New(to), own: logclient.NewPartitioned(to, partitions, "")}
	parts.works = append(parts.works, func(ctx context.Context) error { parts.own.Run(ctx); return nil })
	open := func(number int) (storage.Log, *eventsource.Writer) {
		log := b.disks.logs[number-1].Open()
		writer := eventsource.NewWriter(log, quiet)
		writer.Clock = time.Now
		b.writers, parts.works = append(b.writers, writer), append(parts.works, writer.Run)
		b.opened = append(b.opened, log)
		return log, writer
	}
	var relay *eventsource.Relay
	published := func() int64 { return relay.Published() }
	publish := func(r *eventsource.Relay) { relay, b.relay, parts.works = r, r, append(parts.works, r.Run) }
	if partitions == 1 {
		b.Log = b.disks.logs[0]
		log, writer := open(1)
		calls[contract.AppEventSource] = eventsource.NewAPI(writer, log, published).Methods()
		parts.ready = func() bool { return writer.Ready().Ready }
		parts.publish = func(to eventsource.Publisher) { publish(eventsource.NewRelay(log, writer, to, quiet)) }
		return parts
	}
	var logs []sequencer.PartitionLog
	for i, name := range contract.PartitionApps(partitions) {
		log, writer := open(i + 1)
		part := storage.Partition{Number: i + 1, Of: partitions}
		calls[name] = eventsource.NewPartitionAPI(writer, log, part).Methods()
		logs = append(logs, logclient.NewPartition(to, name))
	}
	merged := sequencer.New(b.disks.sequence.Open(), logs, quiet)
	parts.works = append(parts.works, merged.Run)
	calls[contract.AppEventSource] = eventsource.NewMergedAPI(merged, published).Methods()
	parts.ready = func() bool {
		ready := merged.Ready()
		for _, writer := range b.writers {
			ready.Ready = ready.Ready && writer.Ready().Ready
		}
		return ready.Ready && ready.Reason == ""
	}
	parts.publish = func(to eventsource.Publisher) { publish(eventsource.NewRelay(merged, merged, to, quiet)) }
	return parts
}

// sidecar carries calls to the apps, by name. It is Dapr without a process, of
// which no app here uses more.
type sidecar struct {
	client.Client
	apps map[string]map[string]app.Method
}

func (s sidecar) InvokeMethodWithContent(
	ctx context.Context, app, method, _ string, content *client.DataContent,
) ([]byte, error) {
	return s.apps[app][method](ctx, content.Data)
}

// head counts the events of the log. With several partitions, it includes those
// that have no position in the whole log yet.
func (b *Bank) head() (head int64) {
	for _, writer := range b.writers {
		head += writer.Head()
	}
	return head
}

// topic passes each batch to every subscriber in turn, like a broker that loses
// nothing.
type topic []func(context.Context, contract.Batch) error

func (t topic) Publish(ctx context.Context, batch contract.Batch) error {
	message, err := batch.Message()
	if err != nil {
		return err
	}
	if batch, err = contract.ReadMessage(message); err != nil {
		return err
	}
	var failed error
	for _, subscriber := range t {
		failed = errors.Join(failed, subscriber(ctx, batch))
	}
	return failed
}

type snapshotStore struct{ sync.Map }

func (s *snapshotStore) Load(_ context.Context, id bank.AccountID) ([]byte, error) {
	data, _ := s.Map.Load(id)
	text, _ := data.([]byte)
	return text, nil
}

func (s *snapshotStore) Save(_ context.Context, id bank.AccountID, data []byte) error {
	s.Store(id, data)
	return nil
}

// follower is a subscriber that may come later.
type follower struct {
	mu     sync.Mutex
	handle func(context.Context, contract.Batch) error
}

// Handle passes a batch on. Batches before the subscription are lost.
func (f *follower) Handle(ctx context.Context, batch contract.Batch) error {
	f.mu.Lock()
	defer f.mu.Unlock()
	if f.handle == nil {
		return nil
	}
	return f.handle(ctx, batch)
}

func (f *follower) follow(ctx context.Context, handle func(context.Context, contract.Batch) error) error {
	f.set(handle)
	<-ctx.Done()
	f.set(nil)
	return nil
}

func (f *follower) set(handle func(context.Context, contract.Batch) error) {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.handle = handle
}

type stateStore struct{ all snapshotStore }

func (s *stateStore) Load(ctx context.Context) ([]byte, error) { return s.all.Load(ctx, "") }

func (s *stateStore) Save(ctx context.Context, data []byte) error { return s.all.Save(ctx, "", data) }
