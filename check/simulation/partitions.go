package simulation

import (
	"context"
	"fmt"

	"corebank/check/laws"
	"corebank/eventsource/sequencer"
	"corebank/internal/bank"
	"corebank/internal/contract"
)

// branches are all partitions, for a sequencer. It may read several at once, for itself and for those who ask it,
// so that each read is a thread of its own.
func (w *world) branches(of *process) (logs []sequencer.PartitionLog) {
	for _, d := range w.logs() {
		log := wireTo(d)
		log.as = func(ctx context.Context, what string) context.Context {
			return of.another(fmt.Sprintf("%s for %s reads %s%s", of.name, threadOf(ctx).name, what, d.name())).in(ctx)
		}
		logs = append(logs, log)
	}
	return logs
}

// logs are the disks of a log: its partitions, or the only one.
func (w *world) logs() []*disk { return w.disks[:max(1, len(w.disks)-1)] }

// whole is the disk whose event source has the whole log: the only one, or that of the sequence.
func (w *world) whole() *disk { return w.disks[len(w.disks)-1] }

// home is the disk that has an account's stream.
func (w *world) home(id bank.AccountID) *disk {
	return w.disks[contract.PartitionOf(id, len(w.logs()))-1]
}

// head is how many records are durable.
func (w *world) head() int64 {
	w.mu.Lock()
	defer w.mu.Unlock()
	return int64(len(w.durable))
}

// records are the whole log, read past all the bank's own parts.
func (w *world) records() (records []contract.Record) {
	read := w.whole().readAll
	if w.whole().sequence != nil {
		var parts []sequencer.PartitionLog
		for _, d := range w.logs() {
			parts = append(parts, sequencer.StoredPartition{Storage: d.log.Open()})
		}
		total := sequencer.NewMergedLog(w.whole().sequence.Open(), parts)
		if _, err := total.Refresh(w.ctx); err != nil {
			w.violated(laws.Position, "the sequence cannot be read: %v", err)
		}
		read = total.ReadAll
	}
	for {
		page, err := read(w.ctx, int64(len(records)), contract.MaxReadRecords)
		if err != nil {
			w.violated(laws.Position, "the log cannot be read after position %d: %v", len(records), err)
		}
		if err != nil || len(page) == 0 {
			return records
		}
		records = append(records, page...)
	}
}

func (d *disk) readAll(ctx context.Context, after int64, limit int) ([]contract.Record, error) {
	if d.cluster != nil {
		return d.cluster.readAll(after, limit)
	}
	return d.log.Open().ReadAll(ctx, after, limit)
}
