package immudb

import (
	"context"

	"github.com/codenotary/immudb/pkg/client"
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

// CommitAlone breaks the promise of copies: the primary waits for no one any more.
func (c Config) CommitAlone(ctx context.Context, address string) error {
	return c.become(ctx, address, primarySettings(1))
}
