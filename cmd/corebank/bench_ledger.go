package main

import (
	"context"
	"fmt"
	"log/slog"
	"net"
	"net/http"
	"time"

	"github.com/spf13/cobra"

	"corebank/check/bench"
	"corebank/check/bench/ledger"
	"corebank/internal/app"
)

// ledgerConnections is how many connections to PostgreSQL the ledger has: enough
// for its commits to share an fsync. Between 8 and 32, a machine with other work
// showed no difference that outlasted its noise.
const ledgerConnections = 32

func newBenchLedger() *cobra.Command {
	var listen, database string
	c := &cobra.Command{
		Use:     bench.CommandLedger,
		GroupID: groupBank,
		Hidden:  true, // a part of bench
		Short:   "Serve the SQL ledger that \"corebank bench baseline\" measures",
		Long: `Serve a plain ledger in a PostgreSQL database over HTTP, for "corebank bench
baseline" to compare the bank with. It is no part of the bank. The accounts have
to be in the database already.`,
		Example: `  corebank bench-ledger --listen 127.0.0.1:9000 --database "host=/run/postgresql dbname=bench"`,
		Args:    cobra.NoArgs,
		RunE: work(func(ctx context.Context, _ *slog.Logger) error {
			return serveLedger(ctx, listen, database)
		}),
	}
	c.Flags().StringVar(&listen, "listen", "", "address of the API")
	c.Flags().StringVar(&database, "database", "", "how PostgreSQL is reached, as libpq has it")
	require(c, "listen", "database")
	return c
}

func serveLedger(ctx context.Context, listen, database string) error {
	opened, err := ledger.Open(ctx, database, ledgerConnections)
	if err != nil {
		return fmt.Errorf("--database: %w", err)
	}
	defer opened.Close()
	lis, err := net.Listen("tcp", listen)
	if err != nil {
		return fmt.Errorf("--listen %s: %w", listen, err)
	}
	return app.ServeHTTP(ctx, lis, &http.Server{Handler: ledger.Handler(opened), ReadHeaderTimeout: 5 * time.Second, ReadTimeout: 15 * time.Second})
}
