package main

import (
	"time"

	"github.com/spf13/cobra"

	"corebank/check/bench"
)

func benchFlags(c *cobra.Command, config *bench.Config, output *bench.Output) {
	flags := c.Flags()
	flags.IntVar(&config.Repeats, "repeats", 5, "how often each case is measured")
	flags.DurationVar(&config.Time, "duration", 5*time.Second, "how long each time")
	flags.DurationVar(&config.Warmup, "warmup", time.Second, "how long the load runs before it counts")
	flags.IntVar(&config.Clients, "clients", 0, "clients that call at once; 0 for as many as each scenario is about")
	flags.IntVar(&config.Accounts, "accounts", 10_000, "accounts that the load is spread over")
	flags.IntVar(&config.Batch, "batch", 256, "appends that travel in one call to the event source, at most 256")
	flags.IntVar(&config.Events, "events", 200_000,
		"events in the log from which views are built anew, and in the longest log of scale")
	flags.IntVar(&config.History, "history", 1_000_000,
		"transactions in the longest history, and events in the log of a killed bank")
	flags.IntVar(&config.Sockets, "sockets", 10_000, "idle websockets")
	flags.IntVar(&config.Subscribers, "subscribers", 1000, "subscribers that receive every deposit")
	flags.StringVar(&config.URL, "url", "", "address of a bank that runs already, such as http://127.0.0.1:8080")
	flags.Float64Var(&config.Rate, "rate", 0, "calls a second that fall due; 0 for as many as are answered")
	flags.StringVar(&output.JSON, "json", "", "file for the whole report as JSON; - is standard output")
	flags.StringVar(&output.HTML, "html", "", "file for the report as a page with charts; - is standard output")
	flags.BoolVar(&output.Keep, "keep", false, "keep the data and logs of what was measured")
}
