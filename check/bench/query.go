package bench

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"slices"
	"strconv"
	"time"
)

const caseBalance = "balance"

// caseHistory is the case of a history of some length.
func caseHistory(length int) string { return "page of " + thousands(int64(length)) }

const (
	// leastHistory is the shortest that --history may be: its hundredth has a
	// page.
	leastHistory = 100 * historyPage
	historyPage  = 50
	// readClients read balances at once, pageClients pages.
	readClients = 64
	pageClients = 8
	// remoteHistory is the longest history that is written through the API.
	remoteHistory = 10_000
	// pageStarts is at how many places in a history pages begin.
	pageStarts = 200
)

// openQuery measures reading.
func openQuery(ctx context.Context, l *lab) ([]measured, error) {
	t, err := l.uniform(ctx)
	if err != nil {
		return nil, err
	}
	if _, err := t.batch(ctx, []int{0}, moveMinor); err != nil {
		return nil, err
	}
	cases := []measured{l.balances(t)}
	for _, length := range l.histories() {
		account, err := l.writeHistory(ctx, length)
		if err != nil {
			return nil, fmt.Errorf("write a history of %d: %w", length, err)
		}
		g := l.newGateway(l.bank, l.load(pageClients).Clients)
		if err := g.settled(ctx); err != nil {
			return nil, err
		}
		starts, err := g.pageStarts(ctx, account)
		if err != nil {
			return nil, fmt.Errorf("look through a history of %d: %w", length, err)
		}
		cases = append(cases, l.pages(g, account, length, starts))
	}
	return cases, nil
}

// histories are the lengths of those that are read, the shortest first.
func (l *lab) histories() []int {
	lengths := []int{l.History / 100, l.History / 10, l.History}
	if !l.remote() {
		return lengths
	}
	short := slices.DeleteFunc(slices.Clone(lengths), func(n int) bool { return n > remoteHistory })
	if len(short) < len(lengths) {
		l.note("on a bank that runs already, no history of more than %s transactions is read: it would have to be written deposit by deposit", thousands(remoteHistory))
	}
	return short
}

// balances measures balance queries.
func (l *lab) balances(t *till) measured {
	load := l.load(readClients)
	about := fmt.Sprintf("%s, each asking for the balance of any of %s", count(load.Clients, "client"), count(len(t.accounts), "account"))
	return measured{caseBalance, "queries", about, func(ctx context.Context) (Sample, error) {
		return l.measure(ctx, load, "queries", l.bank.processes, func(ctx context.Context, _, _ int) (int, error) {
			return 1, t.gateway.balance(ctx, t.accounts[rand.IntN(len(t.accounts))].id)
		})
	}}
}

const balanceText = `query($id: ID!) { balance(accountId: $id) { current { value currency } available { value } version asOf } }`

func (g gateway) balance(ctx context.Context, id string) error {
	var got struct{ Balance *struct{ Version int64 } }
	err := g.read(ctx, idRequest(balanceText, id, ""), &got)
	if err == nil && (got.Balance == nil || got.Balance.Version == 0) {
		err = errors.New("the bank tells no balance")
	}
	return err
}

// idRequest asks about an account, with a cursor where there is one.
func idRequest(query, id, after string) []byte {
	text := make([]byte, 0, len(query)+200)
	text = append(append(append(text, `{"query":`...), jsonText(query)...), `,"variables":{"id":"`...)
	text = append(text, id...)
	if after != "" {
		text = strconv.AppendQuote(append(text, `","after":`...), after)
		return append(text, `}}`...)
	}
	return append(text, `"}}`...)
}

const historyText = `query($id: ID!, $after: String) { history(accountId: $id, first: 50, after: $after) { edges { cursor node ` +
	`{ id type direction amount { value } balanceAfter { value } version occurredAt reference } } pageInfo { hasNextPage endCursor } } }`

