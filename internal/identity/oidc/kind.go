package oidc

import (
	"strings"

	"github.com/go-jose/go-jose/v4"
)

// typeOf is what the header of a token says that the token is, in the short form
// of the media type.
func typeOf(header jose.Header) string {
	name, _ := header.ExtraHeaders[jose.HeaderType].(string)
	return strings.TrimPrefix(strings.ToLower(name), "application/")
}

// Claims that only other tokens than access tokens have: ID tokens have the hash
// of an access token or of a code, logout tokens and other messages to a client
// have events.
var foreignClaims = map[string]string{
	"at_hash": "an ID token", "c_hash": "an ID token", "s_hash": "an ID token", "events": "a logout token",
}

// kindClaims are claims in which issuers say what a token is, and what access
// tokens say there: Keycloak's typ and Cognito's token_use.
var kindClaims = map[string][]string{
	"typ": {"bearer", "jwt", "at+jwt", "access_token", "access"}, "token_use": {"access", "access_token"},
}

// checkKind refuses tokens that the issuer made for something else than access.
// With a wanted type, the header decides alone. Without one, the header may say
// that it is an access token or any JWT, and the claims must not say that it is
// something else. A token that is bound to a key of the client proves nothing
// without a proof of that key, which this API does not take.
func checkKind(wanted, named string, claims map[string]any) error {
	if _, bound := claims["cnf"]; bound {
		return refuse("it is bound to a key of the client (cnf), which this API does not check; " +
			"ask the issuer for a bearer token")
	}
	switch {
	case wanted != "" && named != strings.ToLower(wanted):
		return refuse("its type is %.40q; want %s, an access token", named, wanted)
	case named == "at+jwt", wanted != "":
		return nil
	case named != "" && named != "jwt":
		return refuse("its type is %.40q; send an access token", named)
	}
	access := false
	for claim, names := range kindClaims {
		said, is := claims[claim].(string)
		if !is {
			continue
		}
		for _, name := range names {
			access = access || strings.EqualFold(said, name)
		}
		if !access {
			return refuse("its %s is %.40q; send the access token", claim, said)
		}
	}
	for claim, kind := range foreignClaims {
		if _, has := claims[claim]; has {
			return refuse("it is %s, as it has %s; send the access token", kind, claim)
		}
	}
	if _, has := claims["nonce"]; has && !access {
		return refuse("it is an ID token, as it has a nonce; send the access token")
	}
	return nil
}
