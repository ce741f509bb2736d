package torture

import (
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/binary"
	"encoding/json"
	"errors"
	"fmt"
	"strconv"
	"strings"
	"time"

	immudbschema "github.com/codenotary/immudb/pkg/api/schema"
	immudb "github.com/codenotary/immudb/pkg/client"

	"corebank/check/laws"
	"corebank/check/livebank"
	"corebank/check/must"
	"corebank/internal/app"
	"corebank/internal/bank"
	"corebank/internal/contract"
)

// poison spoils an account of its own and waits until the bank shows that it
// stands still and takes no commands.
func (r *run) poison(ctx context.Context, i injection) (err error) {
	defer must.Catch(&err)
	id := must.Get(r.victim(ctx))
	r.poisoned[id] = i.Kind
	if i.Kind == PoisonBytes {
		err = r.poisonLog(ctx, Poison{Account: id, Version: 3, Key: "poison", Value: "\x00\xff is no JSON"})
	} else {
		err = r.appendPoison(ctx, badRecord(i.Kind, id))
	}
	if err != nil {
		return fmt.Errorf("poison %s: %w", id, err)
	}
	r.strike()
	return r.awaitStale(ctx, id)
}

// victim is a new account with one deposit.
func (r *run) victim(ctx context.Context) (bank.AccountID, error) {
	c := r.load.watcher()
	id := c.openAccount(ctx, currency)
	if id == "" {
		return "", errors.New("no account could be opened")
	}
	deposit := laws.NewRequest(id, "before", bank.Deposit{Amount: bank.Money{Minor: 100, Currency: currency}})
	for !c.settle(ctx, deposit).Acknowledged() {
		if ctx.Err() != nil {
			return "", fmt.Errorf("nothing could be paid into %s", id)
		}
	}
	return id, nil
}

// newRecord is a record of an account that no client asked for. who names the
// caller and the key.
func newRecord(who string, id bank.AccountID, version int64) contract.Record {
	return contract.Record{Account: id, Version: version, At: time.Now().UTC().Truncate(time.Microsecond), Key: who,
		Caller: who, RequestHash: strings.Repeat("0", 32)}
}

// badRecord is an unreadable version 3 of an account.
func badRecord(kind Kind, id bank.AccountID) contract.Record {
	r := newRecord("poison", id, 3)
	amount := bank.Money{Minor: 1, Currency: currency}
	if err := r.SetEvent(bank.MoneyDeposited{Movement: bank.Movement{Amount: amount, Balance: amount}}); err != nil {
		r.Type, r.Schema = "money-deposited", 1
	}
	switch kind {
	case PoisonUnknown:
		r.Type = "money-printed"
	case PoisonSchema:
		r.Schema = 0
	}
	if kind == PoisonShape || len(r.Data) == 0 {
		r.Data = json.RawMessage(`{"colour":"red","amount":["12.34"]}`)
	}
	return r
}

// appendPoison has the bank's own event source append a record that it cannot
// know to be bad.
func (r *run) appendPoison(ctx context.Context, record contract.Record) error {
	last := "no attempt was made"
	for ctx.Err() == nil {
		result, err := r.append(ctx,
			contract.Append{Account: record.Account, ExpectedVersion: record.Version - 1, Records: []contract.Record{record}})
		switch {
		case err != nil:
			last = err.Error()
		case result.Status == contract.Appended,
			result.Status == contract.VersionConflict && result.Version == record.Version:
			return nil
		case result.Status == contract.AppendInvalid:
			return fmt.Errorf("the event source refuses it: %s", result.Reason)
		default:
			last = result.Reason
		}
		app.Pause(ctx, retryMax)
	}
	return fmt.Errorf("the event source does not take it: %s", last)
}