// newest reads the newest page of an account's history.
func (g gateway) newest(ctx context.Context, id string) error {
	var got struct {
		History *struct{ Edges []struct{ Cursor string } }
	}
	err := g.read(ctx, idRequest(historyText, id, ""), &got)
	if err == nil && (got.History == nil || len(got.History.Edges) == 0) {
		err = errors.New("the bank tells no history")
	}
	return err
}

// pages measures pages that begin anywhere in a history.
func (l *lab) pages(g gateway, account string, length int, starts []string) measured {
	load := l.load(pageClients)
	about := fmt.Sprintf("%s, each asking for %d of %s transactions from anywhere", count(load.Clients, "client"), historyPage, thousands(int64(length)))
	return measured{caseHistory(length), "pages", about, func(ctx context.Context) (Sample, error) {
		return l.measure(ctx, load, "pages", l.bank.processes, func(ctx context.Context, _, _ int) (int, error) {
			var got struct {
				History struct{ Edges []struct{ Cursor string } }
			}
			err := g.read(ctx, idRequest(historyText, account, starts[rand.IntN(len(starts))]), &got)
			if n := len(got.History.Edges); err == nil && n != historyPage {
				err = fmt.Errorf("a page of %d, want %d", n, historyPage)
			}
			return 1, err
		})
	}}
}

// pageStarts are cursors at places spread evenly over the time of a history, as
// one gets them from the API, and the newest, which needs none. After each comes
// at least a page.
func (g gateway) pageStarts(ctx context.Context, account string) ([]string, error) {
	newest, err := g.momentOf(ctx, account, "first: 1")
	if err != nil {
		return nil, err
	}
	oldest, err := g.momentOf(ctx, account, "last: 1")
	if err != nil {
		return nil, err
	}
	starts := []string{""}
	for n := range pageStarts {
		moment := oldest.Add(newest.Sub(oldest) / pageStarts * time.Duration(n+1))
		var got struct {
			History struct {
				PageInfo struct{ EndCursor string }
				Edges    []struct{ Node struct{ Version int64 } }
			}
		}
		err := g.ask(ctx, fmt.Sprintf(`{ history(accountId: %q, first: 1, filter: {until: %q}) { edges { node { version } } pageInfo { endCursor } } }`,
			account, moment.UTC().Format(time.RFC3339Nano)), &got)
		if err != nil {
			return nil, err
		}
		if len(got.History.Edges) == 1 && got.History.Edges[0].Node.Version > historyPage+1 {
			starts = append(starts, got.History.PageInfo.EndCursor)
		}
	}
	return starts, nil
}

// momentOf is when the first or the last transaction of an account was.
func (g gateway) momentOf(ctx context.Context, account, which string) (time.Time, error) {
	var got struct {
		History struct {
			Nodes []struct{ OccurredAt time.Time }
		}
	}
	err := g.ask(ctx, fmt.Sprintf(`{ history(accountId: %q, %s) { nodes { occurredAt } } }`, account, which), &got)
	if err == nil && len(got.History.Nodes) != 1 {
		err = errors.New("the history is empty")
	}
	if err != nil {
		return time.Time{}, err
	}
	return got.History.Nodes[0].OccurredAt, nil
}

// writeHistory makes an account with so many transactions: straight into the
// log of a bank of ours, otherwise by deposits.
func (l *lab) writeHistory(ctx context.Context, length int) (account string, err error) {
	fmt.Fprintf(l.Config.Log, "  writing a history of %s transactions\n", thousands(int64(length)))
	if !l.remote() {
		log, err := l.dialLog(l.bank)
		if err != nil {
			return "", err
		}
		j := newJournal("history"+strconv.Itoa(length), 1)
		return string(j.accounts[0]), j.fillOne(ctx, log.append, 0, length+1, l.Batch)
	}
	t, err := l.openTill(ctx, l.bank, 1, 1)
	if err != nil {
		return "", err
	}
	for left := length; left > 0; left -= batchItems {
		if _, err := t.batch(ctx, make([]int, min(batchItems, left)), moveMinor); err != nil {
			return "", err
		}
	}
	return t.accounts[0].id, nil
}
