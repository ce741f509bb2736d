package banktest

import (
	"cmp"
	"context"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"fmt"
	"log/slog"
	"net/http/httptest"
	"slices"
	"sync"
	"testing"
	"time"

	actorerr "github.com/dapr/go-sdk/actor/error"

	"corebank/actor"
	"corebank/actor/saga"
	"corebank/eventsource"
	"corebank/eventsource/storage"
	"corebank/internal/bank"
	"corebank/internal/batcher"
	"corebank/internal/contract"
	"corebank/internal/identity"
	"corebank/internal/identity/identitytest"
	"corebank/internal/identity/session"
	"corebank/internal/view"
	"corebank/projector"
	"corebank/server"
	"corebank/server/guard"
)

// settleTimeout bounds every wait of a test.
const settleTimeout = 30 * time.Second

// Bank is a running bank.
type Bank struct {
	*Client
	// Log is the log of a bank with one partition.
	Log   *storage.MemoryLog
	Views view.Store
	// People is the issuer whose tokens the bank accepts.
	People *identitytest.Issuer

	t         testing.TB
	disks     *Disks
	ends      []func()
	writers   []*eventsource.Writer // by partition
	opened    []storage.Log         // by partition: what the writers write
	relay     *eventsource.Relay
	projector *projector.Projector
	driver    *saga.Driver
	parts     server.Parts
	host      *actor.Host
	sessions  session.Store // of browsers
	stalled   sync.RWMutex  // for writing, while transfers do not go on
}

// Start runs a bank until the test ends.
func Start(t testing.TB) *Bank {
	t.Helper()
	return StartOn(t, 1)
}

// StartOn is Start for a bank whose log has several partitions.
func StartOn(t testing.TB, partitions int) *Bank {
	t.Helper()
	return StartOnDisks(t, newDisks(t, partitions))
}

// StartOnDisks runs a bank on disks until it is stopped, or until the test ends. Only one bank at a time may run on
// them.
func StartOnDisks(t testing.TB, disks *Disks) *Bank {
	t.Helper()
	quiet := cmp.Or(disks.log, slog.New(slog.DiscardHandler))
	b := &Bank{t: t, disks: disks, sessions: session.Store{Dir: t.TempDir()}}
	t.Cleanup(b.Stop)
	partitions := len(disks.logs)
	parts := b.openLog(partitions, quiet)
	log := parts.whole
	b.People = identitytest.NewIssuer(t)
	people := b.People.Verifier()
	own, err := actor.NewSystemSigner(disks.key, time.Now)
	if err != nil {
		t.Fatal(err)
	}
	host := actor.NewHost(parts.own, disks.snapshots, disks.sealing, time.Now,
		actor.NewAuthenticator(people, own.Verifier()))
	host.Divide(partitions)
	transfers := &follower{}
	b.driver = saga.New(saga.Parts{Log: parts.own, Divided: partitions > 1, Call: own.Sign(b.steps(account(host))),
		Store: disks.transfers, Key: disks.sealing, Restored: host.ForgetAll, Here: host.Has, Clock: time.Now, Logger: quiet})
	feed := server.NewSubscriptionHub(log)
	views, project := b.openViews(log, quiet)
	verified := server.NewVerifiedViews(views, log)
	feed.OnTakeover(verified.Note)
	parts.publish(topic{project, feed.Handle, transfers.Handle})
	for _, work := range parts.works {
		b.background(work)
	}
	b.background(func(ctx context.Context) error { host.RunSnapshots(ctx); return nil })
	b.background(func(ctx context.Context) error { return b.driver.Run(ctx, transfers.follow) })
	b.Until("the bank to take commands", func() bool { return parts.ready() && b.driver.Status().CaughtUp })

	b.host, b.parts = host, server.Parts{Commands: server.NewCommands(account(host), clearing(host)), Views: verified,
		Subscriptions: feed, Log: log, Verify: people.Verify, Metrics: server.NewMetrics()}
	b.Client = b.Gateway(guard.Config{})
	return b
}

// Gateway opens another gateway of the same bank, with its own limits, and
// returns a client of it.
func (b *Bank) Gateway(limits guard.Config) *Client {
	b.t.Helper()
	return b.GatewayWith(func(parts *server.Parts) { parts.Guard = limits })
}

