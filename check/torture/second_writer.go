package torture

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net"
	"os/exec"
	"strings"
	"time"

	"github.com/dapr/dapr/pkg/proto/common/v1"
	"github.com/dapr/dapr/pkg/proto/runtime/v1"
	"google.golang.org/grpc"
	"google.golang.org/grpc/credentials/insecure"
	"google.golang.org/grpc/metadata"
	"google.golang.org/protobuf/types/known/anypb"

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
func (r *run) secondWriter(ctx context.Context) error {
	first := r.bank.parts()["eventsource"]
	if first == 0 {
		return errors.New("eventsource does not run")
	}
	second, err := r.startSecond(first)
	if err != nil {
		return err
	}
	defer second.end()
	r.strike()
	if err := r.bank.awaitAnother(ctx, "eventsource", first); err != nil {
		return fmt.Errorf("the first event source was not fenced: %w", err)
	}
	r.strike()
	for !r.gateway.ready(ctx) && app.Pause(ctx, watchTick) {
	}
	select { // the first is the writer again once it has written
	case <-r.answers.nextApplied(r.clock()):
	case <-ctx.Done():
		return errors.New("no command was acknowledged beside a second event source")
	}
	answer := second.write(ctx)
	select {
	case <-second.gone:
	case <-time.After(fenceTime):
		return fmt.Errorf("a fenced event source was asked to write (%s) and goes on", answer)
	}
	if output := second.output.String(); !strings.Contains(output, fencedText) {
		return fmt.Errorf("a fenced event source ended without saying why: %s", output)
	}
	return nil
}

// writer is an event source that runs beside the bank's.
type writer struct {
	listen  string
	data    string // the bank's directory
	command *exec.Cmd
	output  strings.Builder // read only when it is gone
	gone    chan struct{}
}

func (r *run) startSecond(first int) (*writer, error) {
	w := &writer{data: r.bank.data}
	var err error
	if w.listen, err = freeAddress(); err != nil {
		return nil, err
	}
	arguments := r.bank.arguments(first)[1:]
	for i, argument := range arguments {
		switch flag, _, _ := strings.Cut(argument, "="); flag {
		case "--listen":
			arguments[i] = flag + "=" + w.listen
		case "--health":
			arguments[i] = flag + "=127.0.0.1:0"
		}
	}
	w.command = exec.Command(r.bank.program, arguments...)
	w.command.Env, w.command.Stderr = r.bank.environment(first), &w.output
	if w.gone, err = launch(w.command); err != nil {
		return nil, err
	}
	return w, nil
}

func freeAddress() (string, error) {
	lis, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return "", err
	}
	defer lis.Close()
	return lis.Addr().String(), nil
}

// write asks the second writer to append an event that no client asked for, as
// its sidecar would, and tells what it answered. If it is written, the
// checks find it.
func (w *writer) write(ctx context.Context) string {
	record := contract.Record{
		Account:     bank.NewAccountID("zombie", w.listen),
		Version:     1,
		At:          time.Now().UTC().Truncate(time.Microsecond),
		Key:         w.listen,
		Caller:      "zombie",
		RequestHash: strings.Repeat("0", 32),
	}
	if err := record.SetEvent(bank.AccountOpened{Owner: "Zombie", Currency: currency, Kind: bank.Current}); err != nil {
		return err.Error()
	}
	data, err := json.Marshal(
		contract.AppendRequest{Appends: []contract.Append{{Account: record.Account, Records: []contract.Record{record}}}},
	)
	if err != nil {
		return err.Error()
	}
	answer, err := askToAppend(ctx, w.data, contract.AppEventSource, w.listen, data)
	if err != nil {
		return err.Error()
	}
	return string(answer)
}

// askToAppend calls an event source of the bank in a directory as its sidecar
// would, with the proof of a caller that may append.
func askToAppend(ctx context.Context, bank, of, listen string, data []byte) ([]byte, error) {
	token, err := secrets.Read(bank, secrets.App(of))
	if err != nil {
		return nil, err
	}
	proof, err := secrets.Read(bank, secrets.Append)
	if err != nil {
		return nil, err
	}
	ctx, cancel := context.WithTimeout(ctx, writeTime)
	defer cancel()
	ctx = app.Prove(metadata.AppendToOutgoingContext(ctx, "dapr-api-token", token), proof)
	connection, err := grpc.NewClient(listen, grpc.WithTransportCredentials(insecure.NewCredentials()))
	if err != nil {
		return nil, err
	}
	defer connection.Close()
	answer, err := runtime.NewAppCallbackClient(connection).OnInvoke(ctx, &common.InvokeRequest{
		Method: contract.MethodAppend, ContentType: "application/json", Data: &anypb.Any{Value: data},
		HttpExtension: &common.HTTPExtension{Verb: common.HTTPExtension_POST}})
	if err != nil {
		return nil, err
	}
	return answer.GetData().GetValue(), nil
}

// end ends it, if it has not ended by itself.
func (w *writer) end() {
	_ = w.command.Process.Kill() // it may be gone
	<-w.gone
}
