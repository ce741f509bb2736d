package bench

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"strconv"
	"sync/atomic"

	"corebank/check/bench/ledger"
	"corebank/check/bench/postgres"
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
	gateway   gateway
	database  string // its address
	processes map[string]int
	accounts  []string
	run       int64
	keys      atomic.Int64
	done      atomic.Int64 // acknowledged
	doubt     atomic.Int64
}

// openSQL measures the SQL ledger as deposits on the bank are measured: with as
// many clients and accounts, and the same HTTP client.
func openSQL(ctx context.Context, e *env) ([]measured, error) {
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
	s, err := e.startLedger(ctx, server)
	if err != nil {
		return nil, err
	}
	load := e.load(moveClients)
	clients := count(load.Clients, "client")
	everywhere, one := clients+" over "+count(len(s.accounts), "account"), clients+", all on one account"
	sql := func(name, about, path string, accounts []string) measured {
		return measured{name, "deposits", about + ", over HTTP into PostgreSQL", func(ctx context.Context) (Sample, error) {
			sample, err := e.measure(ctx, load, "deposits", s.processes, s.deposits(path, accounts))
			return sample, errors.Join(err, s.verify(ctx))
		}}
	}
	return []measured{
		sql(caseSQLFour, everywhere, ledger.PathFour, s.accounts),
		sql(caseSQLSingle, everywhere, ledger.PathSingle, s.accounts),
		sql(caseSQLFourHot, one, ledger.PathFour, s.accounts[:1]),
		sql(caseSQLSingleHot, one, ledger.PathSingle, s.accounts[:1]),
	}, nil
}

// startLedger serves a ledger with its accounts.
func (e *env) startLedger(ctx context.Context, server *postgres.Server) (*sqlLedger, error) {
	var listen string
	if err := freeAddresses(&listen); err != nil {
		return nil, err
	}
	s := &sqlLedger{database: server.Address(), accounts: make([]string, e.Accounts), run: rand.Int64()}
	for i := range s.accounts {
		s.accounts[i] = fmt.Sprintf("acc_%026d", i) // as long as the bank's
	}
	database, err := ledger.Open(ctx, s.database, 1)
	if err != nil {
		return nil, err
	}
	defer database.Close()
	if err := database.OpenAccounts(ctx, s.accounts); err != nil {
		return nil, err
	}
	s.processes, err = e.start(ctx, supervisor.Process{Name: "ledger", Command: e.Program, Dir: e.dir, Env: environment(),
		Args:  []string{CommandLedger, "--listen=" + listen, "--database=" + s.database},
		Ready: func(ctx context.Context) error { return answersOK(ctx, "http://"+listen+ledger.PathTotals) }})
	if err != nil {
		return nil, err
	}
	s.processes["postgres"] = server.PID
	s.gateway = e.newGateway(&runningBank{url: "http://" + listen}, e.load(moveClients).Clients)
	return s, nil
}

// deposits are deposits on random accounts.
func (s *sqlLedger) deposits(path string, accounts []string) operation {
	to := s.gateway.at(path)
	return func(ctx context.Context, _, _ int) (int, error) {
		body := fmt.Appendf(make([]byte, 0, 200), `{"account":"%s","key":"bench-%s-%d","amount":%d,"reference":"salary"}`,
			accounts[rand.IntN(len(accounts))], strconv.FormatInt(s.run, 36), s.keys.Add(1), moveMinor)
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
	database, err := ledger.Open(ctx, s.database, 1)
	if err != nil {
		return err
	}
	defer database.Close()
	totals, err := database.Totals(ctx)
	if err != nil {
		return fmt.Errorf("the ledger's totals: %w", err)
	}
	done, doubt := s.done.Load(), s.doubt.Load()
	if totals.Entries < done || totals.Entries > done+doubt || totals.Balances != totals.Entries*moveMinor {
		return fmt.Errorf("the SQL ledger has %d entries and %d cents; %d deposits of %d were acknowledged and %d are in "+
			"doubt",
			totals.Entries, totals.Balances, done, moveMinor, doubt)
	}
	return nil
}
