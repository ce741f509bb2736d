package backup

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"

	"corebank/backup/archive"
	"corebank/eventsource/immudb"
	"corebank/eventsource/storage"
	"corebank/internal/contract"
	"corebank/internal/scratch"
	"corebank/internal/secrets"
	"corebank/internal/terminal"
	"corebank/localbank/datadir"
	"corebank/localbank/storedlog"
)

// restorer writes a log into empty databases.
type restorer struct {
	origin   archive.Origin
	parts    []*immudb.Log // one, or one for each partition
	sequence *immudb.SequenceLog

	waiting [][]contract.Record // of each part
	ends    []int64             // the last positions of the parts
	cut     storage.Cut         // the last one
	last    int                 // the part of the last record
	cuts    []storage.Cut       // that wait
	marks   []contract.Mark     // of the last records of the parts
}

// writeLog writes the records of a backup up to a position.
func writeLog(
	ctx context.Context, from *archive.Archive, to storedlog.Config, data *datadir.Locked, until int64, out io.Writer,
) (err error) {
	state, err := scratch.Make("restore")
	if err != nil {
		return err
	}
	defer os.RemoveAll(state)
	to.Immudb.StateDir = state
	if to.Immudb.AdminPassword, err = secrets.ReadFile(data.AdminPassword()); err != nil {
		return err
	}
	if err := to.Complete(ctx); err != nil {
		return err
	}
	r := newRestorer(from.Origin, to.Databases())
	defer func() { err = errors.Join(err, r.close(context.WithoutCancel(ctx))) }()
	show := terminal.NewProgress(out, "restored")
	defer show.End()
	for records, err := range from.Records() {
		if err != nil {
			return err
		}
		for i := range records {
			if records[i].Position > until {
				return r.finish(ctx, until)
			}
			if err := r.add(ctx, records[i]); err != nil {
				return err
			}
			show.Show(records[i].Position, records[i].Position, until)
		}
	}
	return r.finish(ctx, until)
}

func newRestorer(of archive.Origin, databases []immudb.Config) *restorer {
	r := &restorer{origin: of, waiting: make([][]contract.Record, of.Partitions), ends: make([]int64, of.Partitions),
		marks: make([]contract.Mark, of.Partitions), cut: storage.Cut{Ends: make([]int64, of.Partitions)}}
	if of.Partitions > 1 {
		r.sequence, databases = immudb.NewSequenceLog(databases[0]), databases[1:]
	}
	for _, database := range databases {
		r.parts = append(r.parts, immudb.NewLog(database))
	}
	return r
}

func (r *restorer) close(ctx context.Context) (failed error) {
	for _, part := range r.parts {
		failed = errors.Join(failed, part.Close(ctx))
	}
	if r.sequence != nil {
		failed = errors.Join(failed, r.sequence.Close(ctx))
	}
	return failed
}

// add adds the next record of the whole log. In a partition it has the position that follows there.
func (r *restorer) add(ctx context.Context, record contract.Record) error {
	part := contract.PartitionOf(record.Account, len(r.parts)) - 1
	if r.sequence != nil {
		if err := r.arrange(ctx, part); err != nil {
			return err
		}
	}
	r.ends[part]++
	record.Position = r.ends[part]
	r.marks[part], r.last = record.Mark(), part
	r.waiting[part] = append(r.waiting[part], record)
	if len(r.waiting[part]) < storage.MaxCommitRecords {
		return nil
	}
	return r.write(ctx, part, len(contract.Whole(r.waiting[part])))
}

// write writes the first records of a part that wait.
func (r *restorer) write(ctx context.Context, part, n int) error {
	if n == 0 {
		return nil
	}
	if err := r.parts[part].Restore(ctx, r.waiting[part][:n]); err != nil {
		return fmt.Errorf("write the restored log: %w", err)
	}
	r.waiting[part] = append(r.waiting[part][:0], r.waiting[part][n:]...)
	return nil
}

// arrange ends a cut before a record of a part, if that comes before the part of the last record: within a cut, the
// partitions follow each other. Any cuts that give the same order are the same log.
func (r *restorer) arrange(ctx context.Context, part int) error {
	if part >= r.last {
		return nil
	}
	r.endCut()
	if len(r.cuts) < storage.MaxCommitRecords {
		return nil
	}
	return r.writeCuts(ctx)
}

func (r *restorer) endCut() {
	cut := storage.Cut{Number: r.cut.Number + 1, Ends: append([]int64{}, r.ends...)}
	for i, end := range r.ends {
		if end > r.cut.Ends[i] {
			cut.Marks = append(cut.Marks, r.marks[i])
		}
	}
	r.cuts, r.cut = append(r.cuts, cut), cut
}

func (r *restorer) writeCuts(ctx context.Context) error {
	if err := r.sequence.Restore(ctx, r.cuts); err != nil {
		return fmt.Errorf("write the restored sequence: %w", err)
	}
	r.cuts = r.cuts[:0]
	return nil
}

// finish writes what waits and makes the databases those of the log.
func (r *restorer) finish(ctx context.Context, position int64) error {
	for i, part := range r.parts {
		if err := r.write(ctx, i, len(r.waiting[i])); err != nil {
			return err
		}
		id := r.origin.Log
		if r.sequence != nil {
			id = r.origin.PartitionLogs[i]
		}
		if err := part.EndRestore(ctx, id, r.ends[i]); err != nil {
			return err
		}
	}
	if r.sequence == nil {
		return nil
	}
	r.endCut()
	if err := r.writeCuts(ctx); err != nil {
		return err
	}
	return r.sequence.EndRestore(ctx, r.origin.Log, position)
}
