package banktest

import (
	"context"
	"log/slog"

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

// openLog makes a log in memory.
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
