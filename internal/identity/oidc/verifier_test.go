package oidc_test

import (
	"context"
	"crypto"
	"crypto/ecdsa"
	"crypto/ed25519"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/rsa"
	"encoding/base64"
	"encoding/json"
	"errors"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/go-jose/go-jose/v4"
	"github.com/go-jose/go-jose/v4/jwt"

	"corebank/internal/identity"
	"corebank/internal/identity/oidc"
)

const (
	issuerName = "https://login.example.org"
	audience   = "corebank"
)

// issuer signs whatever a test wants, and publishes keys as a test says.
type issuer struct {
	t *testing.T

	mu        sync.Mutex
	published []jose.JSONWebKey
	away      error
	fetched   atomic.Int64
}

func (i *issuer) source(context.Context) ([]byte, error) {
	i.fetched.Add(1)
	i.mu.Lock()
	defer i.mu.Unlock()
	if i.away != nil {
		return nil, i.away
	}
	return json.Marshal(jose.JSONWebKeySet{Keys: i.published})
}

func (i *issuer) publish(keys ...jose.JSONWebKey) {
	i.mu.Lock()
	defer i.mu.Unlock()
	i.published = keys
}

func (i *issuer) goAway(err error) {
	i.mu.Lock()
	defer i.mu.Unlock()
	i.away = err
}

// signer is a key with an id, and its public half.
type signer struct {
	private any
	public  jose.JSONWebKey
	alg     jose.SignatureAlgorithm
}

func newSigner(t *testing.T, id string, alg jose.SignatureAlgorithm) signer {
	t.Helper()
	var private crypto.Signer
	var err error
	switch alg {
	case jose.ES256:
		private, err = ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	case jose.EdDSA:
		_, key, failed := ed25519.GenerateKey(rand.Reader)
		private, err = key, failed
	default:
		private, err = rsa.GenerateKey(rand.Reader, 2048)
	}
	if err != nil {
		t.Fatal(err)
	}
	return signer{private, jose.JSONWebKey{Key: private.Public(), KeyID: id, Use: "sig"}, alg}
}

// claims are good ones, from now on for an hour.
func claims() map[string]any {
	now := time.Now()
	return map[string]any{"iss": issuerName, "aud": []string{"other", audience}, "jti": "token-1",
		"sub": "ada", "name": "Ada Lovelace", "roles": []string{"customer", "gardener"},
		"iat": now.Unix(), "nbf": now.Unix(), "exp": now.Add(time.Hour).Unix()}
}

func (s signer) sign(t *testing.T, claims map[string]any) string {
	t.Helper()
	private := jose.JSONWebKey{Key: s.private, KeyID: s.public.KeyID}
	made, err := jose.NewSigner(jose.SigningKey{Algorithm: s.alg, Key: private}, nil)
	if err != nil {
		t.Fatal(err)
	}
	token, err := jwt.Signed(made).Claims(claims).Serialize()
	if err != nil {
		t.Fatal(err)
	}
	return token
}

func verifier(t *testing.T, keys ...signer) (*oidc.Verifier, *issuer) {
	i := &issuer{t: t}
	for _, key := range keys {
		i.published = append(i.published, key.public)
	}
	return oidc.New(oidc.Config{Issuer: issuerName, Audience: audience}, oidc.NewKeys(i.source, nil)), i
}

func TestAGoodTokenProvesWhoItIs(t *testing.T) {
	for _, alg := range []jose.SignatureAlgorithm{jose.ES256, jose.EdDSA, jose.RS256, jose.PS256} {
		key := newSigner(t, "k1", alg)
		v, _ := verifier(t, key)
		got, err := v.Verify(t.Context(), key.sign(t, claims()))
		if err != nil || got.Subject != "ada" || got.Name != "Ada Lovelace" || got.TokenID != "token-1" ||
			len(got.Roles) != 1 || got.Roles[0] != identity.Customer ||
			time.Until(got.Expires) < 59*time.Minute || got.Token == "" {
			t.Errorf("%s: %+v, %v", alg, got, err)
		}
	}
}

func TestRolesAreWhereTheIssuerPutsThem(t *testing.T) {
	key := newSigner(t, "k1", jose.ES256)
	for claim, value := range map[string]any{
		"groups": []string{"teller"}, "scope": "openid teller",
		"realm_access.roles": []string{"teller"}, "https://bank.example/roles": []string{"teller"},
	} {
		i := &issuer{published: []jose.JSONWebKey{key.public}}
		v := oidc.New(oidc.Config{Issuer: issuerName, Audience: audience, RolesClaim: claim}, oidc.NewKeys(i.source, nil))
		c := claims()
		delete(c, "roles")
		if c[claim] = value; claim == "realm_access.roles" {
			delete(c, claim)
			c["realm_access"] = map[string]any{"roles": value}
		}
		if got, err := v.Verify(t.Context(), key.sign(t, c)); err != nil || !got.Is(identity.Teller) || len(got.Roles) != 1 {
			t.Errorf("%s: %+v, %v", claim, got, err)
		}
		delete(c, claim)
		delete(c, "realm_access")
		if got, err := v.Verify(t.Context(), key.sign(t, c)); err != nil || len(got.Roles) != 0 {
			t.Errorf("without %s: %+v, %v", claim, got, err)
		}
	}
}

