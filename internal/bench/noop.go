package bench

import (
	"context"
	"fmt"
	"math/rand/v2"
	"strconv"

	"github.com/dapr/go-sdk/client"
	"google.golang.org/grpc"
	"google.golang.org/grpc/credentials/insecure"

	"corebank/internal/bank"
	"corebank/internal/contract"
)

const caseNoop = "noop"

// openNoop measures what Dapr alone costs: calls of actors that do nothing, over
// the sidecars and the connection that a deposit takes.
func openNoop(ctx context.Context, l *lab) ([]measured, error) {
	b, err := l.startBank(ctx)
	if err != nil {
		return nil, err
	}
	connection, err := grpc.NewClient(b.parts[contract.AppServer+"-sidecar"], grpc.WithTransportCredentials(insecure.NewCredentials()))
	if err != nil {
		return nil, fmt.Errorf("reach the gateway's sidecar: %w", err)
	}
	l.closers = append(l.closers, connection.Close)
	ids := make([]string, l.Accounts)
	for i := range ids {
		ids[i] = string(bank.NewAccountID("bench", "noop"+strconv.Itoa(i)))
	}
	load := l.load(moveClients)
	about := fmt.Sprintf("%s, each call through the gateway's sidecar to one of %s that answer at once", count(load.Clients, "client"), count(len(ids), "actor"))
	sidecar := client.NewClientWithConnection(connection)
	return []measured{{caseNoop, "calls", about, func(ctx context.Context) (Sample, error) {
		return l.measure(ctx, load, "calls", b.processes, func(ctx context.Context, _, _ int) (int, error) {
			_, err := sidecar.InvokeActor(ctx, &client.InvokeActorRequest{ActorType: contract.ActorType,
				ActorID: ids[rand.IntN(len(ids))], Method: contract.MethodNothing, Data: []byte("{}")})
			return 1, err
		})
	}}}, nil
}
