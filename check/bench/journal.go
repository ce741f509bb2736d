package bench

import (
	"context"
	"fmt"
	"strconv"
	"time"

	"corebank/internal/bank"
	"corebank/internal/contract"
)

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

// open opens all accounts.
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

// fillOne appends so many events to one account.
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
