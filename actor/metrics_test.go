package actor

import (
	"testing"
	"time"

	"corebank/internal/contract"
)

var oneDeposit = contract.CommandBatch{Commands: []contract.Command{{Type: "Deposit"}}}

// TestCountingATurnAllocatesNothing, at the actors.
func TestCountingATurnAllocatesNothing(t *testing.T) {
	m, outcomes := newHostMetrics(), []contract.Outcome{{Status: contract.Applied}}
	if allocated := testing.AllocsPerRun(1000, func() { m.answered(oneDeposit, outcomes, time.Now()) }); allocated != 0 {
		t.Errorf("%v allocations", allocated)
	}
}

func BenchmarkCountingATurn(b *testing.B) {
	m, outcomes := newHostMetrics(), []contract.Outcome{{Status: contract.Applied}}
	b.ReportAllocs()
	for b.Loop() {
		m.answered(oneDeposit, outcomes, time.Now())
	}
}
