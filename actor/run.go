package actor

import (
	"context"
	"crypto/ecdsa"
	"errors"
	"fmt"
	"log/slog"
	"math/rand/v2"
	"net"
	"sync/atomic"
	"time"

	"github.com/dapr/go-sdk/client"
	"github.com/prometheus/client_golang/prometheus"
	"golang.org/x/sync/errgroup"

	"corebank/actor/saga"
	"corebank/internal/app"
	"corebank/internal/bank"
	"corebank/internal/batcher"
	"corebank/internal/contract"
	"corebank/internal/identity/issuer"
	"corebank/internal/identity/oidc"
	"corebank/internal/logclient"
	"corebank/internal/metrics"
	"corebank/internal/seal"
)

// Config is what the command app needs to run.
type Config struct {
	// Health is the address of /healthz and /readyz.
	Health string
	// Metrics says where the metrics are.
	Metrics metrics.Config
	// Identity says whose tokens prove who gives commands.
	Identity oidc.Settings
	// KeyFile has the key that signs what the bank itself does, the same for all hosts of actors. It is created if it
	// is missing.
	KeyFile string
	// AppendToken is what the event source takes appends with, if it wants one.
	AppendToken string
	// Partitions is how many partitions the log has.
	Partitions int
	// EventSources are the apps that have the log, on several machines: one works, the
	// others stand by. Without any, there is one with its usual name.
	EventSources []string
}

// How Dapr treats our actors: how long one may idle in memory, and how long the other host waits for a turn that is
// under way when an account moves. The wait holds up all actors, and a turn that outlasts it does no harm: the log
// arbitrates.
const (
	idleTimeout  = 10 * time.Minute
	drainTimeout = 1 * time.Second
)

// Run hosts account actors until ctx ends.
func Run(ctx context.Context, config Config, log *slog.Logger) error {
	people, err := config.Identity.Verifier(actorLeeway)
	if err != nil {
		return err
	}
	key, err := issuer.Key(config.KeyFile)
	if err != nil {
		return err
	}
	signer, err := NewSystemSigner(key, time.Now)
	if err != nil {
		return err
	}
	sidecar, err := app.DialSidecar()
	if err != nil {
		return err
	}
	defer sidecar.Close()
	health, err := net.Listen("tcp", config.Health)
	if err != nil {
		return err
	}
	measured, err := metrics.Open(config.Metrics, prometheus.Labels{"app": contract.AppActor})
	if err != nil {
		return err
	}
	events := logclient.NewPartitioned(sidecar, config.Partitions, config.AppendToken,
		config.EventSources...)
	sealing, err := sealingKey(key)
	if err != nil {
		return err
	}
	host := NewHost(events, stateStore{sidecar}, sealing, time.Now, NewAuthenticator(people, signer.Verifier()))
	host.Divide(config.Partitions)
	driver := saga.New(saga.Parts{Log: events, Divided: config.Partitions > 1, Call: signer.Sign(batcher.Remote(sidecar)),
		Store: sagaStore{sidecar}, Key: sealing, Restored: host.ForgetAll, Here: host.Has,
		Clock: time.Now, Salt: rand.Uint64(), Logger: log})
	measured.Add(host.Metrics()...)
	measured.Add(TransferMetrics(driver.Status)...)

	var subscribed atomic.Bool
	group, ctx := errgroup.WithContext(ctx)
	group.Go(func() error { return measured.Serve(ctx) })
	group.Go(func() error { events.Run(ctx); return nil })
	group.Go(func() error { host.RunSnapshots(ctx); return nil })
	group.Go(func() error {
		return driver.Run(ctx, func(ctx context.Context, handle func(context.Context, contract.Batch) error) error {
			return sidecar.Follow(ctx, contract.LiveFeed, handle)
		})
	})
	group.Go(func() error { return hostActors(ctx, sidecar, host, &subscribed, log) })
	group.Go(func() error {
		return app.ServeHealth(ctx, health, func(ctx context.Context) contract.Readiness {
			if !subscribed.Load() {
				return contract.Readiness{Reason: "the sidecar does not take our actors yet"}
			}
			return host.Ready(ctx)
		})
	})
	return group.Wait()
}

// sealingKey is the key of what the actors store outside of the log: snapshots and the open transfers. It follows from
// the key that signs the bank's own commands, which all hosts of actors have and no other part.
func sealingKey(key *ecdsa.PrivateKey) (seal.Key, error) {
	secret, err := key.Bytes()
	if err != nil {
		return seal.Key{}, err
	}
	return seal.DeriveKey(secret, "corebank: snapshots and open transfers")
}

// hostActors keeps the actor event stream to the sidecar open until ctx ends.
func hostActors(
	ctx context.Context, sidecar *app.Sidecar, host *Host, subscribed *atomic.Bool, log *slog.Logger,
) error {
	grpc, ok := sidecar.Client.(*client.GRPCClient)
	if !ok {
		return errors.New("the Dapr client does not speak gRPC")
	}
	drain := true
	options := client.ActorEventSubscriptionOptions{
		ActorIdleTimeout: idleTimeout, DrainOngoingCallTimeout: drainTimeout, DrainRebalancedActors: &drain}
	for {
		// The stream reconnects by itself from here on.
		stop, err := grpc.SubscribeActorEvents(ctx, host, options)
		if err == nil {
			subscribed.Store(true)
			<-ctx.Done()
			return stop()
		}
		log.Warn("the sidecar does not take our actors, trying again", "error", err)
		if !app.Pause(ctx, time.Second) {
			return nil
		}
	}
}

// stateStore stores snapshots in the Dapr state store.
type stateStore struct{ sidecar *app.Sidecar }

func stateKey(id bank.AccountID) string { return "snapshot-" + string(id) }

func (s stateStore) Load(ctx context.Context, id bank.AccountID) ([]byte, error) {
	item, err := s.sidecar.GetState(ctx, contract.StateStore, stateKey(id), nil)
	if err != nil {
		return nil, fmt.Errorf("state store: %w", err)
	}
	return item.Value, nil
}

func (s stateStore) Save(ctx context.Context, id bank.AccountID, data []byte) error {
	if err := s.sidecar.SaveState(ctx, contract.StateStore, stateKey(id), data, nil); err != nil {
		return fmt.Errorf("state store: %w", err)
	}
	return nil
}

// sagaKey is the key of the open transfers in the state store; all replicas share it.
const sagaKey = "open-transfers"

// sagaStore stores the open transfers in the Dapr state store.
type sagaStore struct{ sidecar *app.Sidecar }

func (s sagaStore) Load(ctx context.Context) ([]byte, error) {
	item, err := s.sidecar.GetState(ctx, contract.StateStore, sagaKey, nil)
	if err != nil {
		return nil, fmt.Errorf("state store: %w", err)
	}
	return item.Value, nil
}

func (s sagaStore) Save(ctx context.Context, data []byte) error {
	if err := s.sidecar.SaveState(ctx, contract.StateStore, sagaKey, data, nil); err != nil {
		return fmt.Errorf("state store: %w", err)
	}
	return nil
}
