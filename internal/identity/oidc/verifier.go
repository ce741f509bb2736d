package oidc

import (
	"cmp"
	"context"
	"crypto/sha256"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/go-jose/go-jose/v4"
	"github.com/go-jose/go-jose/v4/jwt"

	"corebank/internal/bank"
	"corebank/internal/identity"
)

// Bounds of tokens.
const (
	// MaxToken bounds a token, in bytes.
	MaxToken = 8 << 10
	// maxLife bounds how long a token may last from now on.
	maxLife = 366 * 24 * time.Hour
	// DefaultLeeway is what clocks may differ.
	DefaultLeeway = identity.Grace
	// DefaultRolesClaim is the claim that lists the roles.
	DefaultRolesClaim = "roles"
)

// ErrRefused is the reason of all errors about a token itself. Their text may
// be shown to the sender.
var ErrRefused = errors.New("the token is refused")

// ErrExpired is the ErrRefused of a token that was good: a fresh one helps.
var ErrExpired = fmt.Errorf("%w: it has expired", ErrRefused)

// algorithms are those with a public key. "none" and those with a shared
// secret are not among them: a public key must never be taken for a secret.
var algorithms = []jose.SignatureAlgorithm{
	jose.ES256, jose.ES384, jose.ES512, jose.EdDSA,
	jose.RS256, jose.RS384, jose.RS512, jose.PS256, jose.PS384, jose.PS512,
}

// Config is whose tokens are accepted.
type Config struct {
	// Issuer and Audience are what iss has to be and aud has to contain.
	Issuer, Audience string
	// RolesClaim is the claim that lists roles, DefaultRolesClaim when empty.
	// Dots lead into nested objects: "realm_access.roles".
	RolesClaim string
	// Leeway is what clocks may differ, DefaultLeeway when zero.
	Leeway time.Duration
	// TokenType is what typ of a token's header has to be, "at+jwt" for those of RFC
	// 9068. Empty accepts any access token: see checkKind.
	TokenType string
	// Reserved is a subject that no token may have; empty for none.
	Reserved string
	// Roles reads the roles of names, identity.Known when nil.
	Roles func(names []string) []identity.Role
	// Clock is the current time, time.Now when nil.
	Clock func() time.Time
}

// Verifier verifies tokens. It is safe for concurrent use.
type Verifier struct {
	config Config
	keys   *Keys
	cache  *cache
	// unproven are tokens that no known key has signed.
	unproven *unproven
	future   future
}

// New verifies tokens against keys.
func New(config Config, keys *Keys) *Verifier {
	if config.RolesClaim == "" {
		config.RolesClaim = DefaultRolesClaim
	}
	if config.Leeway == 0 {
		config.Leeway = DefaultLeeway
	}
	if config.Roles == nil {
		config.Roles = identity.Known
	}
	if config.Clock == nil {
		config.Clock = time.Now
	}
	return &Verifier{config: config, keys: keys, cache: newCache(), unproven: newUnproven()}
}

// Verify is the principal that a token proves. Its error is an ErrRefused, or
// that the issuer's keys are not known and cannot be fetched now.
func (v *Verifier) Verify(ctx context.Context, token string) (identity.Principal, error) {
	if len(token) > MaxToken {
		return identity.Principal{}, refuse("it is longer than %d bytes", MaxToken)
	}
	now, sum := v.config.Clock(), sha256.Sum256([]byte(token))
	if known, ok := v.cache.find(sum, now); ok {
		if now.After(known.Expires.Add(v.config.Leeway)) {
			return identity.Principal{}, ErrExpired
		}
		return known, nil
	}
	p, err := v.verify(ctx, token, sum, now)
	if err == nil {
		v.cache.add(sum, p, now)
	}
	return p, err
}

func refuse(why string, arguments ...any) error {
	return fmt.Errorf("%w: %s", ErrRefused, fmt.Sprintf(why, arguments...))
}

