package bench

import (
	"context"
	"encoding/binary"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"path/filepath"

	"github.com/codenotary/immudb/pkg/api/schema"
	"github.com/codenotary/immudb/pkg/auth"
	immudb "github.com/codenotary/immudb/pkg/client"
	runtimepb "github.com/dapr/dapr/pkg/proto/runtime/v1"

	"corebank/check/livebank"
	"corebank/check/must"
	"corebank/internal/app"
	"corebank/internal/contract"
	"corebank/internal/secrets"
	"corebank/localbank/datadir"
	"corebank/localbank/supervisor"
)

// The cases of the event source, and of immudb alone.
const (
	caseAppend     = "append"
	caseAppendIdle = "append, idle"
	caseRaw        = "immudb"
	caseRawBehind  = "immudb, not indexed"
)

const (
	rawDatabase = "raw"
	// appendClients is how many calls an actor host has in flight to the event
	// source at most.
	appendClients = 4
	// maxCommit is how many records the event source commits together at most.
	// It joins the batches of its callers, so immudb alone gets batches as large.
	maxCommit = 1000
)

// logProcesses are immudb and the event source, without a broker to publish to
// and without readers.
type logProcesses struct {
	dir             datadir.Dir
	immudb, service string // addresses
	used            processes
}

// startLog returns the log of the group, and starts it if it does not run.
func (e *env) startLog(ctx context.Context) (_ *logProcesses, err error) {
	defer must.Catch(&err)
	if e.log != nil {
		return e.log, nil
	}
	dir := must.Get(datadir.Open(filepath.Join(e.dir, "bank"), 1))
	e.onClose(func() error { dir.Close(); return nil })
	p := &logProcesses{dir: dir.Dir, immudb: must.Get(livebank.FreeAddress()), service: must.Get(livebank.FreeAddress())}
	health, sidecar := must.Get(livebank.FreeAddress()), must.Get(livebank.FreeAddress())
	database, user := datadir.LogNames(0)
	p.used = must.Get(e.start(ctx, livebank.Immudb(e.Program, dir.Dir, p.immudb),
		supervisor.Process{Name: "eventsource", Command: e.Program, Needs: []string{"immudb"}, Dir: e.dir,
			// Nothing listens at the sidecar's address: the relay waits for it.
			Env: livebank.Environment("DAPR_GRPC_ENDPOINT=" + sidecar),
			Args: []string{"eventsource", "--listen=" + p.service, "--health=" + health, "--immudb=" + p.immudb,
				"--immudb-database=" + database, "--immudb-user=" + user, "--immudb-password-file=" + dir.WriterPassword(0),
				"--immudb-admin-password-file=" + dir.AdminPassword(), "--state-dir=" + dir.EventSource(0),
				"--disk=" + dir.Immudb(), "--log-level=error"},
			Ready: func(ctx context.Context) error {
				return app.CheckHealth(ctx, "http://"+health+app.ReadyPath, http.StatusOK)
			}}))
	e.log = p
	return p, nil
}

// openAppend measures the event source as the sidecar of an actor host uses it:
// a few calls at a time, each with the appends of many accounts.
func openAppend(ctx context.Context, e *env) (_ []measured, err error) {
	defer must.Catch(&err)
	log := must.Get(e.startLog(ctx))
	source := runtimepb.NewAppCallbackClient(must.Get(e.dial(log.service)))
	call := func(ctx context.Context, request []byte) (reply contract.AppendReply, err error) {
		answer, err := livebank.Append(ctx, source, request)
		if err != nil {
			return reply, err
		}
		return reply, json.Unmarshal(answer, &reply)
	}
	load := e.load(appendClients)
	many, alone := newJournal("many", max(e.Accounts, load.Clients)), newJournal("alone", 100)
	must.Do(errors.Join(many.open(ctx, call, e.Batch), alone.open(ctx, call, e.Batch)))
	appends := func(name, about string, j *journal, load Load, batch int) measured {
		return loaded(name, "events", about, load, log.used, func(ctx context.Context, client, turn int) (int, error) {
			return j.append(ctx, call, j.stretch(client, load.Clients, turn*batch, batch), 1)
		})
	}
	about := fmt.Sprintf("%d clients, each call with the appends of %d accounts", load.Clients, e.Batch)
	return []measured{
		appends(caseAppend, about, many, load, e.Batch),
		appends(caseAppendIdle, "one client, one append after the other", alone, e.oneClient(), 1),
	}, nil
}

// openRaw measures the server that the event source uses, in a database with the
// same settings. Its clients write what the event source would write, in batches
// of the same size, without any checks.
func openRaw(ctx context.Context, e *env) (_ []measured, err error) {
	defer must.Catch(&err)
	log := must.Get(e.startLog(ctx))
	session := must.Get(e.openRawDatabase(ctx, log))
	load := e.load(appendClients)
	batch := min(appendClients*e.Batch, maxCommit)
	about := fmt.Sprintf("%d clients, each transaction with %d records", load.Clients, batch)
	raw := func(name, more string, noWait bool) measured {
		j := newJournal(name, max(e.Accounts, load.Clients))
		commit := func(ctx context.Context, client, turn int) (int, error) {
			accounts := j.stretch(client, load.Clients, turn*batch, batch)
			_, err := session.SetAll(ctx, &schema.SetRequest{KVs: j.entries(accounts), NoWait: noWait})
			for _, i := range accounts {
				j.versions[i]++
			}
			return len(accounts), err
		}
		// Wait until immudb has indexed everything, so that the next case does not pay for it.
		indexed := func(ctx context.Context) error {
			_, err := session.Scan(ctx, &schema.ScanRequest{Prefix: []byte("e"), Limit: 1})
			return err
		}
		return loaded(name, "events", about+more, load, log.used, commit, indexed)
	}
	return []measured{
		raw(caseRaw, ", answered when they can be read", false),
		raw(caseRawBehind, ", answered when they are durable; the later indexing does not count", true),
	}, nil
}

// openRawDatabase makes a database like that of the log.
func (e *env) openRawDatabase(ctx context.Context, log *logProcesses) (_ immudb.ImmuClient, err error) {
	defer must.Wrap(&err, "make a database like the log's")
	defer must.Catch(&err)
	admin := must.Get(secrets.ReadFile(log.dir.AdminPassword()))
	login := func(database string) immudb.ImmuClient {
		session := must.Get(livebank.OpenImmudb(ctx, log.immudb, e.dir, auth.SysAdminUsername, admin, database))
		e.onClose(func() error { return session.CloseSession(context.WithoutCancel(ctx)) })
		return session
	}
	database, _ := datadir.LogNames(0)
	session := login(database)
	like := must.Get(session.GetDatabaseSettingsV2(ctx))
	must.Get(session.CreateDatabaseV2(ctx, rawDatabase, like.Settings))
	return login(rawDatabase), nil
}

// entries are what the event source writes for a batch: as many entries, as long
// and as far apart.
func (j *journal) entries(accounts []int) []*schema.KeyValue {
	first := accounts[0]
	entries := append(make([]*schema.KeyValue, 0, len(accounts)+1), &schema.KeyValue{
		Key: fmt.Appendf(nil, "b/%07d%08d", first, j.versions[first]), Value: []byte(`{"last":123456789}`)})
	for _, i := range accounts {
		key := append([]byte{'e'}, j.accounts[i].Bytes()...)
		entries = append(entries, &schema.KeyValue{Key: binary.BigEndian.AppendUint64(key, uint64(j.versions[i]+1)),
			Value: j.appendRecord(nil, i, j.versions[i])})
	}
	return entries
}
