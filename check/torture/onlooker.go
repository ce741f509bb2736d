package torture

import (
	"context"
	"fmt"
	"time"

	"corebank/check/laws"
	"corebank/internal/app"
	"corebank/internal/bank"
)

// lookEvery is how often the onlooker looks.
const lookEvery = 100 * time.Millisecond

const queryTrial = `{ trialBalance { position totals { kind sum { value currency } } } }`

// onlooker reads the trial balance while the bank works and is broken: it would
// see half of a step.
type onlooker struct {
	gateway *gateway
	// undivided: no transfer is in transit between two steps.
	undivided bool
	looks     int
	wrong     []string
}

type trial struct {
	Position int64
	Totals   []struct {
		Kind string
		Sum  struct{ Value, Currency string }
	}
}

// run looks until ctx ends. A bank that does not answer shows nothing.
func (o *onlooker) run(ctx context.Context) {
	for app.Pause(ctx, lookEvery) {
		var data struct{ TrialBalance *trial }
		if err := o.gateway.get(ctx, queryTrial, nil, &data); err == nil && data.TrialBalance != nil {
			o.looks++
			o.wrong = append(o.wrong, data.TrialBalance.wrong(o.undivided)...)
		}
	}
}

// wrong is what no bank may show at any moment.
func (t *trial) wrong(undivided bool) (texts []string) {
	sums := make(map[bank.Currency]int64)
	for _, total := range t.Totals {
		sum, err := bank.ParseMoney(total.Sum.Value, bank.Currency(total.Sum.Currency))
		if err != nil {
			texts = append(texts, fmt.Sprintf("at position %d: %v", t.Position, err))
		}
		sums[sum.Currency] += sum.Minor
		if undivided && total.Kind == "TRANSIT" && sum.Minor != 0 {
			texts = append(texts, fmt.Sprintf("at position %d, %s are in transit", t.Position, sum))
		}
	}
	for currency, sum := range sums {
		if sum != 0 {
			texts = append(texts, fmt.Sprintf("at position %d, all ledgers in %s sum to %d", t.Position, currency, sum))
		}
	}
	return texts
}

// report adds what it saw to the findings.
func (o *onlooker) report(found *laws.Findings) {
	found.Check(laws.Always, o.looks)
	for _, text := range o.wrong {
		found.Violated(laws.Always, "%s", text)
	}
}