func (v *Verifier) verify(ctx context.Context, token string, sum [sha256.Size]byte,
	now time.Time) (identity.Principal, error) {
	signed, err := jwt.ParseSigned(token, algorithms)
	if err != nil || len(signed.Headers) != 1 {
		return identity.Principal{}, refuse("it is no JWT that is signed with an asymmetric algorithm")
	}
	var claims jwt.Claims
	var others map[string]any
	if err := v.open(ctx, signed, sum, &claims, &others); err != nil {
		return identity.Principal{}, err
	}
	if err := checkKind(v.config.TokenType, typeOf(signed.Headers[0]), others); err != nil {
		return identity.Principal{}, err
	}
	if err := v.check(claims, now); err != nil {
		return identity.Principal{}, err
	}
	name, _ := others["name"].(string)
	p := identity.Principal{Subject: claims.Subject, Name: name, TokenID: claims.ID, Expires: claims.Expiry.Time(),
		Roles: v.config.Roles(listed(others, v.config.RolesClaim)), Token: token}
	if p.Former = bank.CheckOwner(p.Subject) != nil; p.Former { // it may look like another, and acts for itself only
		p.Roles = slices.DeleteFunc(p.Roles, func(role identity.Role) bool { return role != identity.Customer })
	}
	return p, nil
}

// open reads the claims with the key that signed them. If no known key did, the
// issuer is asked for new ones, at most once in a while.
func (v *Verifier) open(ctx context.Context, signed *jwt.JSONWebToken, sum [sha256.Size]byte, into ...any) error {
	if v.opens(ctx, signed, into) {
		return nil
	}
	begun, _ := v.keys.reads()
	begun = v.unproven.firstSeen(sum, begun)
	failed := v.keys.fetch(ctx)
	if v.opens(ctx, signed, into) {
		return nil
	}
	switch _, read := v.keys.reads(); {
	case ctx.Err() != nil:
		return ctx.Err()
	case read == 0:
		return fmt.Errorf("the keys of the issuer cannot be read: %w", cmp.Or(failed, ErrKeyUnknown))
	case read <= begun:
		return ErrKeyUnknown
	}
	return refuse("it is not signed with a key that the issuer publishes")
}

// opens reads the claims with one of the known keys.
func (v *Verifier) opens(ctx context.Context, signed *jwt.JSONWebToken, into []any) bool {
	header := signed.Headers[0]
	for _, key := range v.keys.named(ctx, header.KeyID) {
		if key.Algorithm != "" && key.Algorithm != header.Algorithm || key.Use != "" && key.Use != "sig" {
			continue
		}
		if signed.Claims(key.Key, into...) == nil {
			return true
		}
	}
	return false
}

func (v *Verifier) check(claims jwt.Claims, now time.Time) error {
	switch {
	case claims.Expiry == nil:
		return refuse("it never expires; exp has to be set")
	case int64(*claims.Expiry) > now.Add(maxLife).Unix():
		return refuse("it lasts for more than %d days; exp counts seconds, not milliseconds", int(maxLife.Hours()/24))
	}
	if v.config.Reserved != "" && claims.Subject == v.config.Reserved {
		return refuse("its sub is that of the bank itself")
	}
	if refused := bank.CheckStoredOwner(claims.Subject); refused != nil {
		return neverOwns(refused)
	}
	expected := jwt.Expected{Issuer: v.config.Issuer, AnyAudience: jwt.Audience{v.config.Audience}, Time: now}
	err := claims.ValidateWithLeeway(expected, v.config.Leeway)
	switch {
	case err == nil:
		return nil
	case errors.Is(err, jwt.ErrInvalidIssuer):
		return refuse("it is of another issuer")
	case errors.Is(err, jwt.ErrInvalidAudience):
		return refuse("it is meant for somebody else")
	case errors.Is(err, jwt.ErrExpired):
		return ErrExpired
	case errors.Is(err, jwt.ErrNotValidYet), errors.Is(err, jwt.ErrIssuedInTheFuture):
		v.future.warn(now)
		return refuse("it is not valid yet")
	}
	return refuse("its claims are not valid")
}

func neverOwns(refused *bank.Refusal) error {
	return refuse("sub has to be a name that can own accounts, and this could never own one: %s", refused.Message)
}

// RefuseFormer refuses a subject that could own accounts of earlier builds and has
// none.
func RefuseFormer(subject string) error {
	if refused := bank.CheckOwner(subject); refused != nil {
		return neverOwns(refused)
	}
	return nil
}

// listed are the texts of a claim: a list, or one text with spaces.
func listed(claims map[string]any, path string) []string {
	names := strings.Split(path, ".")
	if _, whole := claims[path]; whole {
		names = []string{path} // a claim may have a dot in its name, or be a URL
	}
	for len(names) > 1 {
		claims, _ = claims[names[0]].(map[string]any)
		names = names[1:]
	}
	switch value := claims[names[0]].(type) {
	case string:
		return strings.Fields(value)
	case []any:
		var texts []string
		for _, one := range value {
			if text, ok := one.(string); ok {
				texts = append(texts, text)
			}
		}
		return texts
	}
	return nil
}
