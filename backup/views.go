package backup

import (
	"context"
	"errors"
	"io"
	"log/slog"
	"os"

	"corebank/internal/contract"
	"corebank/internal/scratch"
	"corebank/internal/terminal"
	"corebank/internal/view/sqlite"
	"corebank/localbank/datadir"
	"corebank/localbank/storedlog"
	"corebank/projector"
)

// readable is a log in a database as the projector reads it.
type readable struct {
	*source
	show *terminal.Progress
}

// ReadAll implements logclient.Reader.
func (l readable) ReadAll(ctx context.Context, r contract.ReadAllRequest) (page contract.Records, err error) {
	if page.Head, err = l.Head(ctx); err != nil {
		return page, err
	}
	limit := r.Limit
	if limit == 0 {
		limit = contract.MaxReadRecords
	}
	page.Records, err = l.source.ReadAll(ctx, r.AfterPosition, limit)
	if whole := contract.Whole(page.Records); !r.InPart && len(whole) > 0 {
		page.Records = whole
	}
	page.Log, page.Takeover = l.origin.Log, "restore"
	read := r.AfterPosition + int64(len(page.Records))
	l.show.Show(read, read, page.Head)
	return page, err
}

// ReadStream implements logclient.StreamReader. Only a replay reads streams.
func (l readable) ReadStream(context.Context, contract.ReadStreamRequest) (contract.Records, error) {
	return contract.Records{}, errors.ErrUnsupported
}

// buildViews builds the views of a restored log, in the bank's directory.
func buildViews(ctx context.Context, from storedlog.Config, data *datadir.Locked, out io.Writer) (err error) {
	state, err := scratch.Make("restore")
	if err != nil {
		return err
	}
	defer os.RemoveAll(state)
	from.Immudb.StateDir = state
	if err := from.Complete(ctx); err != nil {
		return err
	}
	log, err := openSource(ctx, from.Databases())
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, log.close(context.WithoutCancel(ctx))) }()
	live, err := sqlite.NewGenerations(data.Views(), sqlite.Options{}).Live(ctx)
	if err != nil {
		return err
	}
	show := terminal.NewProgress(out, "built the views of")
	defer show.End()
	builder := projector.New(live.Store, readable{log, show}, slog.Default())
	return errors.Join(builder.CatchUp(ctx), builder.Close(context.WithoutCancel(ctx)))
}
