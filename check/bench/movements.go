package bench

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"sync"
	"time"
)

// The cases of movements.
const (
	caseDeposit  = "deposit"
	caseHot      = "hot"
	caseAged     = "aged"
	caseMixed    = "mixed"
	caseBatch    = "batch"
	caseBatchOne = "batch, one account"
	caseLag      = "lag of the views"
)

const (
	// moveClients move money at the same time.
	moveClients = 128
	// batchClients send batches of batchItems at the same time.
	batchClients = 4
	batchItems   = 100
	// fundMinor is on each account before money leaves it, in cents: enough for
	// any sequence of random movements.
	fundMinor = 100_000
	// agedAccounts have a history of agedDeposits each. That is more idempotency
	// keys than an actor remembers, which is 1,024.
	agedAccounts = 256
	agedDeposits = 1_100
	// lagClients check the lag of the views at the same time. Each waits up to
	// lagMaxMillis, the longest wait that the gateway accepts.
	lagClients   = 4
	lagMaxMillis = 10_000
)

// moves measures movements and then compares the views with them.
func (e *env) moves(name, unit, about string, a *loadAccounts, load Load, do operation) measured {
	return measured{name, unit, about, func(ctx context.Context) (Sample, error) {
		sample, err := e.measure(ctx, load, unit, e.bank.processes, do)
		return sample, errors.Join(err, a.verify(ctx))
	}}
}

func openDeposit(ctx context.Context, e *env) ([]measured, error) {
	a, err := e.sharedAccounts(ctx)
	if err != nil {
		return nil, err
	}
	load := e.load(moveClients)
	about := fmt.Sprintf("%s over %s, each through GraphQL until it is durable and answered; then the views are compared",
		count(load.Clients, "client"), count(len(a.accounts), "account"))
	return []measured{e.moves(caseDeposit, "deposits", about, a, load, a.deposits)}, nil
}

func openHot(ctx context.Context, e *env) ([]measured, error) {
	load := e.load(moveClients)
	a, err := e.openAccounts(ctx, 1, load.Clients)
	if err != nil {
		return nil, err
	}
	about := count(load.Clients, "client") + ", all on one account"
	return []measured{e.moves(caseHot, "deposits", about, a, load, a.deposits)}, nil
}

// deposits are deposits on random accounts.
func (a *loadAccounts) deposits(ctx context.Context, _, _ int) (int, error) {
	return a.deposit(ctx, rand.IntN(len(a.accounts)))
}

func openAged(ctx context.Context, e *env) ([]measured, error) {
	load := e.load(moveClients)
	a, err := e.openAccounts(ctx, min(agedAccounts, e.Accounts), load.Clients)
	if err != nil {
		return nil, err
	}
	accounts := count(len(a.accounts), "account")
	e.progress("depositing %s times on each of %s", thousands(agedDeposits), accounts)
	err = inParallel(batchClients, len(a.accounts), func(i int) error { return a.depositTimes(ctx, i, agedDeposits) })
	if err != nil {
		return nil, fmt.Errorf("age the accounts: %w", err)
	}
	about := fmt.Sprintf("%s over %s with %s each beforehand: the log is searched for keys that the actors have forgotten",
		count(load.Clients, "client"), accounts, count(agedDeposits, "deposit"))
	return []measured{e.moves(caseAged, "deposits", about, a, load, a.deposits)}, nil
}

// share is how many of a hundred operations are of a kind.
type weight struct {
	percent int
	kind    string
}

// mix are the weights of the mixed load.
var mix = []weight{{70, depositMutation}, {20, withdrawMutation}, {10, transferMutation}}

// chooseByWeight returns the kind for a number from 0 to 99.
func chooseByWeight(weights []weight, number int) string {
	for _, s := range weights {
		if number < s.percent {
			return s.kind
		}
		number -= s.percent
	}
	return weights[len(weights)-1].kind
}

func openMixed(ctx context.Context, e *env) ([]measured, error) {
	if e.Accounts < 2 {
		e.note("mixed is not measured: transfers need two accounts, give --accounts 2 or more")
		return nil, nil
	}
	a, err := e.fundedAccounts(ctx)
	if err != nil {
		return nil, err
	}
	load := e.load(moveClients)
	about := fmt.Sprintf("%s over %s: 70 deposits to 20 withdrawals to 10 transfers; a transfer counts when it was sent",
		count(load.Clients, "client"), count(len(a.accounts), "account"))
	return []measured{e.moves(caseMixed, "movements", about, a, load, a.mixed)}, nil
}

// fundedAccounts are the shared accounts with money on each.
func (e *env) fundedAccounts(ctx context.Context) (*loadAccounts, error) {
	a, err := e.sharedAccounts(ctx)
	if err == nil {
		err = a.depositEach(ctx, fundMinor)
	}
	if err != nil {
		return nil, fmt.Errorf("fund the accounts: %w", err)
	}
	return a, nil
}

