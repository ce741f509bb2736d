package bench

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"strings"
	"sync"
	"time"

	"corebank/check/must"
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

// moves measures movements and then compares the views with them. In the text
// about them, CLIENTS and ACCOUNTS stand for how many there are.
func (e *env) moves(name, unit, about string, a *loadAccounts, clients int, do operation) measured {
	load := e.load(clients)
	about = strings.NewReplacer("CLIENTS", count(load.Clients, "client"),
		"ACCOUNTS", count(len(a.accounts), "account")).Replace(about)
	return loaded(name, unit, about, load, e.bank.used, do, a.verify)
}

func openDeposit(ctx context.Context, e *env) (_ []measured, err error) {
	defer must.Catch(&err)
	a := must.Get(e.sharedAccounts(ctx))
	const about = "CLIENTS over ACCOUNTS, each through GraphQL until it is durable and answered; then the views are " +
		"compared"
	return []measured{e.moves(caseDeposit, "deposits", about, a, moveClients, a.deposits)}, nil
}

func openHot(ctx context.Context, e *env) (_ []measured, err error) {
	defer must.Catch(&err)
	a := must.Get(e.openAccounts(ctx, 1, e.load(moveClients).Clients))
	return []measured{e.moves(caseHot, "deposits", "CLIENTS, all on one account", a, moveClients, a.deposits)}, nil
}

func (a *loadAccounts) deposits(ctx context.Context, _, _ int) (int, error) {
	return a.deposit(ctx, rand.IntN(len(a.accounts)))
}

func openAged(ctx context.Context, e *env) (_ []measured, err error) {
	defer must.Catch(&err)
	a := must.Get(e.openAccounts(ctx, min(agedAccounts, e.Accounts), e.load(moveClients).Clients))
	e.progress("depositing %s times on each of %s", thousands(agedDeposits), count(len(a.accounts), "account"))
	must.Do(inParallel(batchClients, len(a.accounts), func(i int) error { return a.depositTimes(ctx, i, agedDeposits) }))
	about := "CLIENTS over ACCOUNTS with " + count(agedDeposits, "deposit") +
		" each beforehand: the log is searched for keys that the actors have forgotten"
	return []measured{e.moves(caseAged, "deposits", about, a, moveClients, a.deposits)}, nil
}

type weight struct {
	percent int
	kind    string
}

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

func openMixed(ctx context.Context, e *env) (_ []measured, err error) {
	defer must.Catch(&err)
	if e.Accounts < 2 {
		e.note("mixed is not measured: transfers need two accounts, give --accounts 2 or more")
		return nil, nil
	}
	a := must.Get(e.fundedAccounts(ctx))
	const about = "CLIENTS over ACCOUNTS: 70 deposits to 20 withdrawals to 10 transfers; a transfer counts when it " +
		"was sent"
	return []measured{e.moves(caseMixed, "movements", about, a, moveClients, a.mixed)}, nil
}

func (e *env) fundedAccounts(ctx context.Context) (_ *loadAccounts, err error) {
	defer must.Wrap(&err, "fund the accounts")
	defer must.Catch(&err)
	a := must.Get(e.sharedAccounts(ctx))
	return a, a.depositEach(ctx, fundMinor)
}

func (a *loadAccounts) mixed(ctx context.Context, _, _ int) (int, error) {
	i, minor := rand.IntN(len(a.accounts)), map[int]int64{}
	v := variables{"id": a.accounts[i].id}
	mutation := chooseByWeight(mix, rand.IntN(100))
	switch mutation {
	case depositMutation:
		minor[i] = moveMinor
	case withdrawMutation:
		minor[i] = -moveMinor
	case transferMutation:
		other := (i + 1 + rand.IntN(len(a.accounts)-1)) % len(a.accounts)
		v["to"] = a.accounts[other].id
		minor[i], minor[other] = -moveMinor, moveMinor
	}
	_, err := a.move(ctx, mutation, v, minor)
	return 1, err
}

