package bench

import (
	"context"
	"errors"
	"fmt"
	"strconv"
	"sync"
	"time"

	"corebank/internal/bank"
	"corebank/internal/contract"
)

// journal makes the records of accounts, one after the other: each is opened by
// its first, and the others are deposits. It knows each account's version. It
// writes them as text itself, because a load has to be cheaper than what it
// measures. Each account is used by one client at a time.
type journal struct {
	accounts []bank.AccountID
	versions []int64
	run      string // makes idempotency keys differ between journals
}

const depositMinor = 100

func newJournal(run string, accounts int) *journal {
	j := &journal{run: run, accounts: make([]bank.AccountID, accounts), versions: make([]int64, accounts)}
	for i := range j.accounts {
		j.accounts[i] = bank.NewAccountID("bench", run+strconv.Itoa(i))
	}
	return j
}

// key is the idempotency key of a version of an account.
func (j *journal) key(i int, version int64) string {
	return fmt.Sprintf("bench-%s-%08d-%08d", j.run, i, version)
}

// opening is when all accounts were opened. Their deposits are a millisecond
// apart.
var opening = time.Date(2026, 1, 2, 3, 4, 5, 0, time.UTC)

func momentOf(version int64) string {
	return opening.Add(time.Duration(version) * time.Millisecond).Format("2006-01-02T15:04:05.000000Z")
}

// appendRecord appends the account's record after a version, as JSON.
func (j *journal) appendRecord(text []byte, i int, after int64) []byte {
	version := after + 1
	name := "money-deposited"
	if version == 1 {
		name = "account-opened"
	}
	text = fmt.Appendf(text, `{"position":0,"account":"%s","version":%d,"type":"%s","schema":1,"at":"%s",`+
		`"key":"%s","caller":"bench","requestHash":"0123456789abcdef0123456789abcdef","data":`,
		j.accounts[i], version, name, momentOf(version), j.key(i, version))
	if version == 1 {
		return append(text, `{"owner":"Ada Bench","currency":"EUR"}}`...)
	}
	return fmt.Appendf(text, `{"amount":{"minor":%d,"currency":"EUR"},"balance":{"minor":%d,"currency":"EUR"},"postings":[`+
		`{"account":"customer/%s","amount":{"minor":%d,"currency":"EUR"}},{"account":"cash/EUR","amount":{"minor":-%d,"currency":"EUR"}}],"reference":"salary"}}`,
		depositMinor, after*depositMinor, j.accounts[i], depositMinor, depositMinor)
}

// request is an append of one record to each of some accounts, as JSON.
func (j *journal) request(accounts []int) []byte {
	text := append(make([]byte, 0, 700*len(accounts)+16), `{"appends":[`...)
	for n, i := range accounts {
		if n > 0 {
			text = append(text, ',')
		}
		text = fmt.Appendf(text, `{"account":"%s","expectedVersion":%d,"records":[`, j.accounts[i], j.versions[i])
		text = append(j.appendRecord(text, i, j.versions[i]), `]}`...)
	}
	return append(text, `]}`...)
}

// stretch are some accounts of a client: of those that are its own, so many
// from a place on, round and round.
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

// open opens all accounts.
func (j *journal) open(ctx context.Context, call appendCall, batch int) error {
	return j.fill(ctx, call, len(j.accounts), batch)
}

// fill appends so many events, spread evenly over the accounts.
func (j *journal) fill(ctx context.Context, call appendCall, events, batch int) error {
	clients := min(appendClients, len(j.accounts))
	failures := make([]error, clients)
	var all sync.WaitGroup
	for number := range clients {
		all.Go(func() { failures[number] = j.fillShare(ctx, call, number, clients, events, batch) })
	}
	all.Wait()
	return errors.Join(failures...)
}

func (j *journal) fillShare(ctx context.Context, call appendCall, number, clients, events, batch int) error {
	left := events / clients
	if number < events%clients {
		left++
	}
	for next := 0; left > 0; {
		accounts := j.stretch(number, clients, next, min(batch, left))
		done, err := j.append(ctx, call, accounts)
		if err != nil {
			return err
		}
		left, next = left-done, next+done
	}
	return nil
}

// fillOne appends so many events to one account.
func (j *journal) fillOne(ctx context.Context, call appendCall, i, events, batch int) error {
	for left := events; left > 0; {
		size := min(batch, left)
		reply, err := call(ctx, j.runRequest(i, size))
		if err != nil {
			return err
		}
		if len(reply.Results) != 1 || reply.Results[0].Status != contract.Appended {
			return fmt.Errorf("append %d events after version %d: %+v", size, j.versions[i], reply.Results)
		}
		j.versions[i] = reply.Results[0].Version
		left -= size
	}
	return nil
}

// runRequest is an append of some records to one account, as JSON.
func (j *journal) runRequest(i, size int) []byte {
	text := append(make([]byte, 0, 600*size+200), `{"appends":[{"account":"`...)
	text = fmt.Appendf(text, `%s","expectedVersion":%d,"records":[`, j.accounts[i], j.versions[i])
	for n := range int64(size) {
		if n > 0 {
			text = append(text, ',')
		}
		text = j.appendRecord(text, i, j.versions[i]+n)
	}
	return append(text, `]}]}`...)
}

// append makes one call with a record for each of some accounts and keeps the
// versions that it tells.
func (j *journal) append(ctx context.Context, call appendCall, accounts []int) (done int, err error) {
	reply, err := call(ctx, j.request(accounts))
	if err != nil {
		return 0, err
	}
	if len(reply.Results) != len(accounts) {
		return 0, fmt.Errorf("%d answers to %d appends", len(reply.Results), len(accounts))
	}
	for n, result := range reply.Results {
		switch result.Status {
		case contract.Appended:
			done++
			j.versions[accounts[n]] = result.Version
			continue
		case contract.VersionConflict: // after a call whose outcome was not known
			j.versions[accounts[n]] = result.Version
		}
		err = fmt.Errorf("%s: %s", result.Status, result.Reason)
	}
	return done, err
}