// mixed are movements by the weights of mix.
func (a *loadAccounts) mixed(ctx context.Context, _, _ int) (int, error) {
	i, minor := rand.IntN(len(a.accounts)), map[int]int64{}
	v := variables{ID: a.accounts[i].id}
	mutation := chooseByWeight(mix, rand.IntN(100))
	switch mutation {
	case depositMutation:
		minor[i] = moveMinor
	case withdrawMutation:
		minor[i] = -moveMinor
	case transferMutation:
		other := (i + 1 + rand.IntN(len(a.accounts)-1)) % len(a.accounts)
		v.To = a.accounts[other].id
		minor[i], minor[other] = -moveMinor, moveMinor
	}
	_, err := a.move(ctx, mutation, v, minor)
	return 1, err
}

func openBatch(ctx context.Context, e *env) ([]measured, error) {
	a, err := e.sharedAccounts(ctx)
	if err != nil {
		return nil, err
	}
	load := e.load(batchClients)
	each := fmt.Sprintf("%s, each request with %d deposits", count(load.Clients, "client"), batchItems)
	anyOf := fmt.Sprintf("%s on any of %s: an actor call for each", each, count(len(a.accounts), "account"))
	batches := func(choose func(client int) int) operation {
		return func(ctx context.Context, client, _ int) (int, error) {
			chosen := make([]int, batchItems)
			for n := range chosen {
				chosen[n] = choose(client)
			}
			return a.batch(ctx, chosen, moveMinor)
		}
	}
	return []measured{
		e.moves(caseBatch, "commands", anyOf, a, load, batches(func(int) int { return rand.IntN(len(a.accounts)) })),
		e.moves(caseBatchOne, "commands", each+" on one account: one actor call for all", a, load,
			batches(func(client int) int { return client % len(a.accounts) })),
	}, nil
}

// openLag measures how long after an acknowledged deposit the views show it,
// while others deposit as fast as they can.
func openLag(ctx context.Context, e *env) ([]measured, error) {
	others, err := e.sharedAccounts(ctx)
	if err != nil {
		return nil, err
	}
	watched, err := e.openAccounts(ctx, lagClients, lagClients)
	if err != nil {
		return nil, err
	}
	about := fmt.Sprintf("from the acknowledgement of a deposit until a query shows it, under the load of deposit (%s)",
		count(e.load(moveClients).Clients, "client"))
	return []measured{{caseLag, "deposits", about, func(ctx context.Context) (Sample, error) {
		return e.measureLag(ctx, others, watched)
	}}}, nil
}

// measureLag runs both loads at the same time.
func (e *env) measureLag(ctx context.Context, others, watched *loadAccounts) (Sample, error) {
	var outcomes [2]outcome
	var failures [2]error
	lags := newWaitLog(1, e.Time)
	var both sync.WaitGroup
	both.Go(func() {
		load := e.load(moveClients)
		outcomes[0], failures[0] = load.run(ctx, others.deposits, func() func() { return func() {} })
	})
	both.Go(func() {
		load := e.oneClient()
		load.Clients = lagClients
		outcomes[1], failures[1] = load.run(ctx, watched.untilVisible(lags), func() func() { lags.begin(); return lags.end })
	})
	both.Wait()
	if err := errors.Join(failures[:]...); err != nil {
		return Sample{}, err
	}
	other, own := outcomes[0], outcomes[1]
	if own.done == 0 || other.done == 0 {
		return Sample{}, fmt.Errorf("%w: %v %v", errNothingDone, own.failures, other.failures)
	}
	sample := Sample{Failed: own.failed + other.failed, Failures: append(own.failures, other.failures...)}
	sample.Measures = append(waitsOf(lags.parts[0]),
		Measure{"deposits meanwhile", "deposits/s", float64(other.done) / other.took.Seconds()})
	return sample, errors.Join(others.verify(ctx), watched.verify(ctx))
}

// untilVisible deposits and waits until a query shows it. lags records only the
// wait after the acknowledgement.
func (a *loadAccounts) untilVisible(lags *waitLog) operation {
	return func(ctx context.Context, client, _ int) (int, error) {
		id := a.accounts[client].id
		answer, err := a.move(ctx, depositMutation, variables{ID: id}, map[int]int64{client: moveMinor})
		if err != nil {
			return 0, err
		}
		from := time.Now()
		var got struct{ Balance struct{ Version int64 } }
		query := fmt.Sprintf(`query($id: ID!) { balance(accountId: $id, minVersion: %d, waitMs: %d) { version } }`,
			answer.Transaction.Version, lagMaxMillis)
		err = a.gateway.query(ctx, query, variables{ID: id}, &got)
		if err == nil && got.Balance.Version < answer.Transaction.Version {
			err = fmt.Errorf("the view has version %d, want %d", got.Balance.Version, answer.Transaction.Version)
		}
		if err == nil {
			lags.add(time.Since(from))
		}
		return 1, err
	}
}
