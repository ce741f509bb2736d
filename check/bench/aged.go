package bench

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"sync"
)

const (
	// agedAccounts have a history of agedDeposits each: more keys than an actor
	// remembers, which is 1,024.
	agedAccounts = 256
	agedDeposits = 1_100
)

func openAged(ctx context.Context, l *lab) ([]measured, error) {
	b, err := l.startBank(ctx)
	if err != nil {
		return nil, err
	}
	load := l.load(moveClients)
	t, err := l.openTill(ctx, b, min(agedAccounts, l.Accounts), load.Clients)
	if err != nil {
		return nil, err
	}
	if err := l.age(ctx, t); err != nil {
		return nil, fmt.Errorf("make the accounts old: %w", err)
	}
	about := fmt.Sprintf("%s over %s that began with %s each: the keys of the oldest are looked for as an append comes to the log",
		count(load.Clients, "client"), count(len(t.accounts), "account"), count(agedDeposits, "deposit"))
	return []measured{l.moves(caseAged, "deposits", about, t, load, t.deposits())}, nil
}

// age deposits so often on each account that its actor has to forget keys.
func (l *lab) age(ctx context.Context, t *till) error {
	fmt.Fprintf(l.Log, "  depositing %s times on each of %s\n", thousands(agedDeposits), count(len(t.accounts), "account"))
	failures := make([]error, batchClients)
	var all sync.WaitGroup
	for n := range failures {
		all.Go(func() {
			for i := n; i < len(t.accounts) && failures[n] == nil; i += batchClients {
				failures[n] = t.ageOne(ctx, i)
			}
		})
	}
	all.Wait()
	return errors.Join(failures...)
}

func (t *till) ageOne(ctx context.Context, i int) error {
	for left := agedDeposits; left > 0; left -= batchItems {
		if _, err := t.batch(ctx, slices.Repeat([]int{i}, min(batchItems, left)), moveMinor); err != nil {
			return err
		}
	}
	return nil
}
