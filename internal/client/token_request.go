package client

import (
	"fmt"
	"slices"
	"strings"
	"time"

	"corebank/internal/identity"
)

const (
	maxTokenLife = 90 * 24 * time.Hour
	maxSubject   = 140 // characters
)

// TokenRequest says which token a person asks for.
type TokenRequest struct {
	Role, Subject string
	Lifetime      time.Duration
}

// Check refuses a token that makes no sense.
func (r TokenRequest) Check() error {
	switch {
	case !slices.Contains(identity.Roles(), identity.Role(r.Role)):
		return fmt.Errorf("--role %q: want customer, teller, auditor or admin", r.Role)
	case r.Lifetime < time.Second || r.Lifetime > maxTokenLife:
		return fmt.Errorf("--ttl %s: want 1s to %s", r.Lifetime, maxTokenLife)
	case len([]rune(r.Subject)) > maxSubject || strings.ContainsFunc(r.Subject, func(c rune) bool { return c < ' ' }):
		return fmt.Errorf("--subject: want 1 to %d characters, none of them a control character", maxSubject)
	}
	return nil
}
