package bench

import (
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"slices"
	"strconv"
	"sync/atomic"
	"time"

	"corebank/check/must"
	"corebank/internal/app"
	"corebank/internal/bank"
)

// loadAccounts are accounts that were opened for a load, with what the bank
// acknowledged on each, so that the views can be compared with it afterwards.
type loadAccounts struct {
	gateway  gateway
	run      string // makes owners and idempotency keys unique
	accounts []loadAccount
	byID     map[string]int
	keys     atomic.Int64
	funded   bool
}

type loadAccount struct {
	id    string
	minor atomic.Int64 // acknowledged, in cents
	moves atomic.Int64 // acknowledged changes of the balance
	doubt atomic.Int64 // cents of movements with an unknown outcome
}

const (
	// moveMinor is the amount of every movement, in cents; moveText is the same
	// for the API.
	moveMinor = 100
	moveText  = "1.00"
	// openClients open accounts at the same time.
	openClients = 64
	openTries   = 6
	// The views may take verifyTimeout to show what was acknowledged: transfers
	// arrive after their acknowledgement.
	verifyTimeout = 2 * time.Minute
	verifyPause   = 200 * time.Millisecond
)

func (e *env) openAccounts(ctx context.Context, n, clients int) (_ *loadAccounts, err error) {
	defer must.Wrap(&err, "open %s", count(n, "account"))
	defer must.Catch(&err)
	a := &loadAccounts{gateway: e.newGateway(must.Get(e.startBank(ctx)), max(clients, openClients)),
		run: rand.Text()[:10], accounts: make([]loadAccount, n), byID: make(map[string]int, n)}
	e.progress("opening %s", count(n, "account"))
	must.Do(inParallel(openClients, n, func(i int) error { return a.open(ctx, i) }))
	for i := range a.accounts {
		a.byID[a.accounts[i].id] = i
	}
	return a, nil
}

// sharedAccounts are those of the loads over all accounts.
func (e *env) sharedAccounts(ctx context.Context) (_ *loadAccounts, err error) {
	if e.accounts == nil {
		e.accounts, err = e.openAccounts(ctx, e.Accounts, e.load(moveClients).Clients)
	}
	return e.accounts, err
}

func (a *loadAccounts) owner() string { return "bench " + a.run }

// key is an idempotency key that was never used.
func (a *loadAccounts) key() string {
	return "bench-" + a.run + "-" + strconv.FormatInt(a.keys.Add(1), 10)
}

// open opens an account. It retries with the same key while the outcome is
// unknown because the bank is too busy.
func (a *loadAccounts) open(ctx context.Context, i int) error {
	request := variables{"owner": a.owner(), "key": a.key()}
	for tries := 1; ; tries++ {
		answer, err := a.gateway.mutate(ctx, openMutation, request)
		if err == nil && answer.Account != nil {
			a.accounts[i].id = answer.Account.ID
			return nil
		}
		if err == nil {
			err = errors.New("the answer has no account")
		}
		if tries == openTries || !errors.Is(err, errUnknown) || !app.Pause(ctx, time.Second) {
			return err
		}
	}
}

// record records the outcome of a call that moves money: minor on each account.
func (a *loadAccounts) record(err error, minor map[int]int64) {
	for i, m := range minor {
		switch {
		case err == nil:
			a.accounts[i].minor.Add(m)
			a.accounts[i].moves.Add(1)
		case errors.Is(err, errUnknown):
			a.accounts[i].doubt.Add(max(m, -m))
		}
	}
}

// move sends a mutation that moves minor on each account, and records its outcome.
func (a *loadAccounts) move(ctx context.Context, mutation string, v variables, minor map[int]int64) (mutated, error) {
	v["key"] = a.key()
	answer, err := a.gateway.mutate(ctx, mutation, v)
	if err == nil && answer.Transaction == nil && answer.Journal == nil {
		err = fmt.Errorf("%w: the answer has no transaction", errUnknown)
	}
	a.record(err, minor)
	return answer, err
}

// deposit deposits on an account and returns how many operations that was.
func (a *loadAccounts) deposit(ctx context.Context, i int) (int, error) {
	_, err := a.move(ctx, depositMutation, variables{"id": a.accounts[i].id}, map[int]int64{i: moveMinor})
	return 1, err
}

// transfer moves money from one account to another, until it has arrived.
func (a *loadAccounts) transfer(ctx context.Context, from, to int) (int, error) {
	v := variables{"id": a.accounts[from].id, "to": a.accounts[to].id}
	answer, err := a.move(ctx, endedTransferMutation, v, map[int]int64{from: -moveMinor, to: moveMinor})
	if err == nil && (answer.Transfer == nil || answer.Transfer.Status != "COMPLETED") {
		err = fmt.Errorf("the transfer did not arrive: %+v", answer.Transfer)
	}
	return 1, err
}

