package bench

import (
	"context"
	"encoding/binary"
	"encoding/json"
	"errors"
	"fmt"
	"path/filepath"
	"strconv"
	"time"

	"github.com/codenotary/immudb/pkg/api/schema"
	"github.com/codenotary/immudb/pkg/auth"
	immudb "github.com/codenotary/immudb/pkg/client"
	runtimepb "github.com/dapr/dapr/pkg/proto/runtime/v1"

	"corebank/check/livebank"
	"corebank/check/must"
	"corebank/internal/bank"
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
	source := runtimepb.NewAppCallbackClient(must.Get(e.dial(p.service)))
	database, user := datadir.LogNames(0)
	p.used = must.Get(e.start(ctx, livebank.Immudb(e.Program, dir.Dir, p.immudb),
		supervisor.Process{Name: "eventsource", Command: e.Program, Needs: []string{"immudb"}, Dir: e.dir,
			// Nothing listens at the sidecar's address: the relay waits for it.
			Env: livebank.Environment("DAPR_GRPC_ENDPOINT=" + sidecar),
			Args: []string{"eventsource", "--listen=" + p.service, "--health=" + health, "--immudb=" + p.immudb,
				"--immudb-database=" + database, "--immudb-user=" + user, "--immudb-password-file=" + dir.WriterPassword(0),
				"--immudb-admin-password-file=" + dir.AdminPassword(), "--state-dir=" + dir.EventSource(0),
				"--disk=" + dir.Immudb(), "--log-level=error"},
			Ready: func(ctx context.Context) error { return livebank.Ready(ctx, source) }}))
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

// journal writes the records of accounts: the first opens the account, the others
// are deposits. It writes their JSON itself, because a load must be cheaper than
// what it measures. Each account is used by one client at a time.
type journal struct {
	accounts []bank.AccountID
	versions []int64
	run      string // makes idempotency keys unique
}

const depositMinor = 100

func newJournal(run string, accounts int) *journal {
	j := &journal{run: run, accounts: make([]bank.AccountID, accounts), versions: make([]int64, accounts)}
	for i := range j.accounts {
		j.accounts[i] = bank.NewAccountID("bench", run+strconv.Itoa(i))
	}
	return j
}

// opening is when all accounts were opened. Their deposits are a millisecond apart.
var opening = time.Date(2026, 1, 2, 3, 4, 5, 0, time.UTC)

// appendRecord appends the account's record that follows a version, as JSON.
func (j *journal) appendRecord(text []byte, i int, after int64) []byte {
	version, kind := after+1, "money-deposited"
	if version == 1 {
		kind = "account-opened"
	}
	at := opening.Add(time.Duration(version) * time.Millisecond).Format("2006-01-02T15:04:05.000000Z")
	text = fmt.Appendf(text, `{"position":0,"account":"%s","version":%d,"type":"%s","schema":1,"at":"%s",`+
		`"key":"bench-%s-%08d-%08d","caller":"bench","requestHash":"0123456789abcdef0123456789abcdef","data":`,
		j.accounts[i], version, kind, at, j.run, i, version)
	if version == 1 {
		return append(text, `{"owner":"Ada Bench","currency":"EUR"}}`...)
	}
	return fmt.Appendf(text, `{"amount":{"minor":%[1]d,"currency":"EUR"},"balance":{"minor":%[2]d,"currency":"EUR"},`+
		`"postings":[{"account":"customer/%[3]s","amount":{"minor":%[1]d,"currency":"EUR"}},`+
		`{"account":"cash/EUR","amount":{"minor":-%[1]d,"currency":"EUR"}}],"reference":"salary"}}`,
		depositMinor, after*depositMinor, j.accounts[i])
}

// request appends each records to each of some accounts, as JSON.
func (j *journal) request(accounts []int, each int) []byte {
	text := append(make([]byte, 0, 700*len(accounts)*each+16), `{"appends":[`...)
	for n, i := range accounts {
		if n > 0 {
			text = append(text, ',')
		}
		text = fmt.Appendf(text, `{"account":"%s","expectedVersion":%d,"records":[`, j.accounts[i], j.versions[i])
		for after := j.versions[i]; after < j.versions[i]+int64(each); after++ {
			if after > j.versions[i] {
				text = append(text, ',')
			}
			text = j.appendRecord(text, i, after)
		}
		text = append(text, `]}`...)
	}
	return append(text, `]}`...)
}

// stretch are size accounts of a client from a place on, in a circle. Accounts
// are dealt out to the clients in turn.
func (j *journal) stretch(client, clients, from, size int) []int {
	own := (len(j.accounts) - client + clients - 1) / clients
	chosen := make([]int, min(size, own))
	for n := range chosen {
		chosen[n] = client + clients*((from+n)%own)
	}
	return chosen
}

// appendCall makes one call to the event source.
type appendCall func(ctx context.Context, request []byte) (contract.AppendReply, error)

func (j *journal) open(ctx context.Context, call appendCall, batch int) error {
	return j.fill(ctx, call, len(j.accounts), batch)
}

// fill appends so many events, spread evenly over the accounts.
func (j *journal) fill(ctx context.Context, call appendCall, events, batch int) error {
	clients := min(appendClients, len(j.accounts))
	return inParallel(clients, clients, func(client int) error {
		left := (events - client + clients - 1) / clients
		for next := 0; left > 0; {
			done, err := j.append(ctx, call, j.stretch(client, clients, next, min(batch, left)), 1)
			if err != nil {
				return err
			}
			left, next = left-done, next+done
		}
		return nil
	})
}

func (j *journal) fillOne(ctx context.Context, call appendCall, i, events, batch int) error {
	for left := events; left > 0; left -= batch {
		if _, err := j.append(ctx, call, []int{i}, min(batch, left)); err != nil {
			return fmt.Errorf("append after version %d: %w", j.versions[i], err)
		}
	}
	return nil
}

// append makes one call with each records for each of some accounts, and keeps
// the versions of the reply.
func (j *journal) append(ctx context.Context, call appendCall, accounts []int, each int) (done int, err error) {
	reply, err := call(ctx, j.request(accounts, each))
	if err != nil {
		return 0, err
	}
	if len(reply.Results) != len(accounts) {
		return 0, fmt.Errorf("%d answers to %d appends", len(reply.Results), len(accounts))
	}
	for n, result := range reply.Results {
		switch result.Status {
		case contract.Appended:
			done += each
			j.versions[accounts[n]] = result.Version
			continue
		case contract.VersionConflict: // after a call with an unknown outcome
			j.versions[accounts[n]] = result.Version
		}
		err = fmt.Errorf("%s: %s", result.Status, result.Reason)
	}
	return done, err
}