func TestClaimsThatAreNotTaken(t *testing.T) {
	key := newSigner(t, "k1", jose.ES256)
	v, _ := verifier(t, key)
	now := time.Now()
	for name, test := range map[string]struct {
		claim  string
		value  any
		reason string
	}{
		"expired":                {"exp", now.Add(-time.Minute).Unix(), "expired"},
		"never expires":          {"exp", nil, "never expires"},
		"not yet valid":          {"nbf", now.Add(time.Minute).Unix(), "not valid yet"},
		"made in the future":     {"iat", now.Add(time.Minute).Unix(), "not valid yet"},
		"of another issuer":      {"iss", "https://login.example.com", "another issuer"},
		"of no issuer":           {"iss", nil, "another issuer"},
		"of a longer issuer":     {"iss", issuerName + "/", "another issuer"},
		"for somebody else":      {"aud", "shop", "somebody else"},
		"without an audience":    {"aud", nil, "somebody else"},
		"without a subject":      {"sub", "", "sub has to be"},
		"of a long name":         {"sub", strings.Repeat("ä", 141), "sub has to be"},
		"of a name with newline": {"sub", "ada\nteller", "sub has to be"},
	} {
		c := claims()
		if c[test.claim] = test.value; test.value == nil {
			delete(c, test.claim)
		}
		_, err := v.Verify(t.Context(), key.sign(t, c))
		if !errors.Is(err, oidc.ErrRefused) || !strings.Contains(err.Error(), test.reason) {
			t.Errorf("%s: %v, want %q", name, err, test.reason)
		}
	}
}

// TestForgedTokens: everything that is known to have been tried elsewhere.
func TestForgedTokens(t *testing.T) {
	key, rsaKey, other := newSigner(t, "k1", jose.ES256), newSigner(t, "r1", jose.RS256), newSigner(t, "k1", jose.ES256)
	good := key.sign(t, claims())
	parts := strings.Split(good, ".")
	encode := func(text string) string { return base64.RawURLEncoding.EncodeToString([]byte(text)) }
	text, err := json.Marshal(claims())
	if err != nil {
		t.Fatal(err)
	}
	payload := encode(string(text))
	critical := encode(`{"alg":"ES256","kid":"k1","crit":["x"],"x":1}`)
	stolen := encode(strings.Replace(string(text), "ada", "eve", 1))
	secret := func(key []byte, id string) string {
		s := signer{private: key, public: jose.JSONWebKey{KeyID: id}, alg: jose.HS256}
		return s.sign(t, claims())
	}
	pem, err := rsaKey.public.MarshalJSON()
	if err != nil {
		t.Fatal(err)
	}
	forged := map[string]string{
		"nothing":                        "",
		"no token":                       "hello",
		"three dots":                     "..",
		"signed by another key":          other.sign(t, claims()),
		"other claims, same signature":   parts[0] + "." + stolen + "." + parts[2],
		"no signature":                   parts[0] + "." + parts[1] + ".",
		"alg none":                       encode(`{"alg":"none","typ":"JWT"}`) + "." + payload + ".",
		"alg None with a kid":            encode(`{"alg":"None","kid":"k1"}`) + "." + payload + ".",
		"HS256 with the public key":      secret(rsaKey.public.Key.(*rsa.PublicKey).N.Bytes(), "r1"),
		"HS256 with the published key":   secret(pem, "r1"),
		"another algorithm of the key":   strings.Replace(good, parts[0], encode(`{"alg":"RS256","kid":"k1"}`), 1),
		"a key that it brings itself":    encode(`{"alg":"ES256","jwk":{"kty":"EC"}}`) + "." + payload + "." + parts[2],
		"a critical extension":           critical + "." + parts[1] + "." + parts[2],
		"too long":                       key.sign(t, map[string]any{"x": strings.Repeat("x", oidc.MaxToken)}),
		"encrypted":                      "e30.e30.e30.e30.e30",
		"a kid that is not published":    newSigner(t, "k9", jose.ES256).sign(t, claims()),
		"JSON of the general form":       `{"payload":"` + parts[1] + `","signatures":[]}`,
		"a good token with one bit less": good[:len(good)-2],
	}
	synctest.Test(t, func(t *testing.T) {
		v, _ := verifier(t, key, rsaKey)
		for name, token := range forged {
			if got, err := v.Verify(t.Context(), token); err == nil || !got.Anonymous() {
				t.Errorf("%s: %+v, %v", name, got, err)
			}
			time.Sleep(11 * time.Second) // its key may have been published meanwhile
			if _, err := v.Verify(t.Context(), token); !errors.Is(err, oidc.ErrRefused) {
				t.Errorf("%s, after the keys were read again: %v", name, err)
			}
		}
	})
	v, _ := verifier(t, key, rsaKey)
	if _, err := v.Verify(t.Context(), good); err != nil {
		t.Errorf("the good one after all of them: %v", err)
	}
}

