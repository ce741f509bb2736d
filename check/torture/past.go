package torture

import (
	"fmt"
	"iter"
	"math/rand/v2"
	"reflect"
	"strconv"
	"time"

	"corebank/check/laws"
	"corebank/internal/bank"
	"corebank/internal/contract"
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

// accounts is how many accounts it has.
func (p Past) accounts() int { return (p.Events + pastEvents - 1) / pastEvents }

// account is one of its accounts.
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
