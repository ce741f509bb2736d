package projector_test

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"testing"
	"time"

	"corebank/internal/bank"
	"corebank/internal/contract"
)

// ledger is a log in memory that decides by the rules of the bank and counts its
// reads.
type ledger struct {
	mu       sync.Mutex
	accounts map[bank.AccountID]bank.Account
	records  []contract.Record
	reads    int
	// broken is the error of every read, if set.
	broken error
	// altered changes every answer, if set.
	altered func(*contract.Records)
	// beforeRead runs before every read, if set.
	beforeRead func()
}

func newLedger() *ledger { return &ledger{accounts: make(map[bank.AccountID]bank.Account)} }

var errLogAway = errors.New("the event source is unavailable")

// ReadAll answers like the event source.
func (l *ledger) ReadAll(ctx context.Context, r contract.ReadAllRequest) (contract.Records, error) {
	if l.beforeRead != nil {
		l.beforeRead()
	}
	l.mu.Lock()
	defer l.mu.Unlock()
	l.reads++
	if err := errors.Join(l.broken, ctx.Err()); err != nil {
		return contract.Records{}, err
	}
	limit := r.Limit
	if limit == 0 {
		limit = contract.MaxReadRecords
	}
	head := int64(len(l.records))
	from := min(r.AfterPosition, head)
	reply := contract.Records{Records: l.records[from:min(from+int64(limit), head)], Head: head}
	if l.altered != nil {
		l.altered(&reply)
	}
	return reply, nil
}

// ReadStream answers like the event source.
func (l *ledger) ReadStream(ctx context.Context, r contract.ReadStreamRequest) (contract.Records, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if err := errors.Join(l.broken, ctx.Err()); err != nil {
		return contract.Records{}, err
	}
	reply := contract.Records{Head: int64(len(l.records))}
	for _, record := range l.records {
		if record.Account == r.Account && record.Version > r.AfterVersion && len(reply.Records) < 10 {
			reply.Records = append(reply.Records, record)
		}
	}
	return reply, nil
}

// do decides a command, which must be accepted, and appends its event.
func (l *ledger) do(t testing.TB, id bank.AccountID, command bank.Command) {
	t.Helper()
	l.mu.Lock()
	defer l.mu.Unlock()
	account := l.accounts[id]
	account.ID = id
	event, refusal := account.Decide(command, bank.Circumstances{})
	if refusal != nil {
		t.Fatalf("%T on %s: %s", command, id, refusal.Message)
	}
	position := int64(len(l.records)) + 1
	record := contract.Record{Position: position, Account: id, Version: account.Version + 1, Key: fmt.Sprint(position),
		Caller: "test", At: time.Date(2026, 3, 1, 9, 0, 0, int(position)*1000, time.UTC)}
	if err := record.SetEvent(event); err != nil {
		t.Fatal(err)
	}
	l.accounts[id] = account.Apply(event, record.At)
	l.records = append(l.records, record)
}

func euro(cents int64) bank.Money { return bank.Money{Minor: cents, Currency: "EUR"} }

func customer(i int) bank.AccountID { return bank.NewAccountID("customer", fmt.Sprint(i)) }

// open opens so many accounts.
func (l *ledger) open(t testing.TB, accounts int) {
	t.Helper()
	for i := range accounts {
		l.do(t, customer(i), bank.OpenAccount{Owner: fmt.Sprintf("Customer %d", i), Currency: "EUR"})
	}
}

// pay makes payments, in turn on each account: two deposits of 10.00, then a
// withdrawal of 5.00.
func (l *ledger) pay(t testing.TB, payments int) {
	t.Helper()
	accounts := len(l.accounts)
	for i := range payments {
		id := customer(i % accounts)
		if l.accounts[id].Version%3 == 0 {
			l.do(t, id, bank.Withdraw{Amount: euro(500), Details: bank.Details{Memo: "rent"}})
		} else {
			l.do(t, id, bank.Deposit{Amount: euro(1000), Details: bank.Details{Reference: "salary"}})
		}
	}
}

// batch is the message of the topic with these positions, both inclusive.
func (l *ledger) batch(first, last int64) contract.Batch {
	return contract.Batch{Previous: first - 1, First: first, Last: last, Records: l.records[first-1 : last]}
}

// batches are the messages of the whole log, each with so many records.
func (l *ledger) batches(size int64) []contract.Batch {
	var all []contract.Batch
	for first := int64(1); first <= l.head(); first += size {
		all = append(all, l.batch(first, min(first+size-1, l.head())))
	}
	return all
}

func (l *ledger) heartbeat() contract.Batch { return contract.Batch{Last: l.head()} }

func (l *ledger) head() int64 { return int64(len(l.records)) }
