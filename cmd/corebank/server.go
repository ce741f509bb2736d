package main

import (
	"context"
	"log/slog"

	"github.com/spf13/cobra"

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
		Long: `Run the gateway beside its Dapr sidecar: GraphQL at /graphql (subscriptions by
websocket or server-sent events at the same place), GraphiQL at /, health at
/healthz and /readyz.

` + viewsHelp + `

There is no authentication yet, so the gateway listens on this machine only
unless --allow-remote says otherwise.

With --production it tells strangers less: no introspection, no suggestions in
errors and no GraphiQL, and lower rates unless they are given.

The sidecar (app id "server") is found by DAPR_GRPC_ENDPOINT, or by
DAPR_GRPC_PORT on this machine. It needs no --app-port: the app calls it.`,
		Example: `  # The sidecar in one terminal, the app in another
  daprd --app-id server --dapr-grpc-port 50001 --resources-path components --placement-host-address 127.0.0.1:50005
  DAPR_GRPC_PORT=50001 corebank server --listen 127.0.0.1:8080 --views views.db`,
		PreRunE: func(c *cobra.Command, _ []string) (err error) {
			config.Guard, err = strict.read(c)
			config.TrustedDocuments = strict.trusted
			return err
		},
		RunE: work(func(ctx context.Context, log *slog.Logger) error {
			config.Views = withMongo(config.Views)
			config.Broker = probeBroker(broker)
			return server.Run(ctx, config, log)
		}),
	}
	c.Flags().StringVar(&config.Listen, "listen", "127.0.0.1:8080", "address of the API")
	c.Flags().BoolVar(&config.AllowRemote, "allow-remote", false,
		"allow --listen on an address that others can reach; there is no authentication yet, so whoever can connect can move all money")
	c.Flags().BoolVar(&config.Wire.Draft, "http-draft", false,
		"answer with the status codes of the newest draft of GraphQL over HTTP (400, 422 and 294) instead of those that today's clients and audits expect")
	c.Flags().IntVar(&config.Wire.Connections, "connections", server.DefaultConnections, "how many websockets and event streams may be open, in all")
	c.Flags().IntVar(&config.Wire.ConnectionsEach, "connections-each", server.DefaultConnectionsEach, "how many of them may be one caller's")
	strict.add(c)
	brokerFlag(c, &broker)
	viewsFlag(c, &config.Views)
	return c
}
