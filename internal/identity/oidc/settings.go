package oidc

import (
	"errors"
	"time"

	"corebank/internal/identity"
)

// Settings say whose tokens an app accepts, in the words of its flags.
type Settings struct {
	Issuer, Audience, RolesClaim string
	// TokenType is what typ of the tokens' header has to be; empty for the default.
	TokenType string
	// Keys is the file or the address of the issuer's JSON Web Key Set; empty
	// for where its configuration says.
	Keys string
}

// Verifier takes the tokens that the settings describe.
func (s Settings) Verifier(leeway time.Duration) (*Verifier, error) {
	if s.Issuer == "" || s.Audience == "" {
		return nil, errors.New("whose tokens to accept is not set: " +
			"give --issuer, the iss of the tokens, and --audience, which their aud contains")
	}
	source, err := Discover(s.Issuer)
	if s.Keys != "" {
		source, err = From(s.Keys)
	}
	if err != nil {
		return nil, err
	}
	config := Config{Issuer: s.Issuer, Audience: s.Audience, RolesClaim: s.RolesClaim, TokenType: s.TokenType,
		Reserved: identity.Bank, Leeway: leeway}
	return New(config, NewKeys(source, nil)), nil
}
