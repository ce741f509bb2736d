package torture

import (
	"bytes"
	"fmt"
	"iter"
	"math/rand/v2"
	"strconv"
	"time"

	"corebank/internal/bank"
	"corebank/internal/contract"
)

// Bounds of a past.
const (
	// pastEvents is how many events an account has in the mean.
	pastEvents = 100
	// caller is who asks for everything, in the past as well.
	theCaller  = "torture"
	pastCaller = theCaller
	pastStep   = time.Millisecond // from one event to the next
)

// Past is the log as it is before the bank is hurt: many accounts that were
// used at random, the same whenever it is told again. The zero Past is an empty
// log.
type Past struct {
	Seed   uint64
	Events int
}

// accounts is how many accounts it has.
func (p Past) accounts() int { return (p.Events + pastEvents - 1) / pastEvents }

// account is one of its accounts.
func (p Past) account(n int) bank.AccountID { return bank.NewAccountID(pastCaller, p.opening(n).Key) }

func (p Past) opening(n int) *Request {
	return &Request{Key: fmt.Sprintf("past-%d-%d", p.Seed, n), Command: bank.OpenAccount{Owner: fmt.Sprint("Old customer ", n), Currency: currency, Kind: bank.Current}}
}

// pastBegan is when its first event happened.
var pastBegan = time.Date(2025, time.January, 1, 0, 0, 0, 0, time.UTC)

// Records tells the log: first all openings, then what the accounts were used
// for, each decided by the domain.
func (p Past) Records() iter.Seq[contract.Record] {
	return func(yield func(contract.Record) bool) {
		random := rand.New(rand.NewPCG(p.Seed, 3))
		states := make([]bank.Account, p.accounts())
		for i := range p.Events {
			n, request := i, p.opening(i)
			if i >= len(states) {
				n = random.IntN(len(states))
				request = p.payment(random, i)
			} else {
				states[n].ID = bank.NewAccountID(pastCaller, request.Key)
			}
			if !yield(p.record(&states[n], request, i)) {
				return
			}
		}
	}
}

// payment asks for two deposits for each withdrawal, which is the smaller.
func (p Past) payment(random *rand.Rand, i int) *Request {
	r := &Request{Key: strconv.Itoa(i), Command: bank.Deposit{Amount: bank.Money{Minor: 1 + random.Int64N(1_000_000), Currency: currency}}}
	if random.IntN(3) == 0 {
		r.Command = bank.Withdraw{Amount: bank.Money{Minor: 1 + random.Int64N(10), Currency: currency}}
	}
	return r
}

// record decides a request and moves the state on. A withdrawal that the
// account cannot pay becomes a deposit.
func (p Past) record(state *bank.Account, request *Request, i int) contract.Record {
	at := pastBegan.Add(time.Duration(i) * pastStep)
	in := bank.Circumstances{Now: at, Caller: pastCaller, Key: request.Key}
	event, refusal := state.Decide(request.Command, in)
	if refusal != nil {
		request.Command = bank.Deposit{Amount: bank.Money{Minor: 10, Currency: currency}}
		event, refusal = state.Decide(request.Command, in)
	}
	if refusal != nil {
		panic(refusal.Message) // ten cents can always be paid in
	}
	r := contract.Record{Position: int64(i) + 1, Account: state.ID, Version: state.Version + 1, At: at,
		Key: request.Key, Caller: pastCaller, RequestHash: request.hash()}
	if err := r.SetEvent(event); err != nil {
		panic(err) // what the domain decides can be stored
	}
	*state = state.Apply(event, at)
	return r
}

// recollection holds a log against the past that it should begin with. A nil
// knows of none.
type recollection struct {
	next    func() (contract.Record, bool)
	forget  func()
	events  int
	told    int
	differs []string // the first few differences
}

func (p Past) remember() *recollection {
	m := &recollection{events: p.Events}
	m.next, m.forget = iter.Pull(p.Records())
	return m
}

// recall takes the next record of the log, and tells whether it is of the past.
func (m *recollection) recall(r contract.Record) bool {
	if m.told == m.events {
		return false
	}
	m.told++
	want, _ := m.next()
	if !sameRecord(r, want) && len(m.differs) < maxExamples {
		m.differs = append(m.differs, fmt.Sprintf("position %d was %s version %d of %s and is %s version %d of %s",
			want.Position, want.Type, want.Version, want.Account, r.Type, r.Version, r.Account))
	}
	return true
}

func sameRecord(r, s contract.Record) bool {
	return bytes.Equal(r.Data, s.Data) && r.At.Equal(s.At) && r.Position == s.Position && r.Account == s.Account && r.Version == s.Version && r.Type == s.Type &&
		r.Schema == s.Schema && r.Key == s.Key && r.Caller == s.Caller && r.RequestHash == s.RequestHash
}

func (m *recollection) check(v *Verification) {
	if m == nil {
		return
	}
	defer m.forget()
	v.checked(Unchanged, m.told)
	for _, difference := range m.differs {
		v.violated(Unchanged, "%s", difference)
	}
	if m.told < m.events {
		v.violated(Unchanged, "the log had %d events and has %d", m.events, m.told)
	}
}
