package simulation

import (
	"context"

	"corebank/check/simulation/immu"
	"corebank/internal/lease"
)

// alone makes a disk one whose server commits before any other machine has it.
func alone(disk *immu.Server) { disk.Hasty = true }

// openHanded is a lease that everyone gets who asks.
type openHanded struct{ lease.Store }

func (openHanded) Read(context.Context) (lease.Term, error) { return lease.Term{}, nil }

func (openHanded) Write(_ context.Context, _ string, after uint64) (uint64, error) {
	return after + 1, nil
}
