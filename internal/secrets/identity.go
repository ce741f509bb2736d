package secrets

import (
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"encoding/json"
	"fmt"
	"time"

	"github.com/go-jose/go-jose/v4"
	"github.com/go-jose/go-jose/v4/jwt"
)

// The names of Dapr's own services and of the apps in Dapr.
const (
	// TrustDomain is the trust domain of Dapr's services; AppsTrustDomain is
	// that of the apps' sidecars.
	TrustDomain     = "localhost"
	AppsTrustDomain = "public"
	namespace       = "default"
	sentry          = "dapr-sentry"
)

func spiffeID(domain, id string) string {
	return "spiffe://" + domain + "/ns/" + namespace + "/" + id
}

// addIdentities signs an identity for each sidecar and for placement. Without
// identities, sentry would give any program a certificate for any name. The
// signing key is not stored. The identities become invalid with the next set.
func (s Set) addIdentities(now time.Time, apps []string) error {
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		return fmt.Errorf("make the key of the identities: %w", err)
	}
	private := jose.JSONWebKey{Key: key, KeyID: rand.Text(), Algorithm: string(jose.ES256), Use: "sig"}
	signer, err := jose.NewSigner(jose.SigningKey{Algorithm: jose.ES256, Key: private},
		(&jose.SignerOptions{}).WithType("JWT"))
	if err != nil {
		return fmt.Errorf("sign identities: %w", err)
	}
	subjects := map[string]string{Placement: spiffeID(TrustDomain, Placement)}
	for _, app := range apps {
		subjects[app] = spiffeID(AppsTrustDomain, app)
	}
	for id, subject := range subjects {
		claims := jwt.Claims{Subject: subject, Audience: jwt.Audience{spiffeID(TrustDomain, sentry)},
			IssuedAt: jwt.NewNumericDate(now), Expiry: jwt.NewNumericDate(now.Add(authorityLife))}
		if s[Identity(id)], err = jwt.Signed(signer).Claims(claims).Serialize(); err != nil {
			return fmt.Errorf("sign the identity of %s: %w", id, err)
		}
	}
	keys, err := json.Marshal(jose.JSONWebKeySet{Keys: []jose.JSONWebKey{private.Public()}})
	if err != nil {
		return fmt.Errorf("write the keys of the identities: %w", err)
	}
	s[Keys] = string(keys)
	return nil
}
