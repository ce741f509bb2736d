package main

import (
	"github.com/spf13/cobra"

	"corebank/internal/identity/issuer"
	"corebank/internal/identity/oidc"
)

// identityHelp is the part of an app's help about verifying tokens.
const identityHelp = `Tokens are verified with the issuer's published keys, which are found by its
.well-known/openid-configuration or in --jwks. The issuer may change its keys at
any time. While it cannot be reached, tokens with a known key stay valid. Only
signatures with public keys are accepted.`

// identityFlags adds the flags about the tokens that an app accepts.
func identityFlags(c *cobra.Command, settings *oidc.Settings) {
	c.Flags().StringVar(&settings.Issuer, "issuer", "", "issuer of the tokens that are accepted: their iss")
	c.Flags().StringVar(&settings.Audience, "audience", issuer.Audience, "audience of the tokens: a value of their aud")
	c.Flags().StringVar(&settings.Keys, "jwks", "",
		"file or https address of the issuer's keys, instead of the address in its configuration")
	c.Flags().StringVar(&settings.TokenType, "token-type", "",
		"what typ of the tokens' header has to be, such as at+jwt (RFC 9068); "+
			"without it, any but ID tokens, logout tokens and tokens that are bound to a key of the client")
	c.Flags().StringVar(&settings.RolesClaim, "roles-claim", oidc.DefaultRolesClaim,
		"claim that lists roles; a.b is b in a")
	require(c, "issuer")
}
