package bench

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
)

// The cases of movements.
const (
	caseDeposit  = "deposit"
	caseHot      = "hot"
	caseAged     = "aged"
	caseMixed    = "mixed"
	caseBatch    = "batch"
	caseBatchOne = "batch, one account"
)

const (
	// moveClients is how many customers move money at once.
	moveClients = 128
	// batchClients send batches at once, batchItems is what is in each.
	batchClients = 4
	batchItems   = 100
	// fundMinor is on each account before money leaves it, in cents: enough for
	// any run of bad luck.
	fundMinor = 100_000
)

// uniform is the till that loads over all accounts share.
func (l *lab) uniform(ctx context.Context) (*till, error) {
	if l.till != nil {
		return l.till, nil
	}
	b, err := l.startBank(ctx)
	if err != nil {
		return nil, err
	}
	l.till, err = l.openTill(ctx, b, l.Accounts, l.load(moveClients).Clients)
	return l.till, err
}

// moves measures movements, and holds the views against them afterwards.
func (l *lab) moves(name, unit, about string, t *till, load Load, do operation) measured {
	return measured{name, unit, about, func(ctx context.Context) (Sample, error) {
		sample, err := l.measure(ctx, load, unit, l.bank.processes, do)
		return sample, errors.Join(err, t.verify(ctx))
	}}
}

func openDeposit(ctx context.Context, l *lab) ([]measured, error) {
	t, err := l.uniform(ctx)
	if err != nil {
		return nil, err
	}
	load := l.load(moveClients)
	about := fmt.Sprintf("%s over %s, each through GraphQL to durable and back; the views shown to have them afterwards", count(load.Clients, "client"), count(len(t.accounts), "account"))
	return []measured{l.moves(caseDeposit, "deposits", about, t, load, t.deposits())}, nil
}

func openHot(ctx context.Context, l *lab) ([]measured, error) {
	b, err := l.startBank(ctx)
	if err != nil {
		return nil, err
	}
	load := l.load(moveClients)
	t, err := l.openTill(ctx, b, 1, load.Clients)
	if err != nil {
		return nil, err
	}
	about := fmt.Sprintf("%s, all on one account", count(load.Clients, "client"))
	return []measured{l.moves(caseHot, "deposits", about, t, load, t.deposits())}, nil
}

// deposits are deposits, each on any account.
func (t *till) deposits() operation {
	return func(ctx context.Context, _, _ int) (int, error) {
		return t.deposit(ctx, rand.IntN(len(t.accounts)))
	}
}

func (t *till) deposit(ctx context.Context, i int) (int, error) {
	answer, err := t.gateway.mutate(ctx, moveRequest(depositText, t.accounts[i].id, t.key()))
	return t.moved(answer, err, map[int]int64{i: moveMinor})
}

// moved keeps in mind what became of a movement.
func (t *till) moved(answer mutated, err error, minor map[int]int64) (int, error) {
	if err == nil && answer.Transaction == nil {
		err = fmt.Errorf("%w: the bank does not tell the transaction", errDoubt)
	}
	t.settle(err, minor)
	if err != nil {
		return 0, err
	}
	return 1, nil
}

// share is how often of a hundred times something is done.
type share struct {
	percent int
	what    string
}

// mix are the shares of a mixed load; they make a hundred.
var mix = []share{{70, depositText}, {20, withdrawText}, {10, transferText}}

// chooseShare is what is done for a number from 0 to 99.
func chooseShare(shares []share, number int) string {
	for _, s := range shares {
		if number < s.percent {
			return s.what
		}
		number -= s.percent
	}
	return shares[len(shares)-1].what
}

func openMixed(ctx context.Context, l *lab) ([]measured, error) {
	if l.Accounts < 2 {
		l.note("mixed is not measured: transfers need two accounts, give --accounts 2 or more")
		return nil, nil
	}
	t, err := l.uniform(ctx)
	if err != nil {
		return nil, err
	}
	if err := t.fund(ctx); err != nil {
		return nil, fmt.Errorf("pay in what is to leave: %w", err)
	}
	load := l.load(moveClients)
	about := fmt.Sprintf("%s over %s: 70 deposits to 20 withdrawals to 10 transfers; a transfer counts when it has left", count(load.Clients, "client"), count(len(t.accounts), "account"))
	return []measured{l.moves(caseMixed, "movements", about, t, load, t.mixed())}, nil
}

func (t *till) mixed() operation {
	return func(ctx context.Context, _, _ int) (int, error) {
		i, minor, more := rand.IntN(len(t.accounts)), map[int]int64{}, []string(nil)
		query := chooseShare(mix, rand.IntN(100))
		switch query {
		case depositText:
			minor[i] = moveMinor
		case withdrawText:
			minor[i] = -moveMinor
		case transferText:
			other := (i + 1 + rand.IntN(len(t.accounts)-1)) % len(t.accounts)
			more = []string{"to", t.accounts[other].id}
			minor[i], minor[other] = -moveMinor, moveMinor
		}
		answer, err := t.gateway.mutate(ctx, moveRequest(query, t.accounts[i].id, t.key(), more...))
		return t.moved(answer, err, minor)
	}
}
