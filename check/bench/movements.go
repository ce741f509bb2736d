package bench

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"slices"
	"strings"
	"time"

	"corebank/check/must"
)

// The cases of movements.
const (
	caseDeposit      = "deposit"
	caseHot          = "hot"
	caseHotTransfers = "transfers to a hot account"
	caseHotBatches   = "batches with a hot account"
	caseAged         = "aged"
	caseMixed        = "mixed"
	caseTransfer     = "transfer"
	caseBatch        = "batch"
	caseBatchOne     = "batch, one account"
	caseLag          = "lag of the views"
)

// caseOne is a case with one client alone, and caseBatchOf one with batches of
// another size.
func caseOne(name string) string  { return name + ", one client" }
func caseBatchOf(size int) string { return fmt.Sprintf("%s of %d", caseBatch, size) }

// casePost is a case of transactions with so many legs.
func casePost(legs int) string { return fmt.Sprintf("post, %d legs", legs) }

const (
	// moveClients move money at the same time.
	moveClients = 128
	// batchClients send batches of batchItems at the same time. Batches of
	// another size have as many commands at the same time.
	batchClients = 4
	batchItems   = 100
	// fundMinor is on each account before money leaves it, in cents: enough for
	// any sequence of random movements.
	fundMinor = 100_000
	// agedAccounts have a history of agedDeposits each. That is more idempotency
	// keys than an actor remembers, which is 1,024.
	agedAccounts = 256
	agedDeposits = 1_100
	// hotClients deposit on one account, while besideClients transfer to it.
	hotClients    = 64
	besideClients = 16
	// lagClients check the lag of the views at the same time. Each waits up to
	// lagMaxMillis, the longest wait that the gateway accepts.
	lagClients   = 4
	lagMaxMillis = 10_000
)

// moves measures movements and then compares the views with them. In the text
// about them, CLIENTS and ACCOUNTS stand for how many there are.
func (e *env) moves(name, unit, about string, a *loadAccounts, load Load, do operation) measured {
	about = strings.NewReplacer("CLIENTS", count(load.Clients, "client"),
		"ACCOUNTS", count(len(a.accounts), "account")).Replace(about)
	return loaded(name, unit, about, load, e.bank.used, do, a.verify)
}

// movesAndOne measures movements of many clients, and of one alone.
func (e *env) movesAndOne(name, unit, about string, a *loadAccounts, do operation) []measured {
	return []measured{
		e.moves(name, unit, "CLIENTS over ACCOUNTS, "+about, a, e.load(moveClients), do),
		e.moves(caseOne(name), unit, "CLIENTS over ACCOUNTS, on a bank with nothing else to do", a, e.oneClient(), do),
	}
}

func openDeposit(ctx context.Context, e *env) (_ []measured, err error) {
	defer must.Catch(&err)
	a := must.Get(e.sharedAccounts(ctx))
	const about = "each through GraphQL until it is durable and answered; then the views are compared"
	return e.movesAndOne(caseDeposit, "deposits", about, a, a.deposits), nil
}

