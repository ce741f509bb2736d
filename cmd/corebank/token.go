package main

import (
	"cmp"
	"context"
	"fmt"
	"io"
	"log/slog"
	"slices"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"corebank/internal/identity"
	"corebank/internal/identity/issuer"
	"corebank/localbank"
)

const maxTokenLife = 90 * 24 * time.Hour

// tokenRequest is what a token is asked for with.
type tokenRequest struct {
	data, role, subject string
	lasts               time.Duration
}

func newToken() *cobra.Command {
	var ask tokenRequest
	c := &cobra.Command{
		Use:     "token",
		GroupID: groupBank,
		Short:   "Print a token for the bank that \"corebank up\" runs",
		Long: `Print a token that signs in to the bank of a data directory, and nothing else.
The bank need not run: its issuer's key is in the directory, where only its
owner can read it.

A customer uses the accounts that --subject owns. A teller uses anybody's, an
auditor reads everything, an admin may do everything.`,
		Example: `  # For curl
  TOKEN=$(corebank token --role teller)
  curl -H "Authorization: Bearer $TOKEN" ...

  # A customer who owns the accounts of "ada", for an hour
  corebank token --role customer --subject ada --ttl 1h`,
		RunE: func(c *cobra.Command, arguments []string) error {
			if err := ask.check(); err != nil {
				return err
			}
			return work(func(context.Context, *slog.Logger) error { return ask.print(c.OutOrStdout()) })(c, arguments)
		},
	}
	c.Flags().StringVar(&ask.role, "role", string(identity.Teller), "customer, teller, auditor or admin")
	c.Flags().StringVar(&ask.subject, "subject", "", "who it is for (the role's name when it is left out)")
	c.Flags().DurationVar(&ask.lasts, "ttl", localbank.TokenLife, "how long it lasts, at most 2160h")
	c.Flags().StringVar(&ask.data, "data", ".corebank", "directory of the bank that \"corebank up\" runs")
	return c
}

func (ask *tokenRequest) check() error {
	if !slices.Contains(identity.Roles(), identity.Role(ask.role)) {
		return fmt.Errorf("--role %q: want customer, teller, auditor or admin", ask.role)
	}
	if ask.lasts < time.Second || ask.lasts > maxTokenLife {
		return fmt.Errorf("--ttl %s: want 1s to %s", ask.lasts, maxTokenLife)
	}
	if ask.subject = cmp.Or(ask.subject, ask.role); len([]rune(ask.subject)) > 140 || strings.ContainsFunc(ask.subject, func(r rune) bool { return r < ' ' }) {
		return fmt.Errorf("--subject: want 1 to 140 characters")
	}
	return nil
}

// print prints a token.
func (ask *tokenRequest) print(out io.Writer) error {
	local, err := localIssuer(ask.data)
	if err != nil {
		return err
	}
	token, err := local.Token(ask.subject, identity.Role(ask.role), time.Now(), ask.lasts)
	if err == nil {
		_, err = fmt.Fprintln(out, token)
	}
	return err
}

// localIssuer is the issuer of a bank that was up on a data directory.
func localIssuer(data string) (*issuer.Local, error) {
	if !issuer.Has(data) {
		return nil, fmt.Errorf("no bank has run on --data %s; give the directory of one, or start one: corebank up --data %s", data, data)
	}
	return issuer.Open(data)
}
