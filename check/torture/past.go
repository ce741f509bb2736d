package torture

import (
	"context"
	"errors"
	"fmt"
	"iter"
	"math/rand/v2"
	"os"
	"path/filepath"
	"reflect"
	"strconv"
	"time"

	"corebank/check/laws"
	"corebank/check/livebank"
	"corebank/check/must"
	"corebank/eventsource/immudb"
	"corebank/eventsource/sequencer"
	"corebank/eventsource/storage"
	"corebank/internal/bank"
	"corebank/internal/contract"
	"corebank/internal/secrets"
	"corebank/localbank/datadir"
)

// Bounds of a past.
const (
	// pastEvents is how many events an account has in the mean.
	pastEvents = 100
	// theCaller is who asks for everything, in the past as well.
	theCaller = "torture"
	pastStep  = time.Millisecond // from one event to the next
)

// Past is the log as it is before the bank is hurt: many accounts that were
// used at random, the same each time. The zero Past is an empty
// log.
type Past struct {
	Seed   uint64
	Events int
}

func (p Past) accounts() int { return (p.Events + pastEvents - 1) / pastEvents }

func (p Past) account(n int) bank.AccountID { return p.opening(n).Account }

func (p Past) opening(n int) *laws.Request {
	return opening(fmt.Sprintf("past-%d-%d", p.Seed, n), fmt.Sprint("Old customer ", n), currency)
}

// opening is a request for a new account.
func opening(key, owner string, in bank.Currency) *laws.Request {
	return laws.NewRequest(bank.NewAccountID(theCaller, key), key,
		bank.OpenAccount{Owner: owner, Currency: in, Kind: bank.Current})
}

// pastBegan is when its first event happened.
var pastBegan = time.Date(2025, time.January, 1, 0, 0, 0, 0, time.UTC)

// Records is the log: first all openings, then what the accounts were used
// for, each decided by the domain.
func (p Past) Records() iter.Seq[contract.Record] {
	return func(yield func(contract.Record) bool) {
		random := rand.New(rand.NewPCG(p.Seed, 3))
		states := make([]bank.Account, p.accounts())
		for i := range p.Events {
			n, request := i, p.opening(i)
			if i >= len(states) {
				n = random.IntN(len(states))
				request = oldPayment(random, &states[n], strconv.Itoa(i))
			}
			states[n].ID = request.Account
			if !yield(record(&states[n], request, i)) {
				return
			}
		}
	}
}

// oldPayment asks for two deposits for each withdrawal, which is the smaller and
// only of what there is.
func oldPayment(random *rand.Rand, from *bank.Account, key string) *laws.Request {
	in := bank.Money{Minor: 1 + random.Int64N(1_000_000), Currency: currency}
	if out := (bank.Money{Minor: 1 + random.Int64N(10), Currency: currency}); random.IntN(3) == 0 &&
		from.Balance.Minor >= out.Minor {
		return laws.NewRequest(from.ID, key, bank.Withdraw{Amount: out})
	}
	return laws.NewRequest(from.ID, key, bank.Deposit{Amount: in})
}

// record decides a request and moves the state on.
func record(state *bank.Account, request *laws.Request, i int) contract.Record {
	at := pastBegan.Add(time.Duration(i) * pastStep)
	event, refusal := state.Decide(request.Command, bank.Circumstances{Now: at, Caller: theCaller, Key: request.Key})
	if refusal != nil {
		panic(refusal.Message) // the account can pay what it is asked for
	}
	r := contract.Record{Position: int64(i) + 1, Account: state.ID, Version: state.Version + 1, At: at,
		Key: request.Key, Caller: theCaller, RequestHash: request.Hash()}
	if err := r.SetEvent(event); err != nil {
		panic(err) // what the domain decides can be stored
	}
	*state = state.Apply(event, at)
	return r
}

// comparison compares a log with the past that it should begin with.
type comparison struct {
	found  *laws.Findings
	past   Past
	record func() (contract.Record, bool)
	stop   func()
	read   int
}

func (p Past) compare(found *laws.Findings) *comparison {
	c := &comparison{found: found, past: p}
	c.record, c.stop = iter.Pull(p.Records())
	return c
}

// next takes the next record of the log, and tells whether it is of the past.
func (c *comparison) next(r contract.Record) bool {
	if c.read == c.past.Events {
		return false
	}
	c.read++
	if want, _ := c.record(); !reflect.DeepEqual(r, want) {
		c.found.Violated(laws.Unchanged, "position %d was %s version %d of %s and is %s version %d of %s",
			want.Position, want.Type, want.Version, want.Account, r.Type, r.Version, r.Account)
	}
	return true
}

func (c *comparison) end() {
	c.stop()
	c.found.Check(laws.Unchanged, c.read)
	if c.read < c.past.Events {
		c.found.Violated(laws.Unchanged, "the log had %d events and has %d", c.past.Events, c.read)
	}
}

// fillBatch is the events of one commit of a log that is filled.
const fillBatch = 500

// storedLog is the log of a bank in its databases, reached without any part of the
// bank.
type storedLog struct {
	parts    []*immudb.Log
	sequence *immudb.SequenceLog // of several partitions; nil for one
	merged   *sequencer.MergedLog
	last     storage.Cut // that was written
}

