package bench

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"strconv"
	"time"

	"corebank/check/must"
)

const caseBalance = "balance"

// caseHistory is the case of a history of some length.
func caseHistory(length int) string { return "page of " + thousands(length) }

const (
	historyPage = 50
	// minHistory is the shortest --history: a hundredth of it is a page.
	minHistory = 100 * historyPage
	// readClients read balances at the same time, pageClients pages.
	readClients = 64
	pageClients = 8
	// maxRemoteHistory is the longest history that is written through the API.
	maxRemoteHistory = 10_000
	// pageStarts is at how many positions in a history pages begin.
	pageStarts = 200
)

const (
	balanceQuery = `query($id: ID!) { balance(accountId: $id) ` +
		`{ current { value currency } available { value } version asOf } }`
	historyQuery = `query($id: ID!, $after: String) { history(accountId: $id, first: 50, after: $after) ` +
		`{ edges { cursor node { id type direction amount { value } balanceAfter { value } version ` +
		`occurredAt reference } } pageInfo { hasNextPage endCursor } } }`
)

func openQuery(ctx context.Context, e *env) (cases []measured, err error) {
	defer must.Catch(&err)
	a := must.Get(e.sharedAccounts(ctx))
	must.Get(a.batch(ctx, []int{0}, moveMinor))
	load := e.load(readClients)
	about := fmt.Sprintf("%s, each asking for the balance of any of %s", count(load.Clients, "client"),
		count(len(a.accounts), "account"))
	cases = append(cases, loaded(caseBalance, "queries", about, load, e.bank.used,
		func(ctx context.Context, _, _ int) (int, error) {
			return 1, a.gateway.balance(ctx, a.accounts[rand.IntN(len(a.accounts))].id)
		}))
	for _, length := range []int{e.History / 100, e.History / 10, e.History} {
		if e.remote() && length > maxRemoteHistory {
			e.note("on a bank that runs already, no history of more than %s transactions is read: it would have to be written "+
				"deposit by deposit", thousands(maxRemoteHistory))
			break
		}
		cases = append(cases, must.Get(e.openPages(ctx, length)))
	}
	return cases, nil
}

// openPages writes a history and measures pages that begin anywhere in it.
func (e *env) openPages(ctx context.Context, length int) (_ measured, err error) {
	defer must.Wrap(&err, "a history of %d", length)
	defer must.Catch(&err)
	account := must.Get(e.writeHistory(ctx, length))
	load := e.load(pageClients)
	g := e.newGateway(e.bank, load.Clients)
	must.Do(g.settled(ctx))
	starts := must.Get(g.pageStarts(ctx, account))
	about := fmt.Sprintf("%s, each asking for %d of %s transactions from anywhere",
		count(load.Clients, "client"), historyPage, thousands(length))
	return loaded(caseHistory(length), "pages", about, load, e.bank.used,
		func(ctx context.Context, _, _ int) (int, error) {
			n, err := g.page(ctx, account, starts[rand.IntN(len(starts))])
			if err == nil && n != historyPage {
				err = fmt.Errorf("a page of %d, want %d", n, historyPage)
			}
			return 1, err
		}), nil
}

func (g gateway) balance(ctx context.Context, id string) error {
	var got struct{ Balance *struct{ Version int64 } }
	err := g.query(ctx, balanceQuery, variables{"id": id}, &got)
	if err == nil && (got.Balance == nil || got.Balance.Version == 0) {
		err = errors.New("the answer has no balance")
	}
	return err
}

// page reads a page of an account's history and returns its length.
func (g gateway) page(ctx context.Context, id, after string) (int, error) {
	var got struct {
		History struct{ Edges []struct{ Cursor string } }
	}
	v := variables{"id": id}
	if after != "" {
		v["after"] = after
	}
	err := g.query(ctx, historyQuery, v, &got)
	return len(got.History.Edges), err
}

// newest reads the newest page of an account's history, which may not be empty.
func (g gateway) newest(ctx context.Context, id string) error {
	n, err := g.page(ctx, id, "")
	if err == nil && n == 0 {
		err = errors.New("the answer has no history")
	}
	return err
}

// pageStarts are cursors at positions spread evenly over the time of a history,
// and the newest, which is "". At least a page follows each.
func (g gateway) pageStarts(ctx context.Context, account string) (starts []string, err error) {
	defer must.Catch(&err)
	newest, oldest := must.Get(g.oneOf(ctx, account, "first: 1")), must.Get(g.oneOf(ctx, account, "last: 1"))
	if newest == nil || oldest == nil {
		return nil, errors.New("the history is empty")
	}
	span := newest.OccurredAt.Sub(oldest.OccurredAt)
	starts = []string{""}
	for n := range pageStarts {
		until := oldest.OccurredAt.Add(span / pageStarts * time.Duration(n+1)).UTC().Format(time.RFC3339Nano)
		last := must.Get(g.oneOf(ctx, account, fmt.Sprintf("first: 1, filter: {until: %q}", until)))
		if last != nil && last.Version > historyPage+1 {
			starts = append(starts, last.cursor)
		}
	}
	return starts, nil
}

// historyNode is a transaction in a history.
type historyNode struct {
	Version    int64
	OccurredAt time.Time
	cursor     string
}

// oneOf is the only transaction of a page of a history; nil if it is empty.
func (g gateway) oneOf(ctx context.Context, account, page string) (*historyNode, error) {
	var got struct {
		History struct {
			Nodes    []historyNode
			PageInfo struct{ EndCursor string }
		}
	}
	query := `query($id: ID!) { history(accountId: $id, ` + page +
		`) { nodes { version occurredAt } pageInfo { endCursor } } }`
	err := g.query(ctx, query, variables{"id": account}, &got)
	if err != nil || len(got.History.Nodes) == 0 {
		return nil, err
	}
	node := got.History.Nodes[0]
	node.cursor = got.History.PageInfo.EndCursor
	return &node, nil
}

// writeHistory makes an account with so many transactions: directly in the log of
// a bank of ours, otherwise by deposits.
func (e *env) writeHistory(ctx context.Context, length int) (account string, err error) {
	defer must.Catch(&err)
	e.progress("writing a history of %s transactions", thousands(length))
	if e.remote() {
		a := must.Get(e.openAccounts(ctx, 1, 1))
		return a.accounts[0].id, a.depositTimes(ctx, 0, length)
	}
	j := newJournal("history"+strconv.Itoa(length), 1)
	return string(j.accounts[0]), j.fillOne(ctx, must.Get(e.dialLog(e.bank)), 0, length+1, e.Batch)
}
