package main

import (
	"context"
	"fmt"
	"log/slog"

	"github.com/spf13/cobra"

	"corebank/internal/contract"
	"corebank/internal/jetstream"
	"corebank/server"
)

func newServer() *cobra.Command {
	var config server.Config
	var broker string
	var strict guardFlags
	c := &cobra.Command{
		Use:     "server",
		GroupID: groupApps,
		Short:   "Serve the GraphQL API and GraphiQL",
		PreRunE: func(c *cobra.Command, _ []string) (err error) {
			config.Guard, err = strict.read(c)
			config.TrustedDocuments = strict.trusted
			if config.Guard.Production && !c.Flags().Changed("connections-per-address") {
				config.MaxPerAddress = productionConnections
			}
			return err
		},
		RunE: work(traced(contract.AppServer, func(ctx context.Context, log *slog.Logger) error {
			config.Views = config.Views.WithEnvironment()
			config.Broker = jetstream.Probe(broker)
			return server.Run(ctx, config, log)
		})),
	}
	c.Flags().StringVar(&config.Listen, "listen", "127.0.0.1:8080", "address of the API")
	c.Flags().BoolVar(&config.AllowRemote, "allow-remote", false,
		"allow --listen on an address that other machines can reach, although the issuer is on this machine")
	c.Flags().StringVar(&config.Sessions, "sessions", "",
		"folder of the sign-in links and sessions of browsers on this machine, made by \"corebank up\"")
	identityFlags(c, &config.Identity)
	c.Flags().BoolVar(&config.Transports.Draft, "http-draft", false,
		"answer with the status codes of the newest draft of GraphQL over HTTP (400, 422 and 294) "+
			"instead of those that today's clients and audits expect")
	c.Flags().IntVar(&config.Transports.MaxConnections, "connections", server.DefaultMaxConnections,
		"how many websockets and event streams may be open in total")
	c.Flags().IntVar(&config.Transports.MaxConnectionsPerCaller, "connections-each", server.DefaultMaxConnectionsPerCaller,
		"how many of them one caller may have")
	c.Flags().IntVar(&config.MaxPerAddress, "connections-per-address", server.DefaultMaxPerAddress,
		fmt.Sprintf("how many connections of every kind one address may have, 0 for no limit; %d in production",
			productionConnections))
	strict.add(c)
	brokerFlag(c, &broker)
	viewsFlag(c, &config.Views)
	eventSourcesFlag(c, &config.EventSources)
	metricsFlags(c, &config.Metrics)
	return c
}