// databaseOf is where a part of a bank's log is, in the immudb at an address. Files
// that can be lost go to the directory state.
func databaseOf(d datadir.Dir, address, state string, part int) (config immudb.Config, err error) {
	defer must.Catch(&err)
	config = immudb.Config{Address: address, StateDir: filepath.Join(state, "torture", datadir.LogApp(part)),
		Password: must.Get(secrets.ReadFile(d.WriterPassword(part)))}
	config.Database, config.User = datadir.LogNames(part)
	if d.Partitions > 1 {
		config.Partition = storage.Partition{Number: part, Of: d.Partitions}
	}
	return config, os.MkdirAll(config.StateDir, 0o700)
}

// openLog opens the log of the bank in a directory: its one database, or the
// databases of its partitions and of their sequence.
func openLog(d datadir.Dir, address, adminPassword string) (l *storedLog, err error) {
	defer must.Catch(&err)
	l = new(storedLog)
	var readers []sequencer.PartitionLog
	for _, part := range d.LogParts() {
		config := must.Get(databaseOf(d, address, d.Path, part))
		config.AdminPassword = adminPassword
		if part == 0 && d.Partitions > 1 {
			l.sequence = immudb.NewSequenceLog(config)
			continue
		}
		one := immudb.NewLog(config)
		l.parts, readers = append(l.parts, one), append(readers, sequencer.StoredPartition{Storage: one})
	}
	if l.sequence != nil {
		l.merged = sequencer.NewMergedLog(l.sequence, readers)
	}
	return l, nil
}

// ReadAll reads the records after a position.
func (l *storedLog) ReadAll(ctx context.Context, after int64, limit int) ([]contract.Record, error) {
	if l.merged == nil {
		return l.parts[0].ReadAll(ctx, after, limit)
	}
	if _, err := l.merged.Refresh(ctx); err != nil {
		return nil, err
	}
	return l.merged.ReadAll(ctx, after, limit)
}

// Close ends the connections.
func (l *storedLog) Close(ctx context.Context) (failure error) {
	for _, part := range l.parts {
		failure = errors.Join(failure, part.Close(ctx))
	}
	if l.sequence != nil {
		failure = errors.Join(failure, l.sequence.Close(ctx))
	}
	return failure
}

// fillLog writes events, which must be a whole log from its first position, into
// the log of a bank that does not run, in the way of its event source: with an
// immudb of its own, the database, the user, and one commit after the other. They
// count as published: the views read them from the log.
func fillLog(ctx context.Context, program, data string, partitions int, records iter.Seq[contract.Record]) (err error) {
	defer must.Catch(&err)
	dir := must.Get(datadir.Open(data, partitions))
	defer dir.Close()
	address := must.Get(livebank.FreeAddress())
	server := must.Get(livebank.Supervise(ctx, dir.Logs(), func(string, error) {},
		livebank.Immudb(program, dir.Dir, address)))
	defer func() { err = errors.Join(err, server.Stop()) }()
	l := must.Get(openLog(dir.Dir, address, must.Get(secrets.ReadFile(dir.AdminPassword()))))
	defer func() { err = errors.Join(err, l.Close(context.WithoutCancel(ctx))) }()
	must.Do(l.acquire(ctx))
	batch, last := make([]contract.Record, 0, fillBatch), int64(0)
	for r := range records {
		batch, last = append(batch, r), r.Position
		if len(batch) == fillBatch {
			must.Do(l.commit(ctx, batch))
			batch = batch[:0]
		}
	}
	must.Do(l.commit(ctx, batch))
	if l.sequence != nil {
		return l.sequence.SaveCheckpoint(ctx, last)
	}
	return l.parts[0].SaveCheckpoint(ctx, last)
}

// acquire becomes the writer of the log, which must be new.
func (l *storedLog) acquire(ctx context.Context) error {
	for _, part := range l.parts {
		if head, err := part.Acquire(ctx); err != nil || head != 0 {
			return errors.Join(fmt.Errorf("the log is not new, or cannot be written: it ends at position %d", head), err)
		}
	}
	if l.sequence == nil {
		return nil
	}
	last, err := l.sequence.Acquire(ctx)
	if err != nil || last.Number != 0 {
		return errors.Join(fmt.Errorf("the sequence is not new, or cannot be written: it ends at cut %d", last.Number), err)
	}
	l.last = storage.Cut{Ends: make([]int64, len(l.parts))}
	return nil
}

// commit writes the next records. With several partitions, it makes the cuts that
// give each record its position: within one cut, the records of a later partition
// come later.
func (l *storedLog) commit(ctx context.Context, records []contract.Record) error {
	if l.sequence == nil || len(records) == 0 {
		return l.commitTo(ctx, 0, records)
	}
	var cuts []storage.Cut
	byPartition, at := make([][]contract.Record, len(l.parts)), 0
	for _, r := range records {
		p := contract.PartitionOf(r.Account, len(l.parts)) - 1
		if p < at || len(cuts) == 0 {
			l.last = storage.Cut{Number: l.last.Number + 1, Ends: append([]int64{}, l.last.Ends...)}
			cuts = append(cuts, l.last)
		}
		l.last.Ends[p]++
		at, r.Position = p, l.last.Ends[p]
		byPartition[p] = append(byPartition[p], r)
	}
	for p, own := range byPartition {
		if err := l.commitTo(ctx, p, own); err != nil {
			return err
		}
	}
	return l.sequence.Add(ctx, cuts...)
}

func (l *storedLog) commitTo(ctx context.Context, part int, records []contract.Record) error {
	if len(records) == 0 {
		return nil
	}
	return l.parts[part].Commit(ctx, records, nil)
}
