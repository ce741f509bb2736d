package bench

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"

	commonpb "github.com/dapr/dapr/pkg/proto/common/v1"
	runtimepb "github.com/dapr/dapr/pkg/proto/runtime/v1"
	"google.golang.org/grpc"
	"google.golang.org/grpc/credentials/insecure"
	"google.golang.org/protobuf/types/known/anypb"

	"corebank/internal/contract"
)

// The cases of the scenario.
const (
	caseAppend     = "append"
	caseAppendIdle = "append, idle"
)

// appendClients is how many calls one actor host has under way to the event
// source at most.
const appendClients = 4

// openAppend measures the event source as the sidecar of an actor host uses it:
// a few calls at a time, each with the appends of many accounts.
func openAppend(ctx context.Context, l *lab) ([]measured, error) {
	parts, err := l.startLog(ctx)
	if err != nil {
		return nil, err
	}
	source, err := l.dialEventSource(parts.service)
	if err != nil {
		return nil, err
	}
	load := l.load(appendClients)
	many, alone := newJournal("many", max(l.Accounts, load.Clients)), newJournal("alone", 100)
	if err := errors.Join(many.open(ctx, source.append, l.Batch), alone.open(ctx, source.append, l.Batch)); err != nil {
		return nil, fmt.Errorf("open the accounts: %w", err)
	}
	return []measured{
		{caseAppend, "events", fmt.Sprintf("%d clients, each call with the appends of %d accounts", load.Clients, l.Batch), func(ctx context.Context) (Sample, error) {
			return l.measure(ctx, load, "events", parts.processes, source.appends(many, load.Clients, l.Batch))
		}},
		{caseAppendIdle, "events", "one client, one append after the other", func(ctx context.Context) (Sample, error) {
			return l.measure(ctx, Load{Clients: 1, Warmup: l.Warmup, Time: l.Time}, "events", parts.processes, source.appends(alone, 1, 1))
		}},
	}, nil
}

// eventSource calls the event source where its sidecar would.
type eventSource struct{ calls runtimepb.AppCallbackClient }

func (l *lab) dialEventSource(address string) (eventSource, error) {
	connection, err := grpc.NewClient(address, grpc.WithTransportCredentials(insecure.NewCredentials()))
	if err != nil {
		return eventSource{}, err
	}
	l.closers = append(l.closers, connection.Close)
	return eventSource{runtimepb.NewAppCallbackClient(connection)}, nil
}

func (e eventSource) append(ctx context.Context, request []byte) (contract.AppendReply, error) {
	answer, err := e.calls.OnInvoke(ctx, &commonpb.InvokeRequest{Method: contract.MethodAppend, ContentType: "application/json",
		Data: &anypb.Any{Value: request}, HttpExtension: &commonpb.HTTPExtension{Verb: commonpb.HTTPExtension_POST}})
	var reply contract.AppendReply
	if err != nil {
		return reply, err
	}
	return reply, json.Unmarshal(answer.GetData().GetValue(), &reply)
}

// appends are calls that append one record to each of so many accounts.
func (e eventSource) appends(j *journal, clients, batch int) operation {
	return func(ctx context.Context, client, turn int) (int, error) {
		return j.append(ctx, e.append, j.stretch(client, clients, turn*batch, batch))
	}
}
