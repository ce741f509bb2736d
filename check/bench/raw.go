package bench

import (
	"context"
	"encoding/binary"
	"errors"
	"fmt"
	"net"
	"strconv"

	"github.com/codenotary/immudb/pkg/api/schema"
	"github.com/codenotary/immudb/pkg/auth"
	"github.com/codenotary/immudb/pkg/client"
)

// The cases of immudb alone.
const (
	caseRaw       = "immudb"
	caseRawBehind = "immudb, not indexed"
)

const rawDatabase = "raw"

// commitMost is how many records the event source commits together at most. It
// joins the batches of its callers, so immudb alone is given ones as large.
const commitMost = 1000

// openRaw measures the server that the event source uses, in a database with
// the same settings. Its clients write what the event source would write, in
// batches of the same size, without asking for anything in return.
func openRaw(ctx context.Context, l *lab) ([]measured, error) {
	parts, err := l.startLog(ctx)
	if err != nil {
		return nil, err
	}
	session, err := l.openRawDatabase(ctx, parts)
	if err != nil {
		return nil, err
	}
	load := l.load(appendClients)
	batch := min(appendClients*l.Batch, commitMost)
	about := fmt.Sprintf("%d clients, each transaction with %d records", load.Clients, batch)
	raw := func(name, more string, noWait bool) measured {
		j := newJournal(name, max(l.Accounts, load.Clients))
		return measured{name, "events", about + more, func(ctx context.Context) (Sample, error) {
			sample, err := l.measure(ctx, load, "events", parts.processes, setBatches(session, j, load.Clients, batch, noWait))
			return sample, errors.Join(err, settle(ctx, session))
		}}
	}
	return []measured{
		raw(caseRaw, ", answered when they can be read", false),
		raw(caseRawBehind, ", answered when they are durable; they are indexed later, which does not count here", true),
	}, nil
}

func setBatches(session client.ImmuClient, j *journal, clients, batch int, noWait bool) operation {
	return func(ctx context.Context, client, turn int) (int, error) {
		accounts := j.stretch(client, clients, turn*batch, batch)
		_, err := session.SetAll(ctx, &schema.SetRequest{KVs: commitOf(j, accounts), NoWait: noWait})
		for _, i := range accounts {
			j.versions[i]++
		}
		return len(accounts), err
	}
}

// settle waits until immudb has indexed what was written, so that the next
// case does not pay for it.
func settle(ctx context.Context, session client.ImmuClient) error {
	_, err := session.Scan(ctx, &schema.ScanRequest{Prefix: []byte("e"), Limit: 1})
	return err
}

// openRawDatabase makes a database like that of the log.
func (l *lab) openRawDatabase(ctx context.Context, parts *logParts) (client.ImmuClient, error) {
	host, portText, err := net.SplitHostPort(parts.immudb)
	if err != nil {
		return nil, err
	}
	port, err := strconv.Atoi(portText)
	if err != nil {
		return nil, err
	}
	login := func(database string) (client.ImmuClient, error) {
		session := client.NewClient().WithOptions(client.DefaultOptions().WithAddress(host).WithPort(port).
			WithDir(l.dir).WithDisableIdentityCheck(true))
		if err := session.OpenSession(ctx, []byte(auth.SysAdminUsername), []byte(parts.admin), database); err != nil {
			return nil, fmt.Errorf("open database %s: %w", database, err)
		}
		l.closers = append(l.closers, func() error { return session.CloseSession(context.WithoutCancel(ctx)) })
		return session, nil
	}
	log, err := login(logDatabase)
	if err != nil {
		return nil, err
	}
	like, err := log.GetDatabaseSettingsV2(ctx)
	if err != nil {
		return nil, fmt.Errorf("read the settings of the log's database: %w", err)
	}
	if _, err := log.CreateDatabaseV2(ctx, rawDatabase, like.Settings); err != nil {
		return nil, fmt.Errorf("make a database like the log's: %w", err)
	}
	return login(rawDatabase)
}

// commitOf are the entries that the event source writes for a batch: the same
// number, as long as its own, and as far apart.
func commitOf(j *journal, accounts []int) []*schema.KeyValue {
	entries := make([]*schema.KeyValue, 0, len(accounts)+1)
	first := accounts[0]
	entries = append(entries, entry(fmt.Appendf(nil, "b/%07d%08d", first, j.versions[first]), []byte(`{"last":123456789}`)))
	for _, i := range accounts {
		entries = append(entries, recordEntry(j, i))
	}
	return entries
}

func recordEntry(j *journal, i int) *schema.KeyValue {
	key := append([]byte{'e'}, j.accounts[i].Bytes()...)
	return entry(binary.BigEndian.AppendUint64(key, uint64(j.versions[i]+1)), j.appendRecord(nil, i, j.versions[i]))
}

func entry(key, value []byte) *schema.KeyValue { return &schema.KeyValue{Key: key, Value: value} }