// GatewayWith is Gateway with other parts.
func (b *Bank) GatewayWith(change func(*server.Parts)) *Client {
	b.t.Helper()
	parts := b.parts
	change(&parts)
	parts.Sessions = &b.sessions
	gateway := httptest.NewUnstartedServer(nil)
	gateway.Config = server.NewHTTP(server.Handler(parts, b.host.Ready),
		cmp.Or(b.disks.log, slog.New(slog.DiscardHandler)))
	gateway.Start()
	b.atEnd(gateway.Close)
	return NewClient(b.t, gateway.URL, b.People.TokenFor(Teller, identity.Teller))
}

// SignIn is a link that signs one browser in to the console, once, as the one that
// "corebank up" prints does.
func (b *Bank) SignIn() string {
	b.t.Helper()
	code, err := b.sessions.Offer(b.People.TokenFor(string(identity.Teller), identity.Teller))
	if err != nil {
		b.t.Fatal(err)
	}
	return session.Link(b.URL, code)
}

// Teller is the default user.
const Teller = "tess"

// As returns a client that signs in as a user with a role.
func (b *Bank) As(subject string, role identity.Role) *Client {
	b.t.Helper()
	return b.With(b.People.TokenFor(subject, role))
}

// key makes the key with which the bank signs its own commands.
func key(t testing.TB) *ecdsa.PrivateKey {
	made, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	return made
}

// background runs work until the test ends.
func (b *Bank) background(work func(context.Context) error) {
	ctx, cancel := context.WithCancel(context.Background())
	var running sync.WaitGroup
	running.Go(func() {
		if err := work(ctx); err != nil {
			b.t.Errorf("part of the bank failed: %v", err)
		}
	})
	b.atEnd(func() { cancel(); running.Wait() })
}

// atEnd runs a function when the bank stops, before those that were given earlier.
func (b *Bank) atEnd(end func()) { b.ends = append(b.ends, end) }

// Stop stops the bank. What it stored remains.
func (b *Bank) Stop() {
	ends := b.ends
	b.ends = nil
	for _, end := range slices.Backward(ends) {
		end()
	}
}

// Halt has the event source refuse everything for a reason, until it is "".
func (b *Bank) Halt(reason string) {
	for _, writer := range b.writers {
		writer.Halt(reason)
	}
}

func (b *Bank) Until(what string, condition func() bool) {
	b.t.Helper()
	deadline := time.After(settleTimeout)
	tick := time.NewTicker(time.Millisecond)
	defer tick.Stop()
	for !condition() {
		select {
		case <-deadline:
			b.t.Fatalf("waited %s for %s", settleTimeout, what)
		case <-tick.C:
		}
	}
}

// account gives an account's actor a turn, in the bytes of the call.
func account(host *actor.Host) batcher.Call {
	return func(ctx context.Context, id bank.AccountID, batch contract.CommandBatch) (contract.CommandReply, error) {
		return turn(ctx, host, contract.ActorType, string(id), batch)
	}
}

// clearing is account for clearing actors.
func clearing(host *actor.Host) batcher.Clearing {
	return func(ctx context.Context, id string, batch contract.ClearingBatch) (contract.CommandReply, error) {
		return turn(ctx, host, contract.ClearingType, id, batch)
	}
}

func turn(ctx context.Context, host *actor.Host, kind, id string, batch any) (reply contract.CommandReply, err error) {
	data, err := contract.Encode(batch)
	if err != nil {
		return reply, err
	}
	answer, failed := host.InvokeActorMethod(ctx, kind, id, contract.MethodExecute, data)
	if failed != actorerr.Success {
		return reply, fmt.Errorf("the actor failed: %v", failed)
	}
	return reply, contract.Decode(answer, &reply)
}

// steps are the calls with which transfers go on.
func (b *Bank) steps(call batcher.Call) batcher.Call {
	return func(ctx context.Context, id bank.AccountID, batch contract.CommandBatch) (contract.CommandReply, error) {
		b.stalled.RLock()
		defer b.stalled.RUnlock()
		return call(ctx, id, batch)
	}
}

// Stall keeps transfers where they are until resume is called.
func (b *Bank) Stall() (resume func()) {
	b.stalled.Lock()
	return b.stalled.Unlock
}

// Settle waits until every transfer has ended and the views show the whole log.
func (b *Bank) Settle() {
	b.t.Helper()
	b.Until("the transfers to end and the views to catch up", func() bool {
		transfers := b.driver.Status()
		head := b.head() // read after the transfers, so that it includes their ends
		return transfers.Transfers == 0 && transfers.Position >= head && b.projector.Position() >= head
	})
}
