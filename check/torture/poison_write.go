package torture

import (
	"context"
	"crypto/sha256"
	"encoding/binary"
	"errors"
	"fmt"
	"net"
	"os"
	"strconv"
	"strings"

	immudbschema "github.com/codenotary/immudb/pkg/api/schema"
	immudbclient "github.com/codenotary/immudb/pkg/client"

	"corebank/internal/contract"
	"corebank/internal/secrets"
	"corebank/localbank/datadir"
)

// poisonAttempts bounds how often a broken writer tries to be the first at the
// head of the log.
const poisonAttempts = 200

// poisonLog writes what no event source would into the log of a running bank,
// straight into immudb. It becomes the writer like another event source and
// writes the next record, in one transaction.
func poisonLog(ctx context.Context, data, immudb string, p Poison) (err error) {
	partitions, err := datadir.ReadPartitions(data)
	if err != nil {
		return err
	}
	part := 0
	if partitions > 1 {
		part = contract.PartitionOf(p.Account, partitions)
	}
	c, err := openWriter(ctx, data, immudb, part)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, c.CloseSession(context.WithoutCancel(ctx))) }()
	for range poisonAttempts {
		if err = writePoison(ctx, c, p); err == nil || ctx.Err() != nil || !strings.Contains(err.Error(), "precondition") {
			return err
		}
	}
	return fmt.Errorf("other writers are faster: %w", err)
}

// openWriter opens a session with the rights of the event source of a part of
// the log.
func openWriter(ctx context.Context, data, immudb string, part int) (immudbclient.ImmuClient, error) {
	password, err := secrets.ReadFile(datadir.Dir{Path: data}.WriterPassword(part))
	if err != nil {
		return nil, err
	}
	host, portText, err := net.SplitHostPort(immudb)
	if err != nil {
		return nil, err
	}
	port, err := strconv.Atoi(portText)
	if err != nil {
		return nil, err
	}
	state, err := os.MkdirTemp(data, "poison-state-") // it is removed with the bank's data
	if err != nil {
		return nil, err
	}
	options := immudbclient.DefaultOptions().WithAddress(host).WithPort(port).WithDir(state).WithDisableIdentityCheck(true)
	c := immudbclient.NewClient().WithOptions(options)
	database, user := datadir.LogNames(part)
	return c, c.OpenSession(ctx, []byte(user), []byte(password), database)
}

// writePoison writes at the head of the log, if that is still free, and raises
// the epoch with it.
func writePoison(ctx context.Context, c immudbclient.ImmuClient, p Poison) error {
	epoch, err := c.Get(ctx, []byte("epoch"))
	if err != nil {
		return err
	}
	var number int64
	if _, err := fmt.Sscanf(string(epoch.Value), `{"number":%d}`, &number); err != nil {
		return fmt.Errorf("read the epoch %s: %w", epoch.Value, err)
	}
	last, err := c.Scan(ctx, &immudbschema.ScanRequest{Prefix: []byte("b/"), Desc: true, Limit: 1})
	if err != nil || len(last.Entries) == 0 {
		return fmt.Errorf("find the head of the log: %w", err)
	}
	var head int64
	if _, err := fmt.Sscanf(string(last.Entries[0].Value), `{"last":%d}`, &head); err != nil {
		return fmt.Errorf("read the head %s: %w", last.Entries[0].Value, err)
	}
	batch := fmt.Appendf(nil, "b/%015d", head+1)
	key := sha256.Sum256([]byte(string(p.Account) + "/" + p.Key))
	entry := func(key, value string) *immudbschema.KeyValue {
		return &immudbschema.KeyValue{Key: []byte(key), Value: []byte(value)}
	}
	_, err = c.SetAll(ctx, &immudbschema.SetRequest{
		KVs: []*immudbschema.KeyValue{
			entry(string(batch), fmt.Sprintf(`{"last":%d}`, head+1)),
			entry(string(binary.BigEndian.AppendUint64(append([]byte("e"), p.Account.Bytes()...), uint64(p.Version))), p.Value),
			entry("k"+string(key[:20]), strconv.FormatInt(p.Version, 10)),
			entry("epoch", fmt.Sprintf(`{"number":%d}`, number+1)),
		},
		Preconditions: []*immudbschema.Precondition{
			immudbschema.PreconditionKeyMustNotExist(batch),
			immudbschema.PreconditionKeyNotModifiedAfterTX([]byte("epoch"), epoch.Tx),
		},
	})
	return err
}
