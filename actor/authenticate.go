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

// Authenticator finds out who gives a command, from the proof that it carries. Its error is an oidc.ErrRefused, or
// says that the proof cannot be checked now.
type Authenticator func(ctx context.Context, c contract.Command) (identity.Principal, error)

// The bank's own tokens. They name another issuer than those of people, so that neither passes for the other.
const (
	ownIssuer   = "corebank:actor"
	ownLifetime = 10 * time.Minute
	// actorLeeway is longer than the gateway's leeway, and than a command may be on its way: a command that the
	// gateway has let in is not refused for its age.
	actorLeeway = time.Minute
)

// NewAuthenticator takes the tokens of people, and those that actor hosts sign themselves for what only the bank
// does. The caller that a command names only chooses between the two.
func NewAuthenticator(people, own *oidc.Verifier) Authenticator {
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

// caller is who gives a command. If its proof is missing, refused or cannot be checked now, the command is answered
// with denied.
type caller struct {
	identity.Principal
	denied contract.Outcome
}

// callers are who gives the commands. They are authenticated before the turn, because a proof may have to be checked
// by another service.
func (h *Host) callers(ctx context.Context, commands []contract.Command) []caller {
	callers := make([]caller, len(commands))
	for i, c := range commands {
		callers[i] = h.caller(ctx, c)
	}
	return callers
}

func (h *Host) caller(ctx context.Context, c contract.Command) caller {
	principal, err := h.authenticate(ctx, c)
	switch {
	case errors.Is(err, oidc.ErrRefused):
		return caller{denied: contract.Outcome{Status: contract.Forbidden, Reason: err.Error()}}
	case err != nil:
		return caller{denied: contract.Outcome{Status: contract.Unavailable, Reason: err.Error()}}
	case principal.Anonymous():
		return caller{denied: contract.Outcome{Status: contract.Forbidden, Reason: "the command has no caller"}}
	}
	return caller{Principal: principal}
}

// SystemSigner signs commands of the bank itself, which no person may give.
type SystemSigner struct {
	issuer *issuer.Issuer
	clock  func() time.Time

	mu    sync.Mutex
	token string
	until time.Time
}

// NewSystemSigner signs with a key on P-256.
func NewSystemSigner(key *ecdsa.PrivateKey, clock func() time.Time) (*SystemSigner, error) {
	own, err := issuer.New(ownIssuer, key)
	return &SystemSigner{issuer: own, clock: clock}, err
}

// Verifier takes what any host with the same key has signed.
func (s *SystemSigner) Verifier() *oidc.Verifier {
	return oidc.New(oidc.Config{Issuer: ownIssuer, Audience: issuer.Audience, Leeway: actorLeeway, Clock: s.clock,
		Roles: func([]string) []identity.Role { return []identity.Role{identity.System} },
	}, oidc.NewFixedKeys(s.issuer.Keys, s.clock))
}

// Sign gives the commands of a call the bank's own token.
func (s *SystemSigner) Sign(call batcher.Call) batcher.Call {
	return func(ctx context.Context, id bank.AccountID, batch contract.CommandBatch) (contract.CommandReply, error) {
		token, err := s.current()
		if err != nil {
			return contract.CommandReply{}, err
		}
		for i := range batch.Commands {
			batch.Commands[i].Token = token
		}
		return call(ctx, id, batch)
	}
}

// current is a token with at least half of its lifetime left.
func (s *SystemSigner) current() (string, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	now := s.clock()
	if now.Before(s.until) {
		return s.token, nil
	}
	token, err := s.issuer.Token(saga.Caller, identity.System, now, ownLifetime)
	if err != nil {
		return "", err
	}
	s.token, s.until = token, now.Add(ownLifetime/2)
	return token, nil
}
