package bench

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"net/http"
	"strconv"
	"sync/atomic"

	"corebank/check/bench/ledger"
	"corebank/check/bench/postgres"
	"corebank/check/livebank"
	"corebank/check/must"
	"corebank/internal/app"
	"corebank/localbank/supervisor"
)

// The cases of the SQL ledger.
const (
	caseSQLFour      = "sql, four statements"
	caseSQLSingle    = "sql, single statement"
	caseSQLFourHot   = "sql, four statements, hot"
	caseSQLSingleHot = "sql, single statement, hot"
)

// CommandLedger is the command of corebank that serves the SQL ledger, with the
// flags --listen and --database.
const CommandLedger = "bench-ledger"

// sqlLedger is a running ledger, and what it has acknowledged.
type sqlLedger struct {
	gateway  gateway
	database *ledger.Ledger
	accounts []string
	run      string // makes idempotency keys unique
	keys     atomic.Int64
	done     atomic.Int64 // acknowledged
	doubt    atomic.Int64
}

// openSQL measures the SQL ledger as deposits on the bank are measured: with as
// many clients and accounts, and the same HTTP client.
func openSQL(ctx context.Context, e *env) (_ []measured, err error) {
	defer must.Catch(&err)
	server, err := postgres.Start(ctx)
	if errors.Is(err, postgres.ErrMissing) {
		e.note("the SQL ledger is not measured: %v", err)
		return nil, nil
	}
	if err != nil {
		return nil, fmt.Errorf("start PostgreSQL: %w", err)
	}
	e.onClose(server.Stop)
	e.note("the SQL ledger uses PostgreSQL %s, with fsync and synchronous_commit on, through a unix socket",
		server.Version)
	s := &sqlLedger{accounts: make([]string, e.Accounts), run: strconv.FormatInt(rand.Int64(), 36),
		database: must.Get(ledger.Open(ctx, server.Address(), 1))}
	e.onClose(func() error { s.database.Close(); return nil })
	for i := range s.accounts {
		s.accounts[i] = fmt.Sprintf("acc_%026d", i) // as long as the bank's
	}
	must.Do(s.database.OpenAccounts(ctx, s.accounts))
	listen := must.Get(livebank.FreeAddress())
	used := must.Get(e.start(ctx, supervisor.Process{Name: "ledger", Command: e.Program, Dir: e.dir,
		Env: livebank.Environment(), Args: []string{CommandLedger, "--listen=" + listen, "--database=" + server.Address()},
		Ready: func(ctx context.Context) error {
			return app.CheckHealth(ctx, "http://"+listen+ledger.PathTotals, http.StatusOK)
		}}))
	used()["postgres"] = server.PID
	load := e.load(moveClients)
	s.gateway = e.newGateway(&runningBank{url: "http://" + listen}, load.Clients)
	clients := count(load.Clients, "client")
	everywhere, one := clients+" over "+count(len(s.accounts), "account"), clients+", all on one account"
	sql := func(name, about, path string, accounts []string) measured {
		return loaded(name, "deposits", about+", over HTTP into PostgreSQL", load, used, s.deposits(path, accounts), s.verify)
	}
	return []measured{
		sql(caseSQLFour, everywhere, ledger.PathFour, s.accounts),
		sql(caseSQLSingle, everywhere, ledger.PathSingle, s.accounts),
		sql(caseSQLFourHot, one, ledger.PathFour, s.accounts[:1]),
		sql(caseSQLSingleHot, one, ledger.PathSingle, s.accounts[:1]),
	}, nil
}

func (s *sqlLedger) deposits(path string, accounts []string) operation {
	to := s.gateway.at(path)
	return func(ctx context.Context, _, _ int) (int, error) {
		body := fmt.Appendf(make([]byte, 0, 200), `{"account":"%s","key":"bench-%s-%d","amount":%d,"reference":"salary"}`,
			accounts[rand.IntN(len(accounts))], s.run, s.keys.Add(1), moveMinor)
		text, err := to.send(ctx, body)
		var moved ledger.Moved
		if err == nil {
			err = decode(text, &moved)
		}
		if err == nil && (moved.Version == 0 || moved.Replayed) {
			err = fmt.Errorf("the ledger answers %s", text)
		}
		if err != nil {
			s.doubt.Add(1)
			return 0, err
		}
		s.done.Add(1)
		return 1, nil
	}
}

// verify compares the ledger with what it has acknowledged.
func (s *sqlLedger) verify(ctx context.Context) error {
	totals, err := s.database.Totals(ctx)
	if err != nil {
		return fmt.Errorf("the ledger's totals: %w", err)
	}
	done, doubt := s.done.Load(), s.doubt.Load()
	if totals.Entries < done || totals.Entries > done+doubt || totals.Balances != totals.Entries*moveMinor {
		return fmt.Errorf("the SQL ledger has %d entries and %d cents; %d deposits of %d were acknowledged and %d are in "+
			"doubt", totals.Entries, totals.Balances, done, moveMinor, doubt)
	}
	return nil
}
