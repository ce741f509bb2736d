package torture

import (
	"context"
	"os"
	"time"

	"corebank/check/must"
	"corebank/internal/app"
	"corebank/internal/contract"
)

// The faults of single parts of machines, for which there are figures to reach.
const (
	GatewayLost Kind = "gateway:lost"
	ActorsLost  Kind = "actors:lost"
	PrimaryLost Kind = "primary:lost"
	partsFor         = 5 * time.Second
)

// partsLost are the parts of a machine that are lost together.
var partsLost = map[Kind][]string{
	GatewayLost: {contract.AppServer},
	ActorsLost:  {contract.AppActor, contract.AppActor + "-sidecar"},
}

// loseParts kills parts of a machine, and each that is started in their place, for a while.
func (r *run) loseParts(_ context.Context, i injection) error {
	number := r.someMachine()
	if i.Kind == ActorsLost { // which the clients of every gateway use
		r.hurtAll()
	}
	r.strike()
	for began := time.Now(); time.Since(began) < partsFor+i.Lasts; {
		processes := r.machines()[number-1].Processes
		for _, part := range partsLost[i.Kind] {
			if pid := processes[part]; pid != 0 {
				if process, err := os.FindProcess(pid); err == nil {
					_ = process.Kill() // it may have ended
				}
			}
		}
		if !app.Pause(i.running, watchTick) {
			break
		}
	}
	return nil
}

// losePrimary loses the machine whose copy of the log takes commits.
func (r *run) losePrimary(ctx context.Context, _ injection) (err error) {
	defer must.Catch(&err)
	number := must.Get(r.primaryMachine(ctx))
	r.victims = []int{number - 1}
	return r.replace(ctx, number)
}
