package actor

import (
	"context"
	"crypto/ecdsa"
	"errors"
	"fmt"
	"sync"
	"time"

	"corebank/actor/saga"
	"corebank/internal/bank"
	"corebank/internal/batcher"
	"corebank/internal/contract"
	"corebank/internal/identity"
	"corebank/internal/identity/issuer"
	"corebank/internal/identity/oidc"
)

// Guard says who gives a command, from the proof that it carries. Its error is
// an oidc.ErrRefused, or that the proof cannot be checked now.
type Guard func(ctx context.Context, c contract.Command) (identity.Principal, error)

func errIsRefused(err error) bool { return errors.Is(err, oidc.ErrRefused) }

// The bank's own tokens. They say who made them, and nobody takes them for
// those of a person: they are of another issuer.
const (
	ownIssuer   = "corebank:actor"
	ownLifetime = 10 * time.Minute
	// actorLeeway is longer than the gateway's, and than a command may be on
	// its way: what the gateway has let in is not refused for its age.
	actorLeeway = time.Minute
)

// NewGuard takes the tokens of people, and those that actor hosts sign
// themselves for what only the bank does. Whom a command says that it comes
// from only chooses between the two.
func NewGuard(people, own *oidc.Verifier) Guard {
	return func(ctx context.Context, c contract.Command) (identity.Principal, error) {
		if c.Token == "" {
			return identity.Principal{}, fmt.Errorf("%w: there is none", oidc.ErrRefused)
		}
		if c.Caller == saga.Caller {
			return own.Verify(ctx, c.Token)
		}
		return people.Verify(ctx, c.Token)
	}
}

// OwnHand signs for the bank itself, what no person may do.
type OwnHand struct {
	issuer *issuer.Issuer
	clock  func() time.Time

	mu    sync.Mutex
	token string
	until time.Time
}

// NewOwnHand signs with a key on P-256.
func NewOwnHand(key *ecdsa.PrivateKey, clock func() time.Time) (*OwnHand, error) {
	own, err := issuer.New(ownIssuer, key)
	return &OwnHand{issuer: own, clock: clock}, err
}

// Verifier takes what any host with the same key has signed.
func (o *OwnHand) Verifier() *oidc.Verifier {
	return oidc.New(oidc.Config{Issuer: ownIssuer, Audience: issuer.Audience, Leeway: actorLeeway, Clock: o.clock,
		Roles: func([]string) []identity.Role { return []identity.Role{identity.System} }}, oidc.NewKeys(o.issuer.Keys, o.clock))
}

// Sign gives the commands of a call the bank's own token.
func (o *OwnHand) Sign(call batcher.Call) batcher.Call {
	return func(ctx context.Context, id bank.AccountID, batch contract.CommandBatch) (contract.CommandReply, error) {
		token, err := o.current()
		if err != nil {
			return contract.CommandReply{}, err
		}
		for i := range batch.Commands {
			batch.Commands[i].Token = token
		}
		return call(ctx, id, batch)
	}
}

// current is a token that lasts for at least half of its life.
func (o *OwnHand) current() (string, error) {
	o.mu.Lock()
	defer o.mu.Unlock()
	now := o.clock()
	if now.Before(o.until) {
		return o.token, nil
	}
	token, err := o.issuer.Token(saga.Caller, identity.System, now, ownLifetime)
	if err != nil {
		return "", err
	}
	o.token, o.until = token, now.Add(ownLifetime/2)
	return token, nil
}
