package immudb

import (
	"context"

	"github.com/codenotary/immudb/pkg/client"
)

// Prover and ProveFrom let tests stand between immudb and the proof.
type Prover = prover

var ProveFrom = prove

// EventKey, OldKey and EncodeRecord let tests write what a commit
// writes.
var (
	EventKey = eventKey
	OldKey   = oldKey
)

// Stand lets a test stand between a storage and its immudb.
func (s *Log) Stand(ctx context.Context, between func(client.ImmuClient) client.ImmuClient) error {
	c, err := s.session(ctx)
	if err == nil {
		s.client = between(c)
	}
	return err
}
