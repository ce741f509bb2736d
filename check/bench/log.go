package bench

import (
	"context"
	"crypto/rand"
	"encoding/binary"
	"encoding/json"
	"errors"
	"fmt"
	"net"
	"os"
	"path/filepath"
	"strconv"

	"github.com/codenotary/immudb/pkg/api/schema"
	"github.com/codenotary/immudb/pkg/auth"
	immudb "github.com/codenotary/immudb/pkg/client"
	commonpb "github.com/dapr/dapr/pkg/proto/common/v1"
	runtimepb "github.com/dapr/dapr/pkg/proto/runtime/v1"
	"google.golang.org/protobuf/types/known/anypb"

	"corebank/internal/contract"
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
	logDatabase = "corebank"
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
	immudb, service string // addresses
	admin           string // the password of immudb's administrator
	processes       map[string]int
}

// startLog returns the log of the group, and starts it if it does not run.
func (e *env) startLog(ctx context.Context) (*logProcesses, error) {
	if e.log != nil {
		return e.log, nil
	}
	secrets := filepath.Join(e.dir, "secrets")
	if err := os.MkdirAll(secrets, 0o700); err != nil {
		return nil, err
	}
	p := &logProcesses{admin: "Aa1!" + rand.Text()}
	admin, writer := filepath.Join(secrets, "admin"), filepath.Join(secrets, "writer")
	var health, sidecar string
	err := errors.Join(
		os.WriteFile(admin, []byte(p.admin), 0o600),
		os.WriteFile(writer, []byte("Aa1!"+rand.Text()), 0o600),
		freeAddresses(&p.immudb, &p.service, &health, &sidecar),
	)
	if err != nil {
		return nil, err
	}
	p.processes, err = e.start(ctx,
		supervisor.Process{Name: "immudb", Command: e.Program, Env: environment(), Dir: e.dir, Args: []string{"immudb",
			"--dir=" + filepath.Join(e.dir, "immudb"), "--listen=" + p.immudb, "--admin-password-file=" + admin}},
		supervisor.Process{Name: "eventsource", Command: e.Program, Needs: []string{"immudb"}, Dir: e.dir,
			// Nothing listens at the sidecar's address: the relay waits for it.
			Env: environment("DAPR_GRPC_ENDPOINT=" + sidecar),
			Args: []string{"eventsource", "--listen=" + p.service, "--health=" + health, "--immudb=" + p.immudb,
				"--immudb-database=" + logDatabase, "--immudb-password-file=" + writer,
				"--immudb-admin-password-file=" + admin, "--state-dir=" + e.dir, "--disk=" + e.dir, "--log-level=error"},
			Ready: func(ctx context.Context) error { return answersOK(ctx, "http://"+health+"/readyz") }},
	)
	e.log = p
	return p, err
}

// openAppend measures the event source as the sidecar of an actor host uses it:
// a few calls at a time, each with the appends of many accounts.
func openAppend(ctx context.Context, e *env) ([]measured, error) {
	log, err := e.startLog(ctx)
	if err != nil {
		return nil, err
	}
	connection, err := e.dial(log.service)
	if err != nil {
		return nil, err
	}
	call := appendTo(runtimepb.NewAppCallbackClient(connection))
	load := e.load(appendClients)
	many, alone := newJournal("many", max(e.Accounts, load.Clients)), newJournal("alone", 100)
	if err := errors.Join(many.open(ctx, call, e.Batch), alone.open(ctx, call, e.Batch)); err != nil {
		return nil, fmt.Errorf("open the accounts: %w", err)
	}
	appends := func(name, about string, j *journal, load Load, batch int) measured {
		return measured{name, "events", about, func(ctx context.Context) (Sample, error) {
			return e.measure(ctx, load, "events", log.processes, func(ctx context.Context, client, turn int) (int, error) {
				return j.append(ctx, call, j.stretch(client, load.Clients, turn*batch, batch), 1)
			})
		}}
	}
	about := fmt.Sprintf("%d clients, each call with the appends of %d accounts", load.Clients, e.Batch)
	return []measured{
		appends(caseAppend, about, many, load, e.Batch),
		appends(caseAppendIdle, "one client, one append after the other", alone, e.oneClient(), 1),
	}, nil
}

// appendTo calls the event source as its sidecar does.
func appendTo(calls runtimepb.AppCallbackClient) appendCall {
	return func(ctx context.Context, request []byte) (reply contract.AppendReply, err error) {
		answer, err := calls.OnInvoke(ctx, &commonpb.InvokeRequest{Method: contract.MethodAppend,
			ContentType: "application/json", Data: &anypb.Any{Value: request},
			HttpExtension: &commonpb.HTTPExtension{Verb: commonpb.HTTPExtension_POST}})
		if err != nil {
			return reply, err
		}
		return reply, json.Unmarshal(answer.GetData().GetValue(), &reply)
	}
}

// openRaw measures the server that the event source uses, in a database with the
// same settings. Its clients write what the event source would write, in batches
// of the same size, without any checks.
func openRaw(ctx context.Context, e *env) ([]measured, error) {
	log, err := e.startLog(ctx)
	if err != nil {
		return nil, err
	}
	session, err := e.openRawDatabase(ctx, log)
	if err != nil {
		return nil, err
	}
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
		return measured{name, "events", about + more, func(ctx context.Context) (Sample, error) {
			sample, err := e.measure(ctx, load, "events", log.processes, commit)
			// Wait until immudb has indexed everything, so that the next case does not pay for it.
			_, scanErr := session.Scan(ctx, &schema.ScanRequest{Prefix: []byte("e"), Limit: 1})
			return sample, errors.Join(err, scanErr)
		}}
	}
	return []measured{
		raw(caseRaw, ", answered when they can be read", false),
		raw(caseRawBehind, ", answered when they are durable; the later indexing does not count", true),
	}, nil
}

// openRawDatabase makes a database like that of the log.
func (e *env) openRawDatabase(ctx context.Context, log *logProcesses) (immudb.ImmuClient, error) {
	host, portText, err := net.SplitHostPort(log.immudb)
	if err != nil {
		return nil, err
	}
	port, err := strconv.Atoi(portText)
	if err != nil {
		return nil, err
	}
	login := func(database string) (immudb.ImmuClient, error) {
		session := immudb.NewClient().WithOptions(immudb.DefaultOptions().WithAddress(host).WithPort(port).
			WithDir(e.dir).WithDisableIdentityCheck(true))
		if err := session.OpenSession(ctx, []byte(auth.SysAdminUsername), []byte(log.admin), database); err != nil {
			return nil, fmt.Errorf("open database %s: %w", database, err)
		}
		e.onClose(func() error { return session.CloseSession(context.WithoutCancel(ctx)) })
		return session, nil
	}
	session, err := login(logDatabase)
	if err != nil {
		return nil, err
	}
	like, err := session.GetDatabaseSettingsV2(ctx)
	if err != nil {
		return nil, fmt.Errorf("read the settings of the log's database: %w", err)
	}
	if _, err := session.CreateDatabaseV2(ctx, rawDatabase, like.Settings); err != nil {
		return nil, fmt.Errorf("create a database like the log's: %w", err)
	}
	return login(rawDatabase)
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