// openHot measures deposits on one account, and what it and others wait for when
// others move money to it.
func openHot(ctx context.Context, e *env) (cases []measured, err error) {
	defer must.Catch(&err)
	one := must.Get(e.openAccounts(ctx, 1, e.load(moveClients).Clients))
	hot := e.moves(caseHot, "deposits", "CLIENTS, all on one account", one, e.load(moveClients), one.deposits)
	a := must.Get(e.fundedAccounts(ctx, 2, "what others do with a hot account"))
	if a == nil {
		return []measured{hot}, nil
	}
	deposits := side{"deposits", e.load(hotClients), func(ctx context.Context, _, _ int) (int, error) {
		return a.deposit(ctx, 0)
	}, nil}
	touching := func(name, unit, about string, clients int, do operation) measured {
		others := Load{Clients: clients, Warmup: e.Warmup, Time: e.Time}
		about = fmt.Sprintf("%s, %s; meanwhile %s deposit on that account", count(clients, "client"), about,
			count(deposits.load.Clients, "client"))
		return measured{name, unit, about, func(ctx context.Context) (Sample, error) {
			sample, err := measureBeside(ctx, side{unit, others, do, nil}, deposits)
			return sample, errors.Join(err, a.verify(ctx))
		}}
	}
	return []measured{
		hot,
		touching(caseHotTransfers, "transfers", "each from any account to the same one", besideClients,
			func(ctx context.Context, _, _ int) (int, error) {
				return a.transfer(ctx, 1+rand.IntN(len(a.accounts)-1), 0)
			}),
		touching(caseHotBatches, "commands", fmt.Sprintf("each request with %d deposits, one of them on the same account",
			batchItems), batchClients,
			func(ctx context.Context, _, _ int) (int, error) {
				return a.batch(ctx, append(a.anyOf(batchItems-1), 0), moveMinor)
			}),
	}, nil
}

func (a *loadAccounts) deposits(ctx context.Context, _, _ int) (int, error) {
	return a.deposit(ctx, rand.IntN(len(a.accounts)))
}

func openAged(ctx context.Context, e *env) (_ []measured, err error) {
	defer must.Catch(&err)
	load := e.load(moveClients)
	a := must.Get(e.openAccounts(ctx, min(agedAccounts, e.Accounts), load.Clients))
	e.progress("depositing %s times on each of %s", thousands(agedDeposits), count(len(a.accounts), "account"))
	must.Do(inParallel(batchClients, len(a.accounts), func(i int) error { return a.depositTimes(ctx, i, agedDeposits) }))
	about := "CLIENTS over ACCOUNTS with " + count(agedDeposits, "deposit") +
		" each beforehand: the log is searched for keys that the actors have forgotten"
	return []measured{e.moves(caseAged, "deposits", about, a, load, a.deposits)}, nil
}

func openTransfer(ctx context.Context, e *env) (_ []measured, err error) {
	defer must.Catch(&err)
	a := must.Get(e.fundedAccounts(ctx, 2, caseTransfer))
	if a == nil {
		return nil, nil
	}
	const about = "each from one to another, until the answer says that it has arrived"
	return e.movesAndOne(caseTransfer, "transfers", about, a, func(ctx context.Context, _, _ int) (int, error) {
		two := a.different(2)
		return a.transfer(ctx, two[0], two[1])
	}), nil
}

// openPost measures transactions with few and with many legs, and counts the legs.
func openPost(ctx context.Context, e *env) (cases []measured, err error) {
	defer must.Catch(&err)
	for _, legs := range []int{2, 10} {
		a := must.Get(e.fundedAccounts(ctx, legs, casePost(legs)))
		if a == nil {
			break
		}
		about := fmt.Sprintf("CLIENTS over ACCOUNTS, each transaction with %d legs on as many accounts", legs)
		m := e.moves(casePost(legs), "transactions", about, a, e.load(moveClients), a.posts(legs))
		run := m.run
		m.run = func(ctx context.Context) (Sample, error) {
			sample, err := run(ctx)
			if rate, is := sample.value(figureRate); is {
				sample.Measures = append(sample.Measures, Measure{figureLegs, "legs/s", rate * float64(legs)})
			}
			return sample, err
		}
		cases = append(cases, m)
	}
	return cases, nil
}

