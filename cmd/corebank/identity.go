package main

import (
	"github.com/spf13/cobra"

	"corebank/internal/identity/issuer"
	"corebank/internal/identity/oidc"
)

// identityHelp says in the help of apps how tokens are verified.
const identityHelp = `Tokens are verified with the issuer's published keys, which are found by its
.well-known/openid-configuration, or in --jwks. Keys may change at any time; an
issuer that is away stops nobody whose key is known. Only signatures with
public keys are taken.`

// identityFlags say whose tokens an app takes.
func identityFlags(c *cobra.Command, settings *oidc.Settings) {
	c.Flags().StringVar(&settings.Issuer, "issuer", "", "whose tokens are taken: what their iss is")
	c.Flags().StringVar(&settings.Audience, "audience", issuer.Audience, "whom tokens are meant for: what their aud contains")
	c.Flags().StringVar(&settings.Keys, "jwks", "", "file or https address of the issuer's keys, instead of where it says")
	c.Flags().StringVar(&settings.RolesClaim, "roles-claim", oidc.DefaultRolesClaim, "claim that lists roles; a.b is b in a")
	require(c, "issuer")
}
