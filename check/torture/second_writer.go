package torture

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"os/exec"
	"strings"
	"time"

	runtimepb "github.com/dapr/dapr/pkg/proto/runtime/v1"
	"google.golang.org/grpc"
	"google.golang.org/grpc/credentials/insecure"
	"google.golang.org/grpc/metadata"

	"corebank/check/livebank"
	"corebank/check/must"
	"corebank/internal/app"
	"corebank/internal/bank"
	"corebank/internal/contract"
	"corebank/internal/secrets"
)

// Bounds of a second writer.
const (
	fenceTime  = 30 * time.Second // from a write that cannot succeed to its end
	writeTime  = 10 * time.Second
	fencedText = "another event source has taken over the log"
)

// secondWriter starts another event source beside the bank's, with the same
// database, user, sidecar and directory, as by mistake. It fences the first, which ends, is started again
// and fences the second. That one does not know it yet: it is asked to write,
// must not, and must end.
func (r *run) secondWriter(ctx context.Context, _ injection) (err error) {
	defer must.Catch(&err)
	first := r.bank.Parts()[contract.AppEventSource]
	if first == 0 {
		return errors.New("eventsource does not run")
	}
	var output strings.Builder // read only when the second is gone
	listen := must.Get(livebank.FreeAddress())
	second := r.anotherOf(first, listen)
	second.Stderr = &output
	gone := must.Get(livebank.Launch(second))
	defer func() {
		_ = second.Process.Kill() // it may be gone
		<-gone
	}()
	r.strike()
	if err := r.bank.AwaitAnother(ctx, contract.AppEventSource, first); err != nil {
		return fmt.Errorf("the first event source was not fenced: %w", err)
	}
	r.strike()
	for r.bank.Readiness(ctx) != nil && app.Pause(ctx, watchTick) {
	}
	select { // the first is the writer again once it has written
	case <-r.load.nextApplied(r.clock()):
	case <-ctx.Done():
		return errors.New("no command was acknowledged beside a second event source")
	}
	answer := fmt.Sprint(r.askToWrite(ctx, listen))
	select {
	case <-gone:
	case <-time.After(fenceTime):
		return fmt.Errorf("a fenced event source was asked to write (%s) and goes on", answer)
	}
	if !strings.Contains(output.String(), fencedText) {
		return fmt.Errorf("a fenced event source ended without saying why: %s", output.String())
	}
	return nil
}

// anotherOf is a command that runs what a process of the bank runs, with another
// address.
func (r *run) anotherOf(first int, listen string) *exec.Cmd {
	arguments := livebank.Arguments(first)[1:]
	for i, argument := range arguments {
		switch flag, _, _ := strings.Cut(argument, "="); flag {
		case "--listen":
			arguments[i] = flag + "=" + listen
		case "--health", "--metrics":
			arguments[i] = flag + "=127.0.0.1:0"
		}
	}
	command := exec.Command(r.Program, arguments...)
	command.Env = livebank.EnvironmentOf(first)
	return command
}

// askToWrite asks the second writer to append an event that no client asked for, as
// its sidecar would. If it is written, the checks find it.
func (r *run) askToWrite(ctx context.Context, listen string) (answer string, err error) {
	defer must.Catch(&err)
	record := newRecord("zombie", bank.NewAccountID("zombie", listen), 1)
	must.Do(record.SetEvent(bank.AccountOpened{Owner: "Zombie", Currency: currency, Kind: bank.Current}))
	body := must.Get(json.Marshal(
		contract.AppendRequest{Appends: []contract.Append{{Account: record.Account, Records: []contract.Record{record}}}}))
	return string(must.Get(askToAppend(ctx, r.Data, contract.AppEventSource, listen, body))), nil
}

func (r *run) askEventSource(ctx context.Context, app string, body []byte) ([]byte, error) {
	for _, argument := range livebank.Arguments(r.bank.Parts()[app]) {
		if listen, is := strings.CutPrefix(argument, "--listen="); is {
			return askToAppend(ctx, r.Data, app, listen, body)
		}
	}
	return nil, fmt.Errorf("%s does not run", app)
}

// askToAppend calls an event source of the bank in a directory as its sidecar
// would, with the proof of a caller that may append.
func askToAppend(ctx context.Context, data, of, listen string, body []byte) (_ []byte, err error) {
	defer must.Catch(&err)
	token := must.Get(secrets.Read(data, secrets.App(of)))
	proof := must.Get(secrets.Read(data, secrets.Append))
	ctx, cancel := context.WithTimeout(ctx, writeTime)
	defer cancel()
	ctx = app.Prove(metadata.AppendToOutgoingContext(ctx, "dapr-api-token", token), proof)
	connection := must.Get(grpc.NewClient(listen, grpc.WithTransportCredentials(insecure.NewCredentials())))
	defer connection.Close()
	return livebank.Append(ctx, runtimepb.NewAppCallbackClient(connection), body)
}
