package bench

import (
	"context"
	"fmt"
	"math/rand/v2"

	"github.com/dapr/go-sdk/client"
	"google.golang.org/grpc"
	"google.golang.org/grpc/credentials/insecure"
	"google.golang.org/grpc/metadata"

	"corebank/internal/contract"
	"corebank/internal/secrets"
)

const caseNoop = "noop"

// openNoop measures what Dapr alone costs: calls of the actors that get the
// deposits, over the sidecars that a deposit takes, without anything to do.
func openNoop(ctx context.Context, l *lab) ([]measured, error) {
	t, err := l.uniform(ctx)
	if err != nil {
		return nil, err
	}
	token, err := secrets.Read(l.bank.data, secrets.Sidecar(contract.AppServer))
	if err != nil {
		return nil, err
	}
	connection, err := grpc.NewClient(l.bank.parts[contract.AppServer+"-sidecar"], grpc.WithTransportCredentials(insecure.NewCredentials()))
	if err != nil {
		return nil, fmt.Errorf("reach the gateway's sidecar: %w", err)
	}
	l.closers = append(l.closers, connection.Close)
	load := l.load(moveClients)
	about := fmt.Sprintf("%s, each call through the gateway's sidecar to one of %s that answer at once", count(load.Clients, "client"), count(len(t.accounts), "actor"))
	sidecar := client.NewClientWithConnection(connection)
	return []measured{{caseNoop, "calls", about, func(ctx context.Context) (Sample, error) {
		return l.measure(ctx, load, "calls", l.bank.processes, func(ctx context.Context, _, _ int) (int, error) {
			ctx = metadata.AppendToOutgoingContext(ctx, "dapr-api-token", token)
			_, err := sidecar.InvokeActor(ctx, &client.InvokeActorRequest{ActorType: contract.ActorType,
				ActorID: t.accounts[rand.IntN(len(t.accounts))].id, Method: contract.MethodNothing, Data: []byte("{}")})
			return 1, err
		})
	}}}, nil
}
