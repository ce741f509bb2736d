package issuer

import (
	"context"
	"crypto"
	"crypto/ecdsa"
	"crypto/rand"
	"encoding/base64"
	"encoding/json"
	"fmt"
	"net/http"
	"time"

	"github.com/go-jose/go-jose/v4"
	"github.com/go-jose/go-jose/v4/jwt"

	"corebank/internal/identity"
)

// Audience is whom the tokens of an issuer on this machine are meant for.
const Audience = "corebank"

// Issuer signs tokens.
type Issuer struct {
	// Name is what iss says.
	Name   string
	public jose.JSONWebKey
	signer jose.Signer
}

// New signs with a key on P-256, under a name.
func New(name string, key *ecdsa.PrivateKey) (*Issuer, error) {
	public := jose.JSONWebKey{Key: key.Public(), Algorithm: string(jose.ES256), Use: "sig"}
	print, err := public.Thumbprint(crypto.SHA256)
	if err != nil {
		return nil, fmt.Errorf("name the key of %s: %w", name, err)
	}
	public.KeyID = base64.RawURLEncoding.EncodeToString(print)
	private := jose.JSONWebKey{Key: key, KeyID: public.KeyID}
	signer, err := jose.NewSigner(jose.SigningKey{Algorithm: jose.ES256, Key: private},
		(&jose.SignerOptions{}).WithType("at+jwt"))
	if err != nil {
		return nil, fmt.Errorf("sign as %s: %w", name, err)
	}
	return &Issuer{Name: name, public: public, signer: signer}, nil
}

// Token is a new token for a subject in a role, from now on for a time.
func (i *Issuer) Token(subject string, role identity.Role, now time.Time, lasts time.Duration) (string, error) {
	claims := jwt.Claims{Issuer: i.Name, Subject: subject, Audience: jwt.Audience{Audience}, ID: rand.Text(),
		IssuedAt: jwt.NewNumericDate(now), NotBefore: jwt.NewNumericDate(now), Expiry: jwt.NewNumericDate(now.Add(lasts))}
	custom := map[string]any{"name": subject, "roles": []identity.Role{role}}
	token, err := jwt.Signed(i.signer).Claims(claims).Claims(custom).Serialize()
	if err != nil {
		return "", fmt.Errorf("sign a token: %w", err)
	}
	return token, nil
}

// Keys is the JSON Web Key Set that verifies the tokens.
func (i *Issuer) Keys(context.Context) ([]byte, error) { return i.published() }

func (i *Issuer) published() ([]byte, error) {
	return json.Marshal(jose.JSONWebKeySet{Keys: []jose.JSONWebKey{i.public}})
}

// The paths of Handler.
const (
	pathConfiguration = "/.well-known/openid-configuration"
	pathKeys          = "/jwks.json"
)

// Handler publishes the keys, and where they are.
func (i *Issuer) Handler() http.Handler {
	mux := http.NewServeMux()
	publish := func(path string, document func(context.Context) ([]byte, error)) {
		mux.HandleFunc("GET "+path, func(w http.ResponseWriter, r *http.Request) {
			text, err := document(r.Context())
			if err != nil {
				http.Error(w, "the document cannot be written", http.StatusInternalServerError)
				return
			}
			w.Header().Set("Content-Type", "application/json")
			_, _ = w.Write(text) // a client that has gone away is no fault
		})
	}
	publish(pathKeys, i.Keys)
	publish(pathConfiguration, func(context.Context) ([]byte, error) {
		return json.Marshal(map[string]any{"issuer": i.Name, "jwks_uri": i.Name + pathKeys,
			"id_token_signing_alg_values_supported": []string{string(jose.ES256)},
			"response_types_supported":              []string{"id_token"}, "subject_types_supported": []string{"public"}})
	})
	return mux
}
