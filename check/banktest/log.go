package banktest

import (
	"context"
	"errors"
	"log/slog"
	"sync"

	"corebank/actor"
	"corebank/eventsource"
	"corebank/eventsource/sequencer"
	"corebank/eventsource/storage"
	"corebank/internal/bank"
	"corebank/internal/contract"
	"corebank/internal/logclient"
)

// logParts are the event sources of a bank.
type logParts struct {
	whole directLog // the whole log
	own   ownLog    // the log of the actors
	ready func() bool
	works []func(context.Context) error
	// publish starts the relay.
	publish func(eventsource.Publisher)
}

// ownLog is the log as the actors' app uses it.
type ownLog interface {
	actor.Log
	logclient.Reader
}

func (b *Bank) openLog(partitions int, quiet *slog.Logger) *logParts {
	if partitions > 1 {
		return b.openPartitions(partitions, quiet)
	}
	b.Log = b.disks.logs[0]
	storage := b.Log.Open()
	writer := eventsource.NewWriter(storage, quiet)
	b.writers = []*eventsource.Writer{writer}
	var relay *eventsource.Relay
	log := directLog{eventsource.NewAPI(writer, storage, func() int64 { return relay.Published() })}
	parts := &logParts{whole: log, own: log, ready: func() bool { return writer.Ready().Ready }}
	parts.works = append(parts.works, writer.Run)
	parts.publish = func(to eventsource.Publisher) {
		relay = eventsource.NewRelay(storage, writer, to, quiet)
		parts.works = append(parts.works, relay.Run)
	}
	return parts
}

func (b *Bank) openPartitions(partitions int, quiet *slog.Logger) *logParts {
	parts := &logParts{}
	var own divided
	var logs []sequencer.PartitionLog
	for number := 1; number <= partitions; number++ {
		memory := b.disks.logs[number-1].Open()
		writer := eventsource.NewWriter(memory, quiet)
		api := eventsource.NewPartitionAPI(writer, memory, storage.Partition{Number: number, Of: partitions})
		b.writers, parts.works = append(b.writers, writer), append(parts.works, writer.Run)
		own.parts, logs = append(own.parts, directLog{api}), append(logs, api)
	}
	merged := sequencer.New(b.disks.sequence.Open(), logs, quiet)
	parts.works = append(parts.works, merged.Run)
	var relay *eventsource.Relay
	parts.whole = directLog{eventsource.NewMergedAPI(merged, func() int64 { return relay.Published() })}
	own.directLog = parts.whole
	parts.own = own
	parts.ready = func() bool {
		ready := merged.Ready()
		for _, writer := range b.writers {
			ready.Ready = ready.Ready && writer.Ready().Ready
		}
		return ready.Ready && ready.Reason == ""
	}
	parts.publish = func(to eventsource.Publisher) {
		relay = eventsource.NewRelay(merged, merged, to, quiet)
		parts.works = append(parts.works, relay.Run)
	}
	return parts
}

// head counts the events of the log. With several partitions, it includes those
// that have no position in the whole log yet.
func (b *Bank) head() (head int64) {
	for _, writer := range b.writers {
		head += writer.Head()
	}
	return head
}

// divided is a log of several partitions. Calls for an account go to its
// partition, all others to the whole log.
type divided struct {
	directLog
	parts []directLog
}

func (d divided) of(id bank.AccountID) directLog {
	return d.parts[contract.PartitionOf(id, len(d.parts))-1]
}

func (d divided) Append(ctx context.Context, a contract.Append) (contract.AppendResult, error) {
	return d.of(a.Account).Append(ctx, a)
}

func (d divided) ReadStream(ctx context.Context, r contract.ReadStreamRequest) (contract.Records, error) {
	return d.of(r.Account).ReadStream(ctx, r)
}

func (d divided) FindKeys(ctx context.Context, r contract.FindKeysRequest) (contract.Records, error) {
	return d.of(r.Account).FindKeys(ctx, r)
}

// directLog calls the event source's API without a sidecar.
type directLog struct{ *eventsource.API }

func (l directLog) Append(ctx context.Context, a contract.Append) (contract.AppendResult, error) {
	reply, err := l.API.Append(ctx, contract.AppendRequest{Appends: []contract.Append{a}})
	if err != nil {
		return contract.AppendResult{}, err
	}
	return reply.Results[0], nil
}

func (l directLog) Status(ctx context.Context) (contract.LogStatus, error) {
	return l.API.Status(ctx, struct{}{})
}

func (l directLog) Ready(ctx context.Context) (contract.Readiness, error) {
	return l.API.Ready(ctx, struct{}{})
}

// topic passes each batch to every subscriber in turn, like a broker that loses
// nothing.
type topic []func(context.Context, contract.Batch) error

func (t topic) Publish(ctx context.Context, batch contract.Batch) error {
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
