package immudb_test

import (
	"context"
	"testing"
	"time"

	"github.com/codenotary/immudb/pkg/client"

	"corebank/eventsource/immudb"
)

// TestWhatEarlierBuildsWroteHasNoTimeOfItsCommit: they took any time for a record, so
// that the audit must not compare the two. The id of the log tells where they ended.
func TestWhatEarlierBuildsWroteHasNoTimeOfItsCommit(t *testing.T) {
	c := newChronicle(t)
	c.with(func(ctx context.Context, s *immudb.Log, _ immudb.Config) {
		first := payments(0, 1)[0]
		earlier := set("b/000000000000001", []byte(`{"last":1}`),
			string(immudb.EventKey(first.Account, 1)), []byte(mustJSON(first)))
		if err := s.Stand(ctx, func(raw client.ImmuClient) client.ImmuClient {
			if err := earlier(ctx, raw); err != nil {
				t.Fatal(err)
			}
			return raw
		}); err != nil {
			t.Fatal(err)
		}
		c.records = append(c.records, first)
		c.write(ctx, s, 2)
		proof, err := s.Prove(ctx, nil)
		if err != nil {
			t.Fatal(err)
		}
		read := 0
		for tx, err := range proof.Transactions(ctx) {
			if err != nil {
				t.Fatal(err)
			}
			for _, r := range tx.Records {
				read++
				if named := r.Position > 1; named != (time.Since(tx.Committed) < time.Minute) || !named != tx.Committed.IsZero() {
					t.Errorf("position %d was committed at %s", r.Position, tx.Committed)
				}
			}
		}
		if read != 3 {
			t.Errorf("%d records are read", read)
		}
	})
}
