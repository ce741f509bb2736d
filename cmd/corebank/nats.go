package main

import (
	"context"
	"log/slog"

	"github.com/spf13/cobra"

	"corebank/localbank/natsserver"
)

func newNATS() *cobra.Command {
	var config natsserver.Config
	c := &cobra.Command{
		Use:     "nats",
		GroupID: groupParts,
		Short:   "Run a NATS JetStream server, which carries the topic",
		RunE: work(func(ctx context.Context, log *slog.Logger) error {
			return natsserver.Run(ctx, config, log)
		}),
	}
	c.Flags().StringVar(&config.Dir, "dir", "", "directory of the streams")
	c.Flags().StringVar(&config.Listen, "listen", "127.0.0.1:4222", "address for clients")
	c.Flags().StringVar(&config.Passwords, "passwords", "",
		"directory with a file nats-USER for each user, with a password; without it, every client may do everything")
	c.Flags().StringVar(&config.Cluster.Member, "member", "",
		"name of this server among several that are one broker together; the same after its disk was lost")
	c.Flags().StringVar(&config.Cluster.Listen, "member-listen", "", "address for the other members")
	c.Flags().StringSliceVar(&config.Cluster.Members, "members", nil,
		"addresses of all members for each other, this one's included: three, so that one may be lost")
	require(c, "dir")
	return c
}