// posts move money from every other of some accounts to the next, in one transaction.
func (a *loadAccounts) posts(legs int) operation {
	amount := variables{"value": moveText, "currency": "EUR"}
	return func(ctx context.Context, _, _ int) (int, error) {
		minor, all := make(map[int]int64, legs), make([]variables, legs)
		for n, i := range a.different(legs) {
			all[n] = variables{"accountId": a.accounts[i].id, "direction": "DEBIT", "amount": amount, "reference": "share"}
			if minor[i] = -moveMinor; n%2 == 1 {
				all[n]["direction"], minor[i] = "CREDIT", moveMinor
			}
		}
		_, err := a.move(ctx, postMutation, variables{"legs": all}, minor)
		return 1, err
	}
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
	a := must.Get(e.fundedAccounts(ctx, 2, caseMixed))
	if a == nil {
		return nil, nil
	}
	const about = "CLIENTS over ACCOUNTS: 70 deposits to 20 withdrawals to 10 transfers; a transfer counts when it " +
		"was sent"
	return []measured{e.moves(caseMixed, "movements", about, a, e.load(moveClients), a.mixed)}, nil
}

// fundedAccounts are the shared accounts with money. There are none, and the
// report says why, if there are fewer than what is to be measured needs.
func (e *env) fundedAccounts(ctx context.Context, least int, name string) (_ *loadAccounts, err error) {
	defer must.Wrap(&err, "fund the accounts")
	defer must.Catch(&err)
	if e.Accounts < least {
		e.note("%s: not measured, for it needs %s; give --accounts %d or more", name, count(least, "account"), least)
		return nil, nil
	}
	a := must.Get(e.sharedAccounts(ctx))
	if !a.funded {
		must.Do(a.depositEach(ctx, fundMinor))
		a.funded = true
	}
	return a, nil
}

func (a *loadAccounts) mixed(ctx context.Context, _, _ int) (int, error) {
	two, minor := a.different(2), map[int]int64{}
	v := variables{"id": a.accounts[two[0]].id}
	mutation := chooseByWeight(mix, rand.IntN(100))
	switch mutation {
	case depositMutation:
		minor[two[0]] = moveMinor
	case withdrawMutation:
		minor[two[0]] = -moveMinor
	case transferMutation:
		v["to"] = a.accounts[two[1]].id
		minor[two[0]], minor[two[1]] = -moveMinor, moveMinor
	}
	_, err := a.move(ctx, mutation, v, minor)
	return 1, err
}

func openBatch(ctx context.Context, e *env) (cases []measured, err error) {
	defer must.Catch(&err)
	a := must.Get(e.sharedAccounts(ctx))
	batches := func(name string, size int, about string, choose func(client int) []int) measured {
		about = fmt.Sprintf("CLIENTS, each request with %d deposits on %s", size, about)
		return e.moves(name, "commands", about, a, e.load(batchClients*batchItems/size),
			func(ctx context.Context, client, _ int) (int, error) { return a.batch(ctx, choose(client), moveMinor) })
	}
	for _, size := range []int{batchItems, 50, 10} {
		name := caseBatchOf(size)
		if size == batchItems {
			name = caseBatch
		}
		cases = append(cases, batches(name, size, "any of ACCOUNTS", func(int) []int { return a.anyOf(size) }))
	}
	return append(cases, batches(caseBatchOne, batchItems, "one account", func(client int) []int {
		return slices.Repeat([]int{client % len(a.accounts)}, batchItems)
	})), nil
}

// anyOf are n accounts at random; different are n different ones.
func (a *loadAccounts) anyOf(n int) []int {
	chosen := make([]int, n)
	for i := range chosen {
		chosen[i] = rand.IntN(len(a.accounts))
	}
	return chosen
}

func (a *loadAccounts) different(n int) []int {
	chosen := make([]int, 0, n)
	for len(chosen) < n {
		if i := rand.IntN(len(a.accounts)); !slices.Contains(chosen, i) {
			chosen = append(chosen, i)
		}
	}
	return chosen
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
		lags, load := newTally(1, e.Time), Load{Clients: lagClients, Warmup: e.Warmup, Time: e.Time}
		sample, err := measureBeside(ctx, side{"deposits", load, watched.untilVisible(lags), lags},
			side{"deposits", e.load(moveClients), others.deposits, nil})
		return sample, errors.Join(err, others.verify(ctx), watched.verify(ctx))
	}}}, nil
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
