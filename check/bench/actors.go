package bench

import (
	"context"
	"fmt"
	"math/rand/v2"
	"time"

	"github.com/dapr/go-sdk/client"

	"corebank/check/must"
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
func openNoop(ctx context.Context, e *env) (_ []measured, err error) {
	defer must.Catch(&err)
	a := must.Get(e.sharedAccounts(ctx))
	calls, authorize, err := e.dialSidecar(e.bank, contract.AppServer)
	must.Do(err)
	load := e.load(moveClients)
	about := fmt.Sprintf("%s, each call through the gateway's sidecar to one of %s that answer at once",
		count(load.Clients, "client"), count(len(a.accounts), "actor"))
	noop := func(ctx context.Context, _, _ int) (int, error) {
		_, err := calls.InvokeActor(authorize(ctx), &client.InvokeActorRequest{ActorType: contract.ActorType,
			ActorID: a.accounts[rand.IntN(len(a.accounts))].id, Method: contract.MethodNothing, Data: []byte("{}")})
		return 1, err
	}
	return []measured{loaded(caseNoop, "calls", about, load, e.bank.used, noop)}, nil
}

// openProject fills the log of a bank and rebuilds its views.
func openProject(ctx context.Context, e *env) (_ []measured, err error) {
	defer must.Catch(&err)
	b := must.Get(e.startBank(ctx))
	must.Get(e.fillLog(ctx, b, "filled", e.Accounts, e.Events))
	about := fmt.Sprintf("%d accounts' views built from %d events by corebank rebuild, while the bank serves",
		min(e.Accounts, e.Events), e.Events)
	return []measured{{caseRebuild, "events", about, b.rebuild}}, nil
}

// rebuild rebuilds the views, as corebank rebuild does.
func (b *runningBank) rebuild(ctx context.Context) (_ Sample, err error) {
	defer must.Catch(&err)
	admin := projector.Admin{Address: b.Where.Parts[contract.AppProjector],
		Token: must.Get(secrets.Read(b.Data, secrets.Admin))}
	began, before := time.Now(), cpuTimesOf(b.processes)
	done := must.Get(admin.Rebuild(ctx, func(projector.Progress) {}))
	took := time.Since(began)
	if done.Compared == nil || done.Seconds <= 0 || done.Events == 0 {
		return Sample{}, fmt.Errorf("the projector reports an empty rebuild: %+v", done)
	}
	return Sample{CPU: cpuTimesOf(b.processes).minus(before).each(done.Events), Measures: []Measure{
		{figureRate, "events/s", float64(done.Events) / done.Seconds},
		{"compared and switched", "events/s", float64(done.Events) / took.Seconds()},
	}}, nil
}
