package main

import (
	"cmp"
	"context"
	"fmt"
	"log/slog"
	"slices"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"corebank/internal/client"
	"corebank/internal/identity"
)

const (
	tokenLife    = 24 * time.Hour
	maxTokenLife = 90 * 24 * time.Hour
	maxSubject   = 140 // characters
)

func newToken() *cobra.Command {
	var data, role, subject string
	var lifetime time.Duration
	var link bool
	c := &cobra.Command{
		Use:     "token",
		GroupID: groupBank,
		Short:   "Print a token for the bank that \"corebank up\" runs",
		Long: `Print a token for signing in to the bank of a data directory, and nothing else.
The bank need not run: the key of its issuer is in the directory, where only its
owner can read it.

With --link, print an address instead, which signs one browser in to the console
and GraphiQL, once. It works until the bank stops.

A customer uses the accounts that --subject owns. A teller uses all accounts, an
auditor reads everything, an admin may do everything.`,
		Example: `  # For curl
  TOKEN=$(corebank token --role teller)
  curl -H "Authorization: Bearer $TOKEN" ...

  # A customer who owns the accounts of "ada", for an hour
  corebank token --role customer --subject ada --ttl 1h

  # Sign a browser in as an auditor
  corebank token --role auditor --link`,
		RunE: checked(func(*cobra.Command, []string) error {
			subject = cmp.Or(subject, role)
			return checkToken(role, subject, lifetime)
		}, work(func(context.Context, *slog.Logger) error {
			made := client.LocalToken
			if link {
				made = signInLink
			}
			text, err := made(data, subject, identity.Role(role), lifetime)
			if err == nil {
				_, err = fmt.Println(text)
			}
			return err
		})),
	}
	c.Flags().StringVar(&role, "role", string(identity.Teller), "customer, teller, auditor or admin")
	c.Flags().StringVar(&subject, "subject", "", "name of the user; without it, the role's name")
	c.Flags().DurationVar(&lifetime, "ttl", tokenLife, "how long the token lasts, at most 2160h")
	c.Flags().BoolVar(&link, "link", false, "print an address that signs a browser in, once, instead of the token")
	c.Flags().StringVar(&data, "data", ".corebank", "directory of the bank that \"corebank up\" runs")
	return c
}

func checkToken(role, subject string, lifetime time.Duration) error {
	switch {
	case !slices.Contains(identity.Roles(), identity.Role(role)):
		return fmt.Errorf("--role %q: want customer, teller, auditor or admin", role)
	case lifetime < time.Second || lifetime > maxTokenLife:
		return fmt.Errorf("--ttl %s: want 1s to %s", lifetime, maxTokenLife)
	case len([]rune(subject)) > maxSubject || strings.ContainsFunc(subject, func(r rune) bool { return r < ' ' }):
		return fmt.Errorf("--subject: want 1 to %d characters, none of them a control character", maxSubject)
	}
	return nil
}
