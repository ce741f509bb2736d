package bench

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/dapr/go-sdk/client"
	"google.golang.org/grpc/metadata"

	"corebank/internal/app"
	"corebank/internal/contract"
	"corebank/internal/identity"
	"corebank/internal/identity/issuer"
	"corebank/internal/secrets"
)

// Bounds of a bank's life. The very first start may have to build Dapr.
const (
	startTimeout = 25 * time.Minute
	stopTimeout  = 32 * time.Second
	readyPause   = 10 * time.Millisecond
	tokenLife    = 7 * 24 * time.Hour // longer than any run
)

// runningBank is a whole bank, as `corebank up` runs it, or one at --url.
type runningBank struct {
	url       string
	token     string // of its own issuer
	data      string
	parts     map[string]string // addresses, from run.json
	processes map[string]int
	startTook time.Duration
	command   *exec.Cmd // nil for a bank at --url
	ended     chan error
}

// startBank returns the bank of the group, and starts it if it does not run.
func (e *env) startBank(ctx context.Context) (b *runningBank, err error) {
	if e.bank != nil {
		return e.bank, nil
	}
	if e.remote() {
		b, err = e.remoteBank(ctx)
	} else if b, err = e.up(ctx, filepath.Join(e.dir, "bank")); err == nil {
		e.onClose(b.stop)
	}
	if err != nil {
		return nil, err
	}
	e.bank = b
	return b, nil
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
func (e *env) up(ctx context.Context, data string) (*runningBank, error) {
	var listen string
	logs, err := e.logsDir()
	if err = errors.Join(err, freeAddresses(&listen)); err != nil {
		return nil, err
	}
	log, err := os.Create(filepath.Join(logs, "up-"+filepath.Base(data)+".log"))
	if err != nil {
		return nil, err
	}
	defer log.Close()
	b := &runningBank{url: "http://" + listen, data: data, ended: make(chan error, 1)}
	b.command = exec.Command(e.Program, "up", "--listen="+listen, "--data="+data, "--log-level=warn")
	b.command.Dir, b.command.Env, b.command.Stdout, b.command.Stderr = e.dir, environment(), log, log
	began := time.Now()
	if err := b.command.Start(); err != nil {
		return nil, err
	}
	go func() { b.ended <- b.command.Wait() }()
	if err := b.awaitReady(ctx); err != nil {
		text, _ := os.ReadFile(log.Name())
		return nil, errors.Join(fmt.Errorf("%w: %.300s", err, text), b.kill())
	}
	b.startTook = time.Since(began)
	if err := b.signIn(); err != nil {
		return nil, errors.Join(err, b.kill())
	}
	b.processes = b.partProcesses()
	return b, nil
}

func (b *runningBank) awaitReady(ctx context.Context) error {
	ctx, cancel := context.WithTimeout(ctx, startTimeout)
	defer cancel()
	for {
		if err := answersOK(ctx, b.url+"/readyz"); err == nil {
			return nil
		}
		select {
		case ended := <-b.ended:
			b.ended <- ended
			return fmt.Errorf("corebank up ended: %w", ended)
		case <-ctx.Done():
			return fmt.Errorf("corebank up is not ready: %w", ctx.Err())
		case <-time.After(readyPause):
		}
	}
}

// signIn reads the addresses of the bank's parts and issues a token.
func (b *runningBank) signIn() error {
	text, err := os.ReadFile(filepath.Join(b.data, "run.json"))
	if err != nil {
		return err
	}
	var running struct{ Parts map[string]string }
	if err := json.Unmarshal(text, &running); err != nil {
		return fmt.Errorf("the addresses of the bank's parts: %w", err)
	}
	b.parts = running.Parts
	local, err := issuer.Open(b.data)
	if err != nil {
		return fmt.Errorf("sign in: %w", err)
	}
	b.token, err = local.Token("bench", identity.Teller, time.Now(), tokenLife)
	return err
}

// stop ends the bank in order.
func (b *runningBank) stop() error {
	if err := b.command.Process.Signal(os.Interrupt); err != nil && !errors.Is(err, os.ErrProcessDone) {
		return err
	}
	select {
	case <-b.ended:
		return nil
	case <-time.After(stopTimeout):
		return errors.Join(errors.New("corebank up does not stop"), b.kill())
	}
}

// kill kills all processes of the bank at once.
func (b *runningBank) kill() error {
	pids := []int{b.command.Process.Pid}
	for pid := range childrenOf(b.command.Process.Pid) {
		pids = append(pids, pid)
	}
	for _, pid := range pids {
		if process, err := os.FindProcess(pid); err == nil {
			_ = process.Kill() // it may have ended
		}
	}
	<-b.ended
	return nil
}

// partProcesses are the processes of the bank's parts that run now, by name.
func (b *runningBank) partProcesses() map[string]int {
	parts := map[string]int{}
	for pid, arguments := range childrenOf(b.command.Process.Pid) {
		if name := partName(arguments); name != "" {
			parts[name] = pid
		}
	}
	return parts
}

// partName is the name of the part that a command line runs.
func partName(arguments []string) string {
	for _, argument := range arguments {
		if app, ok := strings.CutPrefix(argument, "--app-id="); ok {
			return app + " sidecar"
		}
	}
	switch {
	case len(arguments) < 2:
		return ""
	case slices.Contains([]string{"placement", "sentry"}, filepath.Base(arguments[0])):
		return filepath.Base(arguments[0])
	default:
		return arguments[1]
	}
}

// sidecar calls Dapr as one of the bank's apps does.
type sidecar struct {
	client.Client
	token string
}

func (e *env) dialSidecar(b *runningBank, app string) (s sidecar, err error) {
	if s.token, err = secrets.Read(b.data, secrets.Sidecar(app)); err != nil {
		return s, err
	}
	connection, err := e.dial(b.parts[app+"-sidecar"])
	if err != nil {
		return s, fmt.Errorf("connect to the sidecar of %s: %w", app, err)
	}
	s.Client = client.NewClientWithConnection(connection)
	return s, nil
}

func (s sidecar) authorize(ctx context.Context) context.Context {
	return metadata.AppendToOutgoingContext(ctx, "dapr-api-token", s.token)
}

// dialLog returns a call that appends as the actors do, through two sidecars.
func (e *env) dialLog(b *runningBank) (appendCall, error) {
	calls, err := e.dialSidecar(b, contract.AppActor)
	if err != nil {
		return nil, err
	}
	proof, err := secrets.Read(b.data, secrets.Append)
	if err != nil {
		return nil, err
	}
	return func(ctx context.Context, request []byte) (reply contract.AppendReply, err error) {
		ctx = calls.authorize(app.Prove(ctx, proof))
		answer, err := calls.InvokeMethodWithContent(ctx, contract.AppEventSource, contract.MethodAppend, "POST",
			&client.DataContent{Data: request, ContentType: "application/json"})
		if err != nil {
			return reply, err
		}
		return reply, json.Unmarshal(answer, &reply)
	}, nil
}

// fillLog writes events to the log of a bank, spread over some accounts, and
// waits until the views show them.
func (e *env) fillLog(ctx context.Context, b *runningBank, name string, accounts, events int) (*journal, error) {
	appends, err := e.dialLog(b)
	if err != nil {
		return nil, err
	}
	e.progress("writing a log of %s events", thousands(int64(events)))
	j := newJournal(name, accounts)
	if err := j.fill(ctx, appends, events, e.Batch); err != nil {
		return nil, fmt.Errorf("fill the log with %d events: %w", events, err)
	}
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
	return "start, killed with " + thousands(int64(events)) + " events"
}

// openStart measures how long a bank takes to be ready.
func openStart(ctx context.Context, e *env) ([]measured, error) {
	// The first start may build Dapr, and it brings the programs into the page cache.
	warm, killed := filepath.Join(e.dir, "warm"), filepath.Join(e.dir, "killed")
	if _, err := e.timeStart(ctx, warm, (*runningBank).stop); err != nil {
		return nil, err
	}
	b, err := e.up(ctx, killed)
	if err != nil {
		return nil, err
	}
	_, err = e.fillLog(ctx, b, "killed", e.Accounts, e.History)
	if err = errors.Join(err, b.kill()); err != nil {
		return nil, err
	}
	colds := 0
	cold := func(ctx context.Context) (Sample, error) {
		colds++
		dir := filepath.Join(e.dir, "cold"+strconv.Itoa(colds))
		sample, err := e.timeStart(ctx, dir, (*runningBank).stop)
		return sample, errors.Join(err, os.RemoveAll(dir))
	}
	start := func(dir string, end func(*runningBank) error) func(context.Context) (Sample, error) {
		return func(ctx context.Context) (Sample, error) { return e.timeStart(ctx, dir, end) }
	}
	const until = "corebank up until it is ready, "
	return []measured{
		{caseStartCold, "starts", until + "on an empty directory; Dapr was built before", cold},
		{caseStartWarm, "starts", until + "on the directory of a bank that was stopped", start(warm, (*runningBank).stop)},
		{caseStartKilled(e.History), "starts", until + "after kill -9 of all its processes",
			start(killed, (*runningBank).kill)},
	}, nil
}

// timeStart measures one start and ends the bank again.
func (e *env) timeStart(ctx context.Context, dir string, end func(*runningBank) error) (Sample, error) {
	b, err := e.up(ctx, dir)
	if err != nil {
		return Sample{}, err
	}
	return Sample{Measures: []Measure{{figureReady, "s", b.startTook.Seconds()}}}, end(b)
}
