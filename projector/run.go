package projector

import (
	"context"
	"fmt"
	"log/slog"
	"net"
	"sync/atomic"
	"time"

	"golang.org/x/sync/errgroup"

	"corebank/internal/app"
	"corebank/internal/contract"
	"corebank/internal/view/viewstore"
)

// Config is what the read-model app needs to run.
type Config struct {
	// Health is the address of /healthz and /readyz.
	Health string
	Views  viewstore.Config
}

// catchUpPause is the pause between attempts to read the log.
const catchUpPause = 500 * time.Millisecond

// Run projects until ctx ends: first the log up to its head, then the topic.
func Run(ctx context.Context, config Config, log *slog.Logger) error {
	health, err := net.Listen("tcp", config.Health)
	if err != nil {
		return err
	}
	store, err := config.Views.Open(ctx)
	if err != nil {
		return fmt.Errorf("open the views: %w", err)
	}
	defer store.Close(context.WithoutCancel(ctx))
	sidecar, err := app.DialSidecar()
	if err != nil {
		return err
	}
	defer sidecar.Close()

	p := New(store, remoteLog{sidecar}, log)
	var live atomic.Bool
	group, ctx := errgroup.WithContext(ctx)
	group.Go(func() error {
		for p.CatchUp(ctx) != nil {
			if !app.Pause(ctx, catchUpPause) {
				return nil
			}
		}
		live.Store(true)
		return sidecar.Follow(ctx, contract.PubSub, p.Handle)
	})
	group.Go(func() error {
		return app.ServeHealth(ctx, health, func(context.Context) contract.Readiness {
			if !live.Load() {
				return contract.Readiness{Reason: fmt.Sprintf("the views are catching up with the log and are at position %d", p.Position())}
			}
			return contract.Readiness{Ready: true}
		})
	})
	return group.Wait()
}

// remoteLog reads the log through the sidecar.
type remoteLog struct{ sidecar *app.Sidecar }

func (l remoteLog) ReadAll(ctx context.Context, r contract.ReadAllRequest) (reply contract.Records, err error) {
	return reply, l.sidecar.Invoke(ctx, contract.AppEventSource, contract.MethodReadAll, r, &reply)
}
