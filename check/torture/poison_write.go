package torture

import (
	"context"
	"crypto/sha256"
	"encoding/binary"
	"errors"
	"fmt"
	"strconv"
	"strings"

	immudbschema "github.com/codenotary/immudb/pkg/api/schema"
	immudb "github.com/codenotary/immudb/pkg/client"

	"corebank/check/livebank"
	"corebank/check/must"
	"corebank/internal/bank"
	"corebank/internal/contract"
)

// poisonAttempts bounds how often a broken writer tries to be the first at the
// head of the log.
const poisonAttempts = 200

// Poison is what a broken writer puts into the log: the value in the place of
// an account's record, under a key.
type Poison struct {
	Account    bank.AccountID
	Version    int64
	Key, Value string
}

// poisonLog writes what no event source would into the log of the running bank,
// straight into immudb, with the rights of the event source of the account's part
// of the log. It becomes the writer like another event source and writes the next
// record, in one transaction.
func (r *run) poisonLog(ctx context.Context, p Poison) (err error) {
	defer must.Catch(&err)
	part := 0
	if r.Partitions > 1 {
		part = contract.PartitionOf(p.Account, r.Partitions)
	}
	config := must.Get(databaseOf(r.dir(), r.bank.Where.Immudb, r.Data, part))
	c := must.Get(livebank.OpenImmudb(ctx, config.Address, config.StateDir, config.User, config.Password, config.Database))
	defer func() { err = errors.Join(err, c.CloseSession(context.WithoutCancel(ctx))) }()
	for range poisonAttempts {
		if err = writePoison(ctx, c, p); err == nil || ctx.Err() != nil || !strings.Contains(err.Error(), "precondition") {
			return err
		}
	}
	return fmt.Errorf("other writers are faster: %w", err)
}

// writePoison writes at the head of the log, if that is still free, and raises
// the epoch with it.
func writePoison(ctx context.Context, c immudb.ImmuClient, p Poison) (err error) {
	defer must.Catch(&err)
	epoch := must.Get(c.Get(ctx, []byte("epoch")))
	var number, head int64
	must.Get(fmt.Sscanf(string(epoch.Value), `{"number":%d}`, &number))
	last := must.Get(c.Scan(ctx, &immudbschema.ScanRequest{Prefix: []byte("b/"), Desc: true, Limit: 1}))
	if len(last.Entries) == 0 {
		return errors.New("the log is empty")
	}
	must.Get(fmt.Sscanf(string(last.Entries[0].Value), `{"last":%d}`, &head))
	batch := fmt.Appendf(nil, "b/%015d", head+1)
	key := sha256.Sum256([]byte(string(p.Account) + "/" + p.Key))
	stream := append([]byte("e"), p.Account.Bytes()...)
	must.Get(c.SetAll(ctx, &immudbschema.SetRequest{
		KVs: []*immudbschema.KeyValue{
			{Key: batch, Value: fmt.Appendf(nil, `{"last":%d}`, head+1)},
			{Key: binary.BigEndian.AppendUint64(stream, uint64(p.Version)), Value: []byte(p.Value)},
			{Key: append([]byte("k"), key[:20]...), Value: strconv.AppendInt(nil, p.Version, 10)},
			{Key: []byte("epoch"), Value: fmt.Appendf(nil, `{"number":%d}`, number+1)},
		},
		Preconditions: []*immudbschema.Precondition{
			immudbschema.PreconditionKeyMustNotExist(batch),
			immudbschema.PreconditionKeyNotModifiedAfterTX([]byte("epoch"), epoch.Tx),
		},
	}))
	return nil
}