// append asks the bank's event source, past its sidecar.
func (r *run) append(ctx context.Context, a contract.Append) (_ contract.AppendResult, err error) {
	defer must.Catch(&err)
	body := must.Get(json.Marshal(contract.AppendRequest{Appends: []contract.Append{a}}))
	answer := must.Get(r.askEventSource(ctx, contract.EventSourceOf(a.Account, r.Partitions), body))
	var reply contract.AppendReply
	must.Do(json.Unmarshal(answer, &reply))
	if len(reply.Results) != 1 {
		return contract.AppendResult{}, fmt.Errorf("%d results", len(reply.Results))
	}
	return reply.Results[0], nil
}

// awaitStale waits until the API says that an account stands still, and makes
// sure that it takes no command.
func (r *run) awaitStale(ctx context.Context, id bank.AccountID) error {
	patience := injectTime + r.patience() // the views may be new, and the machine busy
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), patience)
	defer cancel()
	for stale := false; !stale; {
		if shown, err := r.gateway.balance(ctx, id); err == nil {
			stale = shown.stale
		}
		if !stale && !app.Pause(ctx, watchTick) {
			return fmt.Errorf("%s was poisoned and is not shown as stale within %v", id, patience)
		}
	}
	after := laws.NewRequest(id, "after", bank.Deposit{Amount: bank.Money{Minor: 1, Currency: currency}})
	for {
		answer := r.load.watcher().ask(ctx, after)
		switch {
		case answer.Status == contract.Unavailable:
			return nil
		case answer.Status != contract.Unknown:
			return fmt.Errorf("%s was poisoned and a deposit was %s", id, answer.Status)
		}
		if !app.Pause(ctx, retryMax) {
			return fmt.Errorf("%s was poisoned and a deposit has no outcome: %s", id, answer.Note)
		}
	}
}

// poisonRefused asks for appends that would break the log or its database. Each
// must be refused as invalid; what is written all the same will be found.
func (r *run) poisonRefused(ctx context.Context, _ injection) error {
	id := bank.NewAccountID("poison", fmt.Sprint(r.clock().Nanoseconds()))
	bad := func(change func(*contract.Record)) contract.Append {
		record := badRecord(PoisonShape, id)
		record.Version = 1
		change(&record)
		return contract.Append{Account: id, Records: []contract.Record{record}}
	}
	twice := bad(func(*contract.Record) {})
	twice.Records = append(twice.Records, twice.Records[0])
	twice.Records[1].Version = 2
	many := bad(func(*contract.Record) {})
	many.Records = make([]contract.Record, contract.MaxAppendEvents+1)
	for what, a := range map[string]contract.Append{
		"a record that is too large": bad(func(r *contract.Record) {
			r.Data = json.RawMessage(`"` + strings.Repeat("x", contract.MaxRecordBytes) + `"`)
		}),
		"a key that is too long": bad(func(r *contract.Record) { r.Key = strings.Repeat("k", 2000) }),
		"no key":                 bad(func(r *contract.Record) { r.Key = "" }),
		"a version too many":     bad(func(r *contract.Record) { r.Version = 2 }),
		"another account":        bad(func(r *contract.Record) { r.Account = bank.NewAccountID("poison", "other") }),
		"no account":             {Account: "none", Records: bad(func(r *contract.Record) { r.Account = "none" }).Records},
		"one key twice":          twice,
		"too many records":       many,
	} {
		result, err := r.append(ctx, a)
		if err != nil {
			return fmt.Errorf("append %s: %w", what, err)
		}
		if result.Status != contract.AppendInvalid {
			return fmt.Errorf("an append with %s was answered %q (%s); want it refused as invalid",
				what, result.Status, result.Reason)
		}
	}
	for _, body := range [][]byte{[]byte("{"), []byte(`{"appends":7}`), []byte(`{}`), bytes.Repeat([]byte("x"), 1<<20)} {
		if answer, err := r.askEventSource(ctx, contract.EventSourceOf(id, r.Partitions), body); err == nil {
			return fmt.Errorf("a request %.20q was answered %s", body, answer)
		}
	}
	r.strike()
	return nil
}

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