// TestKeysChange: a new key is found when it is first used, an old one ends,
// and tokens with made-up keys cost the issuer one look in ten seconds.
func TestKeysChange(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		first, second := newSigner(t, "k1", jose.ES256), newSigner(t, "k2", jose.ES256)
		v, issuer := verifier(t, first)
		if _, err := v.Verify(t.Context(), first.sign(t, claims())); err != nil {
			t.Fatal(err)
		}
		issuer.publish(first.public, second.public)
		time.Sleep(11 * time.Second)
		if _, err := v.Verify(t.Context(), second.sign(t, claims())); err != nil || issuer.fetched.Load() != 2 {
			t.Fatalf("a new key: %v after %d looks", err, issuer.fetched.Load())
		}
		for range 100 {
			unknown := newSigner(t, "made up", jose.ES256)
			if _, err := v.Verify(t.Context(), unknown.sign(t, claims())); !errors.Is(err, oidc.ErrKeyUnknown) {
				t.Fatal(err)
			}
		}
		if n := issuer.fetched.Load(); n != 2 {
			t.Errorf("the issuer was asked %d times", n)
		}
		issuer.publish(second.public)
		old := first.sign(t, claims())
		time.Sleep(11 * time.Minute) // when keys are looked at again, and no token is remembered
		if _, err := v.Verify(t.Context(), second.sign(t, claims())); err != nil {
			t.Fatal(err)
		}
		synctest.Wait()
		if _, err := v.Verify(t.Context(), old); !errors.Is(err, oidc.ErrKeyUnknown) {
			t.Errorf("a key that was taken back: %v", err)
		}
		time.Sleep(10 * time.Second) // it may have been published again
		if _, err := v.Verify(t.Context(), old); !errors.Is(err, oidc.ErrRefused) {
			t.Errorf("a key that was taken back, later: %v", err)
		}
	})
}

func TestAnIssuerThatIsAway(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		key := newSigner(t, "k1", jose.ES256)
		v, issuer := verifier(t, key)
		issuer.goAway(errors.New("connection refused"))
		if _, err := v.Verify(t.Context(), key.sign(t, claims())); err == nil || errors.Is(err, oidc.ErrRefused) {
			t.Errorf("before its keys are known: %v, want that they cannot be read", err)
		}
		issuer.goAway(nil)
		time.Sleep(11 * time.Second)
		if _, err := v.Verify(t.Context(), key.sign(t, claims())); err != nil {
			t.Error(err)
		}
		issuer.goAway(errors.New("connection refused"))
		for range 30 {
			time.Sleep(time.Hour)
			if _, err := v.Verify(t.Context(), key.sign(t, claims())); err != nil {
				t.Fatalf("with known keys: %v", err)
			}
			synctest.Wait()
		}
	})
}

// TestARememberedTokenEnds: at its time, and no later.
func TestARememberedTokenEnds(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		key := newSigner(t, "k1", jose.ES256)
		v, _ := verifier(t, key)
		c := claims()
		c["exp"] = time.Now().Add(time.Minute).Unix()
		token := key.sign(t, c)
		for _, after := range []time.Duration{0, 59 * time.Second} {
			time.Sleep(after)
			if _, err := v.Verify(t.Context(), token); err != nil {
				t.Fatal(err)
			}
		}
		time.Sleep(10 * time.Second)
		_, err := v.Verify(t.Context(), token)
		if !errors.Is(err, oidc.ErrRefused) || !strings.Contains(err.Error(), "expired") {
			t.Errorf("%v", err)
		}
	})
}

// BenchmarkVerify is what a request costs with a token that was seen before,
// and with one that was not.
func BenchmarkVerify(b *testing.B) {
	t := &testing.T{}
	key := newSigner(t, "k1", jose.ES256)
	i := &issuer{published: []jose.JSONWebKey{key.public}}
	v := oidc.New(oidc.Config{Issuer: issuerName, Audience: audience}, oidc.NewKeys(i.source, nil))
	b.Run("seen before", func(b *testing.B) {
		token := key.sign(t, claims())
		b.ReportAllocs()
		for range b.N {
			if _, err := v.Verify(b.Context(), token); err != nil {
				b.Fatal(err)
			}
		}
	})
	b.Run("new", func(b *testing.B) {
		token, keys := key.sign(t, claims()), oidc.NewKeys(i.source, nil)
		b.ReportAllocs()
		for range b.N {
			fresh := oidc.New(oidc.Config{Issuer: issuerName, Audience: audience}, keys) // one that remembers nothing
			if _, err := fresh.Verify(b.Context(), token); err != nil {
				b.Fatal(err)
			}
		}
	})
}
