package main

import (
	"context"
	"fmt"
	"log/slog"
	"time"

	"github.com/spf13/cobra"

	"corebank/internal/secrets"
)

func newSecrets() *cobra.Command {
	var wanted secrets.Wanted
	c := &cobra.Command{
		Use:     "secrets",
		GroupID: groupParts,
		Short:   "Print new secrets of the parts, for compose or Kubernetes",
	}
	c.RunE = checked(func(*cobra.Command, []string) error {
		if err := checkPartitions(wanted.Partitions); err != nil {
			return err
		}
		return wanted.Check()
	}, work(func(context.Context, *slog.Logger) error {
		text, err := wanted.Text(time.Now())
		if err == nil {
			_, err = fmt.Fprint(c.OutOrStdout(), text)
		}
		return err
	}))
	c.Flags().BoolVar(&wanted.Passwords, "passwords", false,
		"print passwords for the databases as well, for a new installation: they keep the first ones that they get")
	c.Flags().StringVar(&wanted.Kubernetes, "kubernetes", "",
		"print Secrets of Kubernetes whose names begin so: the name of the chart's release, or its secretsPrefix")
	c.Flags().StringVar(&wanted.Broker, "broker", "", "with --kubernetes: host and port of NATS, if it is not the chart's")
	partitionsFlag(c, &wanted.Partitions)
	c.Flags().IntVar(&wanted.Machines, "machines", 1,
		"how many machines have an event source, of which one works: 3 for compose.cluster.yaml")
	return c
}
