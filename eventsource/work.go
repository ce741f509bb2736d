package eventsource

import (
	"context"
	"log/slog"
	"sync/atomic"

	"golang.org/x/sync/errgroup"

	"corebank/internal/app"
	"corebank/internal/contract"
	"corebank/internal/metrics"
)

// work is what the one event source does that works, of several. Before that, it stands by: its methods say so, and
// nothing of the log is touched.
type work struct {
	config   Config
	sidecar  *app.Sidecar
	measured *metrics.Endpoint
	log      *slog.Logger
	active   atomic.Pointer[active] // nil while it stands by
}

// active is an event source that works.
type active struct {
	api     *API
	methods map[string]app.Method
	own     *Ownership
}

// serves reports whether the log may be read and written here. With copies on several machines, that is so only while
// the log is taken over: before that, its primary may have what was acknowledged and show it only when another machine
// has it as well. And it is not so after this process has stood still: another one may have taken its place.
func (w *work) serves(working *active) bool {
	switch {
	case working == nil:
		return false
	case w.config.Lease != nil && !w.config.Lease.Sure():
		return false
	case w.config.Immudb.Machines == nil:
		return true
	}
	state := working.api.writer.Ready()
	return state.Ready || state.ReadOnly
}

// answers reports whether what is read here is not from before another event source took the log over, as far as
// shownWithin goes.
func (w *work) answers(ctx context.Context, working *active) bool {
	return w.serves(working) && (w.config.Immudb.Machines == nil || working.own.Shown(ctx))
}

// do writes the log and publishes from it until ctx ends.
func (w *work) do(ctx context.Context) error {
	group, ctx := errgroup.WithContext(ctx)
	if machines := w.config.Immudb.Machines; machines != nil && w.config.Lease != nil {
		group.Go(func() error { return machines.Tend(ctx) })
	}
	api, part := startPart(ctx, group, w.config, w.sidecar, w.measured, w.log)
	defer part.Close(context.WithoutCancel(ctx))
	w.active.Store(&active{api, api.Methods(), NewOwnership(part, w.config.Lease)})
	defer w.active.Store(nil)
	return group.Wait()
}

// methods are the API's, while there is one.
func (w *work) methods() map[string]app.Method {
	methods := make(map[string]app.Method)
	for name := range (&API{}).Methods() {
		methods[name] = func(ctx context.Context, data []byte) ([]byte, error) {
			working := w.active.Load()
			if !w.answers(ctx, working) {
				return nil, app.ErrStandsBy
			}
			answer, err := working.methods[name](ctx, data)
			if !w.answers(ctx, working) { // it may have stood still meanwhile
				return nil, app.ErrStandsBy
			}
			return answer, err
		}
	}
	// An append needs no more: what is acknowledged shows that the log is our own.
	methods[contract.MethodAppend] = func(ctx context.Context, data []byte) ([]byte, error) {
		working := w.active.Load()
		if !w.serves(working) {
			return nil, app.ErrStandsBy
		}
		return working.methods[contract.MethodAppend](ctx, data)
	}
	methods[contract.MethodAppend] = app.Proven(w.config.AppendToken, methods[contract.MethodAppend])
	return methods
}

// ready reports that this event source does its work, which may be to stand by.
func (w *work) ready(context.Context) contract.Readiness {
	if working := w.active.Load(); working != nil {
		return working.api.writer.Ready()
	}
	return contract.Readiness{Ready: w.config.Lease != nil, Reason: "stands by: another event source writes the log"}
}
