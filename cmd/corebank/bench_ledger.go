package main

import (
	"context"
	"log/slog"

	"github.com/spf13/cobra"

	"corebank/check/bench"
	"corebank/check/bench/ledger"
)

func newBenchLedger() *cobra.Command {
	var listen, database string
	c := &cobra.Command{
		Use:     bench.CommandLedger,
		GroupID: groupBank,
		Hidden:  true, // a part of bench
		Short:   "Serve the SQL ledger that \"corebank bench baseline\" measures",
		RunE: work(func(ctx context.Context, _ *slog.Logger) error {
			return ledger.Serve(ctx, listen, database)
		}),
	}
	c.Flags().StringVar(&listen, "listen", "", "address of the API")
	c.Flags().StringVar(&database, "database", "", "how to reach PostgreSQL, in the form of libpq")
	require(c, "listen", "database")
	return c
}
