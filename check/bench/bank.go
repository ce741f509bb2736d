package bench

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"math/rand/v2"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"time"

	"github.com/dapr/go-sdk/client"
	"google.golang.org/grpc/metadata"

	"corebank/check/livebank"
	"corebank/check/must"
	"corebank/internal/app"
	apiclient "corebank/internal/client"
	"corebank/internal/contract"
	"corebank/internal/identity"
	"corebank/internal/secrets"
	"corebank/projector"
)

const tokenLife = 7 * 24 * time.Hour // longer than any run

// runningBank is a whole bank of ours, or the one at --url.
type runningBank struct {
	*livebank.Bank // nil for a bank at --url
	url, token     string
	processes      map[string]int // its parts
}

// startBank returns the bank of the group, and starts it if it does not run.
func (e *env) startBank(ctx context.Context) (_ *runningBank, err error) {
	defer must.Catch(&err)
	switch {
	case e.bank != nil:
	case e.remote():
		e.bank = must.Get(e.remoteBank(ctx))
	default:
		e.bank = must.Get(e.up(ctx, filepath.Join(e.dir, "bank")))
		e.onClose(e.bank.Stop)
	}
	return e.bank, nil
}

// remoteBank is the bank at --url, if it answers and accepts the token.
func (e *env) remoteBank(ctx context.Context) (*runningBank, error) {
	b := &runningBank{url: strings.TrimRight(e.URL, "/"), token: e.Token}
	if _, err := e.newGateway(b, 1).head(ctx); err != nil {
		return nil, fmt.Errorf("the bank at %s cannot be measured: %w; it must run, and the token must be a teller's", e.URL,
			err)
	}
	return b, nil
}

// up starts a bank on a directory and waits until it is ready.
func (e *env) up(ctx context.Context, data string) (_ *runningBank, err error) {
	defer must.Catch(&err)
	bank := &livebank.Bank{Program: e.Program, Data: data, Listen: must.Get(livebank.FreeAddress()),
		Arguments: []string{"--log-level=warn"}}
	if err := bank.Start(ctx, livebank.ColdStart); err != nil {
		return nil, errors.Join(err, bank.Kill(context.WithoutCancel(ctx)))
	}
	token, err := apiclient.LocalToken(data, self, identity.Teller, tokenLife)
	if err != nil {
		return nil, errors.Join(err, bank.Kill(context.WithoutCancel(ctx)))
	}
	b := &runningBank{Bank: bank, url: bank.Where.Gateway, token: token}
	b.processes = b.partProcesses()
	return b, nil
}

// partProcesses are the processes of the bank's parts that run now, by name.
func (b *runningBank) partProcesses() map[string]int {
	named := make(map[string]int)
	for part, pid := range b.Parts() {
		named[strings.Replace(part, "-", " ", 1)] = pid
	}
	return named
}

func (b *runningBank) used() map[string]int { return b.processes }

// dialSidecar calls Dapr as one of the bank's apps does. authorize makes the
// context of a call.
func (e *env) dialSidecar(b *runningBank, app string) (
	calls client.Client, authorize func(context.Context) context.Context, err error,
) {
	defer must.Wrap(&err, "connect to the sidecar of %s", app)
	defer must.Catch(&err)
	token := must.Get(secrets.Read(b.Data, secrets.Sidecar(app)))
	calls = client.NewClientWithConnection(must.Get(e.dial(b.Where.Parts[app+"-sidecar"])))
	return calls, func(ctx context.Context) context.Context {
		return metadata.AppendToOutgoingContext(ctx, "dapr-api-token", token)
	}, nil
}

// dialLog returns a call that appends as the actors do, through two sidecars.
func (e *env) dialLog(b *runningBank) (appendCall, error) {
	calls, authorize, err := e.dialSidecar(b, contract.AppActor)
	if err != nil {
		return nil, err
	}
	proof, err := secrets.Read(b.Data, secrets.Append)
	return func(ctx context.Context, request []byte) (reply contract.AppendReply, err error) {
		answer, err := calls.InvokeMethodWithContent(authorize(app.Prove(ctx, proof)), contract.AppEventSource,
			contract.MethodAppend, "POST", &client.DataContent{Data: request, ContentType: "application/json"})
		if err != nil {
			return reply, err
		}
		return reply, json.Unmarshal(answer, &reply)
	}, err
}

// fillLog writes events to the log of a bank, spread over some accounts, and
// waits until the views show them.
func (e *env) fillLog(ctx context.Context, b *runningBank, name string, accounts, events int) (_ *journal, err error) {
	defer must.Wrap(&err, "fill the log with %d events", events)
	defer must.Catch(&err)
	appends := must.Get(e.dialLog(b))
	e.progress("writing a log of %s events", thousands(events))
	j := newJournal(name, accounts)
	must.Do(j.fill(ctx, appends, events, e.Batch))
	return j, e.newGateway(b, 1).settled(ctx)
}

// The cases of starting.
const (
	caseStartCold = "start, cold"
	caseStartWarm = "start, warm"
	figureReady   = "ready after"
)

// caseStartKilled is the start of a bank that was killed with so many events in
// its log.
func caseStartKilled(events int) string {
	return "start, killed with " + thousands(events) + " events"
}

func openStart(ctx context.Context, e *env) (_ []measured, err error) {
	defer must.Catch(&err)
	stop := (*runningBank).Stop
	kill := func(b *runningBank) error { return b.Kill(context.WithoutCancel(ctx)) }
	start := func(name, about, dir string, end func(*runningBank) error) measured {
		return measured{name, "starts", "corebank up until it is ready, " + about,
			func(ctx context.Context) (Sample, error) { return e.timeStart(ctx, filepath.Join(e.dir, dir), end) }}
	}
	colds := 0
	cold := start(caseStartCold, "on an empty directory; Dapr was built before", "", nil)
	cold.run = func(ctx context.Context) (Sample, error) {
		colds++
		dir := filepath.Join(e.dir, "cold"+strconv.Itoa(colds))
		sample, err := e.timeStart(ctx, dir, stop)
		return sample, errors.Join(err, os.RemoveAll(dir))
	}
	warm := start(caseStartWarm, "on the directory of a bank that was stopped", "warm", stop)
	killed := start(caseStartKilled(e.History), "after kill -9 of all its processes", "killed", kill)
	// The first start may build Dapr, and it brings the programs into the page cache.
	must.Get(warm.run(ctx))
	b := must.Get(e.up(ctx, filepath.Join(e.dir, "killed")))
	_, err = e.fillLog(ctx, b, "killed", e.Accounts, e.History)
	must.Do(errors.Join(err, kill(b)))
	return []measured{cold, warm, killed}, nil
}

func (e *env) timeStart(ctx context.Context, dir string, end func(*runningBank) error) (Sample, error) {
	b, err := e.up(ctx, dir)
	if err != nil {
		return Sample{}, err
	}
	return Sample{Measures: []Measure{{figureReady, "s", b.Took.Seconds()}}}, end(b)
}

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

func openProject(ctx context.Context, e *env) (_ []measured, err error) {
	defer must.Catch(&err)
	b := must.Get(e.startBank(ctx))
	must.Get(e.fillLog(ctx, b, "filled", e.Accounts, e.Events))
	about := fmt.Sprintf("%d accounts' views built from %d events by corebank rebuild, while the bank serves",
		min(e.Accounts, e.Events), e.Events)
	return []measured{{caseRebuild, "events", about, b.rebuild}}, nil
}

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