// batch deposits an amount on each of some accounts, in one request.
func (a *loadAccounts) batch(ctx context.Context, chosen []int, minor int64) (done int, err error) {
	answer, err := a.gateway.mutate(ctx, batchMutation, a.batchOf(chosen, minor))
	if err == nil && len(answer.Results) != len(chosen) {
		err = fmt.Errorf("%w: %d results of %d", errUnknown, len(answer.Results), len(chosen))
	}
	var failures []error
	for n, i := range chosen {
		failed := err
		if err == nil {
			failed = answer.Results[n].failed()
		}
		a.record(failed, map[int]int64{i: minor})
		if failed == nil {
			done++
		} else if err == nil {
			failures = append(failures, failed)
		}
	}
	return done, errors.Join(append(failures, err)...)
}

func (a *loadAccounts) batchOf(chosen []int, minor int64) variables {
	amount := variables{"value": bank.Money{Minor: minor, Currency: "EUR"}.Decimal(), "currency": "EUR"}
	items := make([]variables, len(chosen))
	for n, i := range chosen {
		items[n] = variables{"deposit": variables{"accountId": a.accounts[i].id, "amount": amount,
			"idempotencyKey": a.key(), "reference": "salary"}}
	}
	return variables{"items": items}
}

// failed is nil if the item was applied now.
func (r itemResult) failed() error {
	switch {
	case r.Status == "APPLIED":
		return nil
	case len(r.UserErrors) > 0 && r.Status == "REFUSED":
		return r.UserErrors[0].refusal()
	case r.Status == "UNAVAILABLE" || r.Status == "NOT_TRIED":
		return fmt.Errorf("not applied: %s", r.Status)
	default:
		return fmt.Errorf("%w: %s", errUnknown, r.Status)
	}
}

func (a *loadAccounts) depositEach(ctx context.Context, minor int64) error {
	all := make([]int, len(a.accounts))
	for i := range all {
		all[i] = i
	}
	chunks := slices.Collect(slices.Chunk(all, batchItems))
	return inParallel(batchClients, len(chunks), func(n int) error {
		_, err := a.batch(ctx, chunks[n], minor)
		return err
	})
}

func (a *loadAccounts) depositTimes(ctx context.Context, i, times int) (err error) {
	for left := times; left > 0 && err == nil; left -= batchItems {
		_, err = a.batch(ctx, slices.Repeat([]int{i}, min(batchItems, left)), moveMinor)
	}
	return err
}

// verify waits until the views show exactly what was acknowledged on each
// account. It fails if they settle on anything else.
func (a *loadAccounts) verify(ctx context.Context) error {
	ctx, cancel := context.WithTimeout(ctx, verifyTimeout)
	defer cancel()
	for {
		if err := a.gateway.settled(ctx); err != nil {
			return err
		}
		shown, err := a.balances(ctx)
		if err != nil {
			return fmt.Errorf("read the views: %w", err)
		}
		if err = a.compare(shown); err == nil {
			return nil
		}
		if !app.Pause(ctx, verifyPause) {
			return fmt.Errorf("the views do not show what was acknowledged: %w", err)
		}
	}
}

// compare compares balances in cents with what was acknowledged.
func (a *loadAccounts) compare(shown map[int]int64) error {
	for i := range a.accounts {
		account := &a.accounts[i]
		minor, there := shown[i]
		off, doubt := minor-account.minor.Load(), account.doubt.Load()
		if !there || off > doubt || -off > doubt {
			return fmt.Errorf("account %s has %d cents (listed: %t); %d were acknowledged in %d movements, %d more are in doubt",
				account.id, minor, there, account.minor.Load(), account.moves.Load(), doubt)
		}
	}
	return nil
}

const balancesQuery = `query($owner: String!, $after: String) ` +
	`{ accounts(first: 100, after: $after, filter: {owner: $owner}) ` +
	`{ nodes { id balance { current { value } } } pageInfo { hasNextPage endCursor } } }`

func (a *loadAccounts) balances(ctx context.Context) (map[int]int64, error) {
	shown := make(map[int]int64, len(a.accounts))
	for v := (variables{"owner": a.owner()}); ; {
		var got struct {
			Accounts struct {
				Nodes []struct {
					ID      string
					Balance struct{ Current struct{ Value string } }
				}
				PageInfo struct {
					HasNextPage bool
					EndCursor   string
				}
			}
		}
		if err := a.gateway.query(ctx, balancesQuery, v, &got); err != nil {
			return nil, err
		}
		for _, node := range got.Accounts.Nodes {
			i, ours := a.byID[node.ID]
			value, err := bank.ParseMoney(node.Balance.Current.Value, "EUR")
			if !ours || err != nil {
				return nil, fmt.Errorf("account %s is not ours, or has the balance %q", node.ID, node.Balance.Current.Value)
			}
			shown[i] = value.Minor
		}
		if v["after"] = got.Accounts.PageInfo.EndCursor; !got.Accounts.PageInfo.HasNextPage {
			return shown, nil
		}
	}
}
