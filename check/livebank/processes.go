package livebank

import (
	"context"
	"encoding/json"
	"errors"
	"net"
	"os"
	"os/exec"
	"runtime"
	"strconv"
	"sync"

	immudb "github.com/codenotary/immudb/pkg/client"
	commonpb "github.com/dapr/dapr/pkg/proto/common/v1"
	runtimepb "github.com/dapr/dapr/pkg/proto/runtime/v1"
	"google.golang.org/protobuf/types/known/anypb"

	"corebank/check/must"
	"corebank/internal/contract"
	"corebank/localbank"
	"corebank/localbank/datadir"
	"corebank/localbank/immudbserver"
	"corebank/localbank/ports"
	"corebank/localbank/supervisor"
)

// Supervised are processes that run without a bank around them.
type Supervised struct {
	PIDs map[string]int // by name
	Stop func() error
}

// Supervise starts processes, whose logs go to a directory, and waits until all
// are ready. died is called for one that ends by itself and is started again.
func Supervise(
	ctx context.Context, logs string, died func(name string, why error), processes ...supervisor.Process,
) (s Supervised, err error) {
	defer must.Catch(&err)
	must.Do(os.MkdirAll(logs, 0o700))
	var mu sync.Mutex
	s.PIDs = make(map[string]int)
	group := must.Get(supervisor.New(logs, func(event supervisor.Event) {
		mu.Lock()
		defer mu.Unlock()
		switch event.State {
		case supervisor.Started:
			s.PIDs[event.Process] = event.PID
		case supervisor.Died:
			died(event.Process, event.Err)
		}
	}, processes...))
	s.Stop, err = group.Start(ctx)
	return s, err
}

// Immudb is the database of a bank that does not run.
func Immudb(program string, dir datadir.Dir, address string) supervisor.Process {
	process := localbank.Immudb(program, dir, address)
	process.Grace = 2 * immudbserver.StopTime
	return process
}

// Append calls an event source as its sidecar does.
func Append(ctx context.Context, source runtimepb.AppCallbackClient, request []byte) (reply []byte, err error) {
	return invoke(ctx, source, contract.MethodAppend, request)
}

// Ready asks an event source whether it has the log, without a sidecar between. The error is why it has not.
func Ready(ctx context.Context, source runtimepb.AppCallbackClient) error {
	answer, err := invoke(ctx, source, contract.MethodReady, []byte("{}"))
	if err != nil {
		return err
	}
	var state contract.Readiness
	if err := json.Unmarshal(answer, &state); err != nil {
		return err
	}
	if !state.Ready {
		return errors.New(state.Reason)
	}
	return nil
}

func invoke(
	ctx context.Context, source runtimepb.AppCallbackClient, method string, request []byte,
) (reply []byte, err error) {
	answer, err := source.OnInvoke(ctx, &commonpb.InvokeRequest{Method: method,
		ContentType: "application/json", Data: &anypb.Any{Value: request},
		HttpExtension: &commonpb.HTTPExtension{Verb: commonpb.HTTPExtension_POST}})
	return answer.GetData().GetValue(), err
}

// OpenImmudb opens a session of a user in a database of the server at an address.
// The client's own state goes to a directory.
func OpenImmudb(ctx context.Context, address, state, user, password, database string) (immudb.ImmuClient, error) {
	host, text, err := net.SplitHostPort(address)
	if err != nil {
		return nil, err
	}
	port, err := strconv.Atoi(text)
	if err != nil {
		return nil, err
	}
	session := immudb.NewClient().WithOptions(immudb.DefaultOptions().WithAddress(host).WithPort(port).WithDir(state).
		WithDisableIdentityCheck(true))
	return session, session.OpenSession(ctx, []byte(user), []byte(password), database)
}

// Launch starts a command out of reach of a Ctrl-C at the terminal. On Linux, the
// command is asked to end when this process dies. ended is closed at its end.
func Launch(command *exec.Cmd) (ended chan struct{}, err error) {
	command.SysProcAttr = attributes
	ended = make(chan struct{})
	started := make(chan error)
	go func() {
		// The system minds the end of the thread that started the child, not of
		// the process: this one lives as long as the child.
		runtime.LockOSThread()
		defer runtime.UnlockOSThread()
		err := command.Start()
		started <- err
		if err == nil {
			_ = command.Wait() // how it ended is in ProcessState
			close(ended)
		}
	}()
	return ended, <-started
}

// FreeAddress is an address on this machine where nothing listens.
func FreeAddress() (string, error) {
	held := ports.New()
	defer held.FreeAll()
	return held.Pick()
}
