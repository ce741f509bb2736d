package main

import (
	"context"
	"log/slog"

	"github.com/spf13/cobra"

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
		Long: `Run the gateway beside its Dapr sidecar: GraphQL at /graphql (subscriptions by
websocket at the same place), GraphiQL at /, health at /healthz and /readyz.

` + viewsHelp + `

Users sign in with an OpenID Connect token of --issuer, which lists their roles
(customer, teller, auditor, admin) in the claim --roles-claim. In HTTP it is in
"Authorization: Bearer", in a websocket in "authorization" of connection_init.
` + identityHelp + `
With --sessions, the tokens come from an issuer on this machine, as with
"corebank up". Browsers may then sign in with the links that "corebank token
--link" prints, and the gateway listens on this machine only, unless
--allow-remote is given.

With --production it reveals less: no introspection, no suggestions in errors
and no GraphiQL. The rates are lower unless flags set them.

The sidecar (app id "server") is found by DAPR_GRPC_ENDPOINT, or by
DAPR_GRPC_PORT on this machine. It needs no --app-port: the app calls it.`,
		Example: `  # The sidecar in one terminal, the app in another
  daprd --app-id server --dapr-grpc-port 50001 --resources-path components --placement-host-address 127.0.0.1:50005
  DAPR_GRPC_PORT=50001 corebank server --views views.db --issuer https://login.example.org --audience corebank`,
		PreRunE: func(c *cobra.Command, _ []string) (err error) {
			config.Guard, err = strict.read(c)
			config.TrustedDocuments = strict.trusted
			return err
		},
		RunE: work(func(ctx context.Context, log *slog.Logger) error {
			config.Views = config.Views.WithEnvironment()
			config.Broker = jetstream.Probe(broker)
			return server.Run(ctx, config, log)
		}),
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
	strict.add(c)
	brokerFlag(c, &broker)
	viewsFlag(c, &config.Views)
	return c
}
