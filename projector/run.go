package projector

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"net/http"
	"sync/atomic"
	"time"

	"golang.org/x/sync/errgroup"

	"corebank/internal/app"
	"corebank/internal/contract"
	"corebank/internal/logclient"
	"corebank/internal/view/viewstore"
)

// Config is what the read-model app needs to run.
type Config struct {
	// Health is the address of /healthz and /readyz, and of the admin endpoint,
	// which accepts requests from this machine only.
	Health string
	Views  viewstore.Config
	// AdminToken is the token of the admin endpoint. Without one, it accepts no
	// requests.
	AdminToken string
	// Broker, when set, checks whether the broker works: see app.MindBroker.
	Broker func(context.Context) error
}

// readTimeout limits how long a request may take to arrive.
const readTimeout = 5 * time.Second

// Run runs the app until ctx ends. It first catches up with the log, then
// follows the topic.
func Run(ctx context.Context, config Config, log *slog.Logger) error {
	health, err := net.Listen("tcp", config.Health)
	if err != nil {
		return err
	}
	generations, err := config.Views.OpenGenerations()
	if err != nil {
		return fmt.Errorf("open the views: %w", err)
	}
	live, err := generations.Live(ctx)
	if err != nil {
		return fmt.Errorf("open the views: %w", err)
	}
	sidecar, err := app.DialSidecar()
	if err != nil {
		return errors.Join(err, live.Store.Close(ctx))
	}
	defer sidecar.Close()

	p := New(live.Store, newReadAheadLog(logclient.New(sidecar)), log)
	defer p.Close(context.WithoutCancel(ctx))
	var caughtUp atomic.Bool
	group, ctx := errgroup.WithContext(ctx)
	group.Go(func() error { return sidecar.MindBroker(ctx, config.Broker) })
	group.Go(func() error {
		var refused error
		catchUp := func(ctx context.Context) error {
			err := p.RetryOnLive(ctx, generations, func() error { return p.CatchUp(ctx) })
			if errors.Is(err, ErrOtherBank) { // another attempt would not help
				refused, err = err, nil
			}
			return err
		}
		if !logclient.CatchUp(ctx, catchUp, func(err error) {
			log.Warn("the views cannot catch up with the log, trying again", "position", p.Position(), "error", err)
		}) {
			return nil
		}
		if refused != nil {
			return refused
		}
		caughtUp.Store(true)
		return sidecar.Follow(ctx, contract.PubSub, func(ctx context.Context, batch contract.Batch) error {
			return p.RetryOnLive(ctx, generations, func() error { return p.Handle(ctx, batch) })
		})
	})
	group.Go(func() error {
		mux := http.NewServeMux()
		AddAdmin(mux, p, generations, config.AdminToken)
		app.AddHealth(mux, func(context.Context) contract.Readiness {
			switch s := p.Status(); {
			case s.Rebuilding != "":
				return contract.Readiness{Reason: fmt.Sprintf("the views are built again, because %s", s.Rebuilding)}
			case errors.Is(s.Fault, logclient.ErrOtherLog):
				return contract.Readiness{Reason: s.Fault.Error()}
			}
			if !caughtUp.Load() {
				return contract.Readiness{Reason: fmt.Sprintf(
					"the views are catching up with the log and are at position %d", p.Position())}
			}
			return contract.Readiness{Ready: true}
		})
		return app.ServeHTTP(ctx, health, &http.Server{Handler: mux, ReadTimeout: readTimeout,
			BaseContext: func(net.Listener) context.Context { return ctx }})
	})
	return group.Wait()
}
