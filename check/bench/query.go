package bench

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"strconv"
	"time"
)

const caseBalance = "balance"

// caseHistory is the case of a history of some length.
func caseHistory(length int) string { return "page of " + thousands(int64(length)) }

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

// openQuery measures reading.
func openQuery(ctx context.Context, e *env) ([]measured, error) {
	a, err := e.sharedAccounts(ctx)
	if err != nil {
		return nil, err
	}
	if _, err := a.batch(ctx, []int{0}, moveMinor); err != nil {
		return nil, err
	}
	load := e.load(readClients)
	about := fmt.Sprintf("%s, each asking for the balance of any of %s", count(load.Clients, "client"),
		count(len(a.accounts), "account"))
	cases := []measured{e.reads(caseBalance, "queries", about, load, func(ctx context.Context) error {
		return a.gateway.balance(ctx, a.accounts[rand.IntN(len(a.accounts))].id)
	})}
	for _, length := range []int{e.History / 100, e.History / 10, e.History} {
		if e.remote() && length > maxRemoteHistory {
			e.note("on a bank that runs already, no history of more than %s transactions is read: it would have to be written "+
				"deposit by deposit", thousands(maxRemoteHistory))
			break
		}
		pages, err := e.openPages(ctx, length)
		if err != nil {
			return nil, fmt.Errorf("a history of %d: %w", length, err)
		}
		cases = append(cases, pages)
	}
	return cases, nil
}

func (e *env) reads(name, unit, about string, load Load, read func(context.Context) error) measured {
	return measured{name, unit, about, func(ctx context.Context) (Sample, error) {
		return e.measure(ctx, load, unit, e.bank.processes, func(ctx context.Context, _, _ int) (int, error) {
			return 1, read(ctx)
		})
	}}
}

// openPages writes a history and measures pages that begin anywhere in it.
func (e *env) openPages(ctx context.Context, length int) (measured, error) {
	account, err := e.writeHistory(ctx, length)
	if err != nil {
		return measured{}, err
	}
	load := e.load(pageClients)
	g := e.newGateway(e.bank, load.Clients)
	if err := g.settled(ctx); err != nil {
		return measured{}, err
	}
	starts, err := g.pageStarts(ctx, account)
	if err != nil {
		return measured{}, err
	}
	about := fmt.Sprintf("%s, each asking for %d of %s transactions from anywhere",
		count(load.Clients, "client"), historyPage, thousands(int64(length)))
	return e.reads(caseHistory(length), "pages", about, load, func(ctx context.Context) error {
		n, err := g.page(ctx, account, starts[rand.IntN(len(starts))])
		if err == nil && n != historyPage {
			err = fmt.Errorf("a page of %d, want %d", n, historyPage)
		}
		return err
	}), nil
}

func (g gateway) balance(ctx context.Context, id string) error {
	var got struct{ Balance *struct{ Version int64 } }
	err := g.query(ctx, balanceQuery, variables{ID: id}, &got)
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
	err := g.query(ctx, historyQuery, variables{ID: id, After: after}, &got)
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
func (g gateway) pageStarts(ctx context.Context, account string) ([]string, error) {
	newest, err := g.transactionTime(ctx, account, "first")
	if err != nil {
		return nil, err
	}
	oldest, err := g.transactionTime(ctx, account, "last")
	if err != nil {
		return nil, err
	}
	starts := []string{""}
	for n := range pageStarts {
		until := oldest.Add(newest.Sub(oldest) / pageStarts * time.Duration(n+1))
		var got struct {
			History struct {
				PageInfo struct{ EndCursor string }
				Edges    []struct{ Node struct{ Version int64 } }
			}
		}
		query := fmt.Sprintf(`query($id: ID!) { history(accountId: $id, first: 1, filter: {until: %q}) `+
			`{ edges { node { version } } pageInfo { endCursor } } }`, until.UTC().Format(time.RFC3339Nano))
		if err := g.query(ctx, query, variables{ID: account}, &got); err != nil {
			return nil, err
		}
		if len(got.History.Edges) == 1 && got.History.Edges[0].Node.Version > historyPage+1 {
			starts = append(starts, got.History.PageInfo.EndCursor)
		}
	}
	return starts, nil
}

// transactionTime is when the "first" or "last" transaction of a list was.
func (g gateway) transactionTime(ctx context.Context, account, which string) (time.Time, error) {
	var got struct {
		History struct {
			Nodes []struct{ OccurredAt time.Time }
		}
	}
	query := `query($id: ID!) { history(accountId: $id, ` + which + `: 1) { nodes { occurredAt } } }`
	err := g.query(ctx, query, variables{ID: account}, &got)
	if err == nil && len(got.History.Nodes) != 1 {
		err = errors.New("the history is empty")
	}
	if err != nil {
		return time.Time{}, err
	}
	return got.History.Nodes[0].OccurredAt, nil
}

// writeHistory makes an account with so many transactions: directly in the log of
// a bank of ours, otherwise by deposits.
func (e *env) writeHistory(ctx context.Context, length int) (account string, err error) {
	e.progress("writing a history of %s transactions", thousands(int64(length)))
	if !e.remote() {
		appends, err := e.dialLog(e.bank)
		if err != nil {
			return "", err
		}
		j := newJournal("history"+strconv.Itoa(length), 1)
		return string(j.accounts[0]), j.fillOne(ctx, appends, 0, length+1, e.Batch)
	}
	a, err := e.openAccounts(ctx, 1, 1)
	if err != nil {
		return "", err
	}
	return a.accounts[0].id, a.depositTimes(ctx, 0, length)
}
