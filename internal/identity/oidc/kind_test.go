package oidc_test

import (
	"crypto/rand"
	"crypto/rsa"
	"errors"
	"maps"
	"strings"
	"testing"
	"time"

	"github.com/go-jose/go-jose/v4"
	"github.com/go-jose/go-jose/v4/jwt"

	"corebank/internal/identity"
	"corebank/internal/identity/oidc"
)

// typed signs claims in a token of a type; "" for none.
func (s signer) typed(t *testing.T, kind string, claims map[string]any) string {
	t.Helper()
	options := &jose.SignerOptions{}
	if kind != "" {
		options.WithType(jose.ContentType(kind))
	}
	private := jose.JSONWebKey{Key: s.private, KeyID: s.public.KeyID}
	made, err := jose.NewSigner(jose.SigningKey{Algorithm: s.alg, Key: private}, options)
	if err != nil {
		t.Fatal(err)
	}
	token, err := jwt.Signed(made).Claims(claims).Serialize()
	if err != nil {
		t.Fatal(err)
	}
	return token
}

// bound is the claim of a token that is bound to a key of the client.
func bound(by string) map[string]any { return map[string]any{"cnf": map[string]any{by: "x"}} }

// TestOnlyAccessTokensSignIn: issuers sign other tokens with the same keys.
func TestOnlyAccessTokensSignIn(t *testing.T) {
	key := newSigner(t, "k1", jose.ES256)
	for name, test := range map[string]struct {
		wanted, kind string
		more         map[string]any
		reason       string // "" for taken
		former       bool   // only for an account of an earlier build
	}{
		"an access token":                  {kind: "at+jwt"},
		"an access token in full":          {kind: "application/at+jwt"},
		"a JWT":                            {kind: "JWT"},
		"a token that does not say":        {},
		"Keycloak's access token":          {kind: "JWT", more: map[string]any{"typ": "Bearer", "nonce": "n"}},
		"Cognito's access token":           {more: map[string]any{"token_use": "access"}},
		"an access token with a nonce":     {kind: "at+jwt", more: map[string]any{"nonce": "n"}},
		"an ID token with a nonce":         {kind: "JWT", more: map[string]any{"nonce": "n"}, reason: "an ID token"},
		"an ID token with a hash":          {more: map[string]any{"at_hash": "h"}, reason: "an ID token"},
		"Keycloak's ID token":              {kind: "JWT", more: map[string]any{"typ": "ID"}, reason: `typ is "ID"`},
		"Keycloak's refresh token":         {more: map[string]any{"typ": "Refresh"}, reason: `typ is "Refresh"`},
		"Cognito's ID token":               {more: map[string]any{"token_use": "id"}, reason: `token_use is "id"`},
		"a logout token":                   {kind: "logout+jwt", reason: `type is "logout+jwt"`},
		"a logout token that says JWT":     {more: map[string]any{"events": "x"}, reason: "a logout token"},
		"a proof of possession":            {kind: "dpop+jwt", reason: `type is "dpop+jwt"`},
		"a security event":                 {kind: "secevent+jwt", reason: `type is "secevent+jwt"`},
		"a token bound by DPoP":            {kind: "at+jwt", more: bound("jkt"), reason: "bound to a key"},
		"a token bound by a certificate":   {more: bound("x5t#S256"), reason: "bound to a key"},
		"the wanted type":                  {wanted: "at+jwt", kind: "application/AT+JWT"},
		"another than the wanted type":     {wanted: "at+jwt", kind: "JWT", reason: "want at+jwt"},
		"no type where one is wanted":      {wanted: "at+jwt", reason: "want at+jwt"},
		"a bound one of the type":          {wanted: "at+jwt", kind: "at+jwt", more: bound("jkt"), reason: "bound to a key"},
		"exp in milliseconds":              {more: map[string]any{"exp": time.Now().UnixMilli()}, reason: "not milliseconds"},
		"exp beyond all time":              {more: map[string]any{"exp": 9e18}, reason: "not milliseconds"},
		"exp in 50 years":                  {more: map[string]any{"exp": time.Now().Unix() + 1<<31}, reason: "366 days"},
		"a blank subject":                  {more: map[string]any{"sub": " "}, former: true},
		"an invisible subject":             {more: map[string]any{"sub": "ada\u200b"}, former: true},
		"a subject that turns around":      {more: map[string]any{"sub": "\u202eada"}, reason: "never own"},
		"a subject that is no character":   {more: map[string]any{"sub": "\ufffe"}, former: true},
		"the subject of the bank itself":   {more: map[string]any{"sub": identity.Bank}, reason: "the bank itself"},
		"a subject in another normal form": {more: map[string]any{"sub": "e\u0301"}, former: true},
	} {
		i := &issuer{published: []jose.JSONWebKey{key.public}}
		config := oidc.Config{Issuer: issuerName, Audience: audience, TokenType: test.wanted, Reserved: identity.Bank}
		v := oidc.New(config, oidc.NewKeys(i.source, nil))
		all := claims()
		maps.Copy(all, test.more)
		who, err := v.Verify(t.Context(), key.typed(t, test.kind, all))
		if who.Former != test.former {
			t.Errorf("%s: %+v", name, who)
		}
		switch {
		case test.reason == "" && err != nil:
			t.Errorf("%s: %v", name, err)
		case test.reason != "" && (!errors.Is(err, oidc.ErrRefused) || !strings.Contains(err.Error(), test.reason)):
			t.Errorf("%s: %v, want %q", name, err, test.reason)
		}
	}
}

// TestShortKeysProveNothing: 1024 bits can be factored.
func TestShortKeysProveNothing(t *testing.T) {
	private, err := rsa.GenerateKey(rand.Reader, 1024) //nolint:gosec // that is what is refused
	if err != nil {
		t.Skip("this build makes no short keys: ", err)
	}
	short := signer{private, jose.JSONWebKey{Key: private.Public(), KeyID: "short", Use: "sig"}, jose.RS256}
	long := newSigner(t, "long", jose.RS256)
	v, _ := verifier(t, short, long)
	if _, err := v.Verify(t.Context(), short.sign(t, claims())); !errors.Is(err, oidc.ErrRefused) {
		t.Errorf("1024 bits: %v", err)
	}
	if _, err := v.Verify(t.Context(), long.sign(t, claims())); err != nil {
		t.Errorf("2048 bits beside it: %v", err)
	}
	if v, _ = verifier(t, short); v != nil {
		_, err := v.Verify(t.Context(), short.sign(t, claims()))
		if err == nil || !strings.Contains(err.Error(), "below 2048 bits") {
			t.Errorf("an issuer with short keys only: %v", err)
		}
	}
}