func openBatch(ctx context.Context, e *env) (_ []measured, err error) {
	defer must.Catch(&err)
	a := must.Get(e.sharedAccounts(ctx))
	batches := func(name, about string, choose func(client int) int) measured {
		about = fmt.Sprintf("CLIENTS, each request with %d deposits on %s", batchItems, about)
		return e.moves(name, "commands", about, a, batchClients, func(ctx context.Context, client, _ int) (int, error) {
			chosen := make([]int, batchItems)
			for n := range chosen {
				chosen[n] = choose(client)
			}
			return a.batch(ctx, chosen, moveMinor)
		})
	}
	anyAccount := func(int) int { return rand.IntN(len(a.accounts)) }
	return []measured{
		batches(caseBatch, "any of ACCOUNTS: an actor call for each", anyAccount),
		batches(caseBatchOne, "one account: one actor call for all", func(n int) int { return n % len(a.accounts) }),
	}, nil
}

// openLag measures how long after an acknowledged deposit the views show it,
// while others deposit as fast as they can.
func openLag(ctx context.Context, e *env) (_ []measured, err error) {
	defer must.Catch(&err)
	others := must.Get(e.sharedAccounts(ctx))
	watched := must.Get(e.openAccounts(ctx, lagClients, lagClients))
	about := fmt.Sprintf("from the acknowledgement of a deposit until a query shows it, under the load of deposit (%s)",
		count(e.load(moveClients).Clients, "client"))
	return []measured{{caseLag, "deposits", about, func(ctx context.Context) (Sample, error) {
		return e.measureLag(ctx, others, watched)
	}}}, nil
}

// measureLag runs both loads at the same time. Of the watching one, only the waits
// after the acknowledgements count.
func (e *env) measureLag(ctx context.Context, others, watched *loadAccounts) (_ Sample, err error) {
	defer must.Catch(&err)
	var other, own Sample
	var failures [2]error
	lags, load := newTally(1, e.Time), e.load(moveClients)
	none := func() map[string]int { return nil }
	var both sync.WaitGroup
	both.Go(func() {
		other, failures[0] = newTally(1, e.Time).measure(ctx, load, "deposits", none, others.deposits)
	})
	both.Go(func() {
		load := Load{Clients: lagClients, Warmup: e.Warmup, Time: e.Time}
		own, failures[1] = newTally(1, e.Time).measure(ctx, load, "deposits", none, watched.untilVisible(lags), lags.run)
	})
	both.Wait()
	must.Do(errors.Join(failures[:]...))
	rate, _ := other.value(figureRate)
	return Sample{Failed: own.Failed + other.Failed, Failures: append(own.Failures, other.Failures...),
		Measures: append(waitsOf(lags.all), Measure{"deposits meanwhile", "deposits/s", rate}),
	}, errors.Join(others.verify(ctx), watched.verify(ctx))
}

// untilVisible deposits and waits until a query shows it. lags records only the
// wait after the acknowledgement.
func (a *loadAccounts) untilVisible(lags *tally) operation {
	return func(ctx context.Context, client, _ int) (int, error) {
		id := a.accounts[client].id
		answer, err := a.move(ctx, depositMutation, variables{"id": id}, map[int]int64{client: moveMinor})
		if err != nil {
			return 0, err
		}
		from := time.Now()
		var got struct{ Balance struct{ Version int64 } }
		query := fmt.Sprintf(`query($id: ID!) { balance(accountId: $id, minVersion: %d, waitMs: %d) { version } }`,
			answer.Transaction.Version, lagMaxMillis)
		err = a.gateway.query(ctx, query, variables{"id": id}, &got)
		if err == nil && got.Balance.Version < answer.Transaction.Version {
			err = fmt.Errorf("the view has version %d, want %d", got.Balance.Version, answer.Transaction.Version)
		}
		if err == nil {
			lags.add(nil, 1, time.Since(from))
		}
		return 1, err
	}
}
