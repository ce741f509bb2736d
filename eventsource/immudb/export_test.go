package immudb

import (
	"context"

	"github.com/codenotary/immudb/pkg/client"

	"corebank/eventsource/copies"
)

// Prover and ProveFrom let tests change immudb's answers to the proof.
type Prover = prover

var ProveFrom = prove

// EventKey and OldKey let tests write the entries of a commit.
var (
	EventKey = eventKey
	OldKey   = oldKey
)

// Stand lets a test change immudb's answers to a storage.
func (s *Log) Stand(ctx context.Context, between func(client.ImmuClient) client.ImmuClient) error {
	c, err := s.session(ctx)
	if err == nil {
		s.client = between(c)
	}
	return err
}

// EarlierID is the id that the log would get if it had none.
func (s *Log) EarlierID(ctx context.Context) (string, error) {
	c, err := s.session(ctx)
	if err != nil {
		return "", err
	}
	return earlierID(ctx, c)
}

// Follow makes a machine copy from a primary, and from no one with "".
func (c Config) Follow(ctx context.Context, address, primary string) error {
	return c.follow(ctx, address, primary)
}

// Become makes a machine a primary that has each commit on so many machines.
func (c Config) Become(ctx context.Context, address string, copies int) error {
	return c.become(ctx, address, primarySettings(copies))
}

// Put writes something that is no record, and waits for its commit.
func (c Config) Put(ctx context.Context, address, key string) error {
	session, err := c.asAdmin(ctx, address, c.Database)
	if err != nil {
		return err
	}
	defer discard(session)
	_, err = session.Set(ctx, []byte(key), []byte(key))
	return err
}

// CommitAlone breaks the promise of copies: the primary waits for no one any more.
func (c Config) CommitAlone(ctx context.Context, address string) error {
	return c.Become(ctx, address, 1)
}

// Promote makes a machine a primary and asks no one else.
func (c Config) Promote(ctx context.Context, address string) error {
	return c.promote(ctx, copies.Machine{Address: address}, nil)
}
