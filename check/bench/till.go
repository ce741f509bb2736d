package bench

import (
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"math"
	"strconv"
	"sync"
	"sync/atomic"
	"time"
)

// till is accounts that were opened for a load, and what the bank has
// acknowledged on each, so that the views can be held against it afterwards.
type till struct {
	gateway  gateway
	run      string // makes owners and idempotency keys differ between tills
	accounts []tillAccount
	byID     map[string]int
	keys     atomic.Int64
}

// tillAccount is one account as its customers know it.
type tillAccount struct {
	id    string
	minor atomic.Int64 // acknowledged, in cents
	moves atomic.Int64 // acknowledged changes of the balance
	doubt atomic.Int64 // cents of movements whose outcome nobody was told
}

const (
	// moveMinor is what every movement is about, in cents, and moveText the same
	// as the API has it.
	moveMinor = 100
	moveText  = "1.00"
	// openClients open accounts at the same time.
	openClients = 64
)

// openTill opens accounts through the API.
func (l *lab) openTill(ctx context.Context, b *wholeBank, accounts, clients int) (*till, error) {
	t := &till{gateway: l.newGateway(b, max(clients, openClients)), run: rand.Text()[:10], accounts: make([]tillAccount, accounts), byID: make(map[string]int, accounts)}
	fmt.Fprintf(l.Log, "  opening %s\n", count(accounts, "account"))
	var next atomic.Int64
	failures := make([]error, min(openClients, accounts))
	var all sync.WaitGroup
	for n := range failures {
		all.Go(func() {
			for i := int(next.Add(1)) - 1; i < accounts && failures[n] == nil; i = int(next.Add(1)) - 1 {
				failures[n] = t.open(ctx, i)
			}
		})
	}
	all.Wait()
	if err := errors.Join(failures...); err != nil {
		return nil, fmt.Errorf("open accounts: %w", err)
	}
	for i := range t.accounts {
		t.byID[t.accounts[i].id] = i
	}
	return t, nil
}

// owner is who owns the accounts.
func (t *till) owner() string { return "bench " + t.run }

// key is an idempotency key that was never used.
func (t *till) key() string { return "bench-" + t.run + "-" + strconv.FormatInt(t.keys.Add(1), 10) }

// open opens an account, and asks again with the same key while the bank is too
// busy to say what became of it.
func (t *till) open(ctx context.Context, i int) error {
	body := requestOf(openText, map[string]any{"owner": t.owner(), "key": t.key()})
	for tries := 0; ; tries++ {
		answer, err := t.gateway.mutate(ctx, body)
		if err == nil && answer.Account != nil {
			t.accounts[i].id = answer.Account.ID
			return nil
		}
		if err == nil {
			err = errors.New("the bank does not tell the account")
		}
		if tries == 5 || !errors.Is(err, errDoubt) || !wait(ctx, time.Second) {
			return err
		}
	}
}

// credit keeps in mind what was acknowledged.
func (t *till) credit(i int, minor int64) {
	t.accounts[i].minor.Add(minor)
	t.accounts[i].moves.Add(1)
}

// settle remembers what became of a call that was to move money: minor on each
// account.
func (t *till) settle(err error, minor map[int]int64) {
	for i, m := range minor {
		switch {
		case err == nil:
			t.credit(i, m)
		case errors.Is(err, errDoubt):
			t.accounts[i].doubt.Add(max(m, -m))
		}
	}
}

// How long the views may take to show what was acknowledged; transfers arrive
// behind their acknowledgement.
const (
	verifyMost  = 2 * time.Minute
	verifyPause = 200 * time.Millisecond
)

// verify waits until the views show what was acknowledged, on each account and
// no more than that. It fails if they come to rest otherwise.
func (t *till) verify(ctx context.Context) error {
	ctx, cancel := context.WithTimeout(ctx, verifyMost)
	defer cancel()
	for {
		if err := t.gateway.settled(ctx); err != nil {
			return err
		}
		shown, err := t.shown(ctx)
		if err != nil {
			return fmt.Errorf("read the views: %w", err)
		}
		if err = t.compare(shown); err == nil {
			return nil
		}
		if !wait(ctx, verifyPause) {
			return fmt.Errorf("the views do not show what was acknowledged: %w", err)
		}
	}
}

// compare holds balances in cents against what was acknowledged.
func (t *till) compare(shown map[int]int64) error {
	for i := range t.accounts {
		a := &t.accounts[i]
		minor, there := shown[i]
		off, may := minor-a.minor.Load(), a.doubt.Load()
		if !there || off > may || -off > may {
			return fmt.Errorf("account %s has %d cents (known: %t) where %d were acknowledged in %d movements and %d more are in doubt",
				a.id, minor, there, a.minor.Load(), a.moves.Load(), a.doubt.Load())
		}
	}
	return nil
}

// shown reads all balances from the views, in cents.
func (t *till) shown(ctx context.Context) (map[int]int64, error) {
	shown := make(map[int]int64, len(t.accounts))
	for after := "null"; ; {
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
		query := fmt.Sprintf(`{ accounts(first: 100, after: %s, filter: {owner: %q}) { nodes { id balance { current { value } } } pageInfo { hasNextPage endCursor } } }`, after, t.owner())
		if err := t.gateway.ask(ctx, query, &got); err != nil {
			return nil, err
		}
		for _, node := range got.Accounts.Nodes {
			i, ours := t.byID[node.ID]
			value, err := strconv.ParseFloat(node.Balance.Current.Value, 64)
			if !ours || err != nil {
				return nil, fmt.Errorf("account %s, which is none of ours or has the balance %q", node.ID, node.Balance.Current.Value)
			}
			shown[i] = int64(math.Round(value * 100))
		}
		if !got.Accounts.PageInfo.HasNextPage {
			return shown, nil
		}
		after = strconv.Quote(got.Accounts.PageInfo.EndCursor)
	}
}
