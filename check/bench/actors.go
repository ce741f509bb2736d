package bench

import (
	"context"
	"fmt"
	"math/rand/v2"
	"time"

	"github.com/dapr/go-sdk/client"

	"corebank/internal/contract"
	"corebank/internal/secrets"
	"corebank/projector"
)

const (
	caseNoop    = "noop"
	caseRebuild = "rebuild"
)

// openNoop measures what Dapr alone costs: calls of the actors that get the
// deposits, over the same sidecars, without any work.
func openNoop(ctx context.Context, e *env) ([]measured, error) {
	a, err := e.sharedAccounts(ctx)
	if err != nil {
		return nil, err
	}
	calls, err := e.dialSidecar(e.bank, contract.AppServer)
	if err != nil {
		return nil, err
	}
	load := e.load(moveClients)
	about := fmt.Sprintf("%s, each call through the gateway's sidecar to one of %s that answer at once",
		count(load.Clients, "client"), count(len(a.accounts), "actor"))
	noop := func(ctx context.Context, _, _ int) (int, error) {
		_, err := calls.InvokeActor(calls.authorize(ctx), &client.InvokeActorRequest{ActorType: contract.ActorType,
			ActorID: a.accounts[rand.IntN(len(a.accounts))].id, Method: contract.MethodNothing, Data: []byte("{}")})
		return 1, err
	}
	return []measured{{caseNoop, "calls", about, func(ctx context.Context) (Sample, error) {
		return e.measure(ctx, load, "calls", e.bank.processes, noop)
	}}}, nil
}

// openProject fills the log of a bank and rebuilds its views.
func openProject(ctx context.Context, e *env) ([]measured, error) {
	b, err := e.startBank(ctx)
	if err != nil {
		return nil, err
	}
	if _, err := e.fillLog(ctx, b, "filled", e.Accounts, e.Events); err != nil {
		return nil, err
	}
	about := fmt.Sprintf("%d accounts' views built from %d events by corebank rebuild, while the bank serves",
		min(e.Accounts, e.Events), e.Events)
	return []measured{{caseRebuild, "events", about, b.rebuild}}, nil
}

// rebuild rebuilds the views, as corebank rebuild does.
func (b *runningBank) rebuild(ctx context.Context) (Sample, error) {
	token, err := secrets.Read(b.data, secrets.Admin)
	if err != nil {
		return Sample{}, err
	}
	began, before := time.Now(), cpuTimesOf(b.processes)
	admin := projector.Admin{Address: b.parts[contract.AppProjector], Token: token}
	done, err := admin.Rebuild(ctx, func(projector.Progress) {})
	if err != nil {
		return Sample{}, err
	}
	took := time.Since(began)
	if done.Compared == nil || done.Seconds <= 0 || done.Events == 0 {
		return Sample{}, fmt.Errorf("the projector reports an empty rebuild: %+v", done)
	}
	return Sample{CPU: cpuTimesOf(b.processes).minus(before).each(done.Events), Measures: []Measure{
		{figureRate, "events/s", float64(done.Events) / done.Seconds},
		{"compared and switched", "events/s", float64(done.Events) / took.Seconds()},
	}}, nil
}
