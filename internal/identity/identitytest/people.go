package identitytest

import (
	"context"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"testing"
	"time"

	"corebank/internal/contract"
	"corebank/internal/identity"
	"corebank/internal/identity/issuer"
	"corebank/internal/identity/oidc"
)

// Believe trusts the caller that a command names, and gives it all rights. It is
// the authentication of tests that are about something else.
func Believe(_ context.Context, c contract.Command) (identity.Principal, error) {
	return identity.Principal{Subject: c.Caller, Roles: []identity.Role{identity.Admin, identity.System}}, nil
}

// Person is a principal in a role.
func Person(subject string, role identity.Role) identity.Principal {
	return identity.Principal{Subject: subject, Roles: []identity.Role{role}}
}

// Issuer is an issuer of tokens that a test has for itself.
type Issuer struct {
	*issuer.Issuer
	t testing.TB
}

// NewIssuer makes one with a fresh key.
func NewIssuer(t testing.TB) *Issuer {
	t.Helper()
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	made, err := issuer.New("https://issuer.test", key)
	if err != nil {
		t.Fatal(err)
	}
	return &Issuer{made, t}
}

// TokenFor is a token that lasts for an hour.
func (i *Issuer) TokenFor(subject string, role identity.Role) string {
	i.t.Helper()
	token, err := i.Token(subject, role, time.Now(), time.Hour)
	if err != nil {
		i.t.Fatal(err)
	}
	return token
}

// Verifier takes the issuer's tokens.
func (i *Issuer) Verifier() *oidc.Verifier {
	return oidc.New(oidc.Config{Issuer: i.Name, Audience: issuer.Audience}, oidc.NewFixedKeys(i.Keys, nil))
}
