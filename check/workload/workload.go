package workload

import (
	"fmt"
	"math/rand/v2"
	"sync"
	"time"

	"corebank/check/laws"
	"corebank/internal/bank"
)

// Bounds of what is asked for.
const (
	// tooMuch is added to what is never covered, in minor units.
	tooMuch = 1_000_000_000
	// expiryMin is the shortest time after which a hold expires in a run.
	expiryMin = time.Second
	// maxKept bounds the requests, transactions, holds and frozen accounts that are
	// remembered, each.
	maxKept = 64
)

// Workload is what the clients of one bank have in common. Its methods may be
// called by many at once.
type Workload struct {
	// Currency is that of the accounts, Payment the most that is mostly covered, in
	// minor units.
	Currency bank.Currency
	Payment  int64
	// Expiry is the longest time after which a hold expires in a run.
	Expiry time.Duration
	// Destinations are where most transfers go, Refusing accounts that take none.
	Destinations func() []bank.AccountID
	Refusing     []bank.AccountID
	// Journals is set to ask for transactions with several legs, too. Foreign are
	// accounts in another currency, for legs in two; none for no such.
	Journals        bool
	Foreign         []bank.AccountID
	ForeignCurrency bank.Currency
	// Batches is set where clients send atomic batches.
	Batches bool

	mu     sync.Mutex
	sent   []*laws.Request
	posted []line // transactions
	holds  []line
	frozen []bank.AccountID
}

// line is a transaction or a hold that a client may come back to.
type line struct {
	account bank.AccountID
	version int64
	minor   int64
}

// Next is the next request of a client: mostly a new one on an account, under a
// new key. Now and then it is an earlier request again, or another one under an
// earlier key, and what has to do with an earlier hold or transaction is on the
// account of that.
func (w *Workload) Next(random *rand.Rand, key string, id bank.AccountID) *laws.Request {
	w.mu.Lock()
	defer w.mu.Unlock()
	amount := bank.Money{Minor: 1 + random.Int64N(w.Payment), Currency: w.Currency}
	roll := random.IntN(100)
	if roll < 12 && len(w.sent) > 0 {
		again := oneOf(random, w.sent)
		if roll < 4 {
			again = laws.NewRequest(again.Account, again.Key, bank.Deposit{Amount: amount})
		}
		return again
	}
	if w.Batches && roll >= 36 && roll < 40 {
		return w.batch(random, key, id)
	}
	r := w.fresh(random, key, id, amount, roll)
	w.sent = retain(random, w.sent, r)
	return r
}

// Fresh is a new request, and no other one will have its key.
func (w *Workload) Fresh(random *rand.Rand, key string, id bank.AccountID) *laws.Request {
	w.mu.Lock()
	defer w.mu.Unlock()
	amount := bank.Money{Minor: 1 + random.Int64N(w.Payment), Currency: w.Currency}
	return w.fresh(random, key, id, amount, random.IntN(100))
}

func (w *Workload) fresh(
	random *rand.Rand, key string, id bank.AccountID, amount bank.Money, roll int,
) *laws.Request {
	id, command := w.choose(random, id, amount, roll)
	r := laws.NewRequest(id, key, command)
	r.Waits = random.IntN(8) == 0
	return r
}

func (w *Workload) choose(
	random *rand.Rand,
	id bank.AccountID,
	amount bank.Money,
	roll int,
) (bank.AccountID, bank.Command) {
	switch {
	case roll < 40:
		return id, bank.Deposit{Amount: amount, Details: bank.Details{Memo: "wages"}}
	case roll < 54:
		return id, bank.Withdraw{Amount: amount}
	case roll < 56:
		amount.Minor += tooMuch
		return id, bank.Withdraw{Amount: amount}
	case roll < 58:
		if len(w.Foreign) > 0 && random.IntN(2) == 0 {
			amount.Currency = w.ForeignCurrency
			return oneOf(random, w.Foreign), bank.Deposit{Amount: amount}
		}
		amount.Currency = "JPY" // of which no account is
		return id, bank.Deposit{Amount: amount}
	case roll < 66 && w.Journals:
		return w.chooseLegs(random, id, amount)
	case roll < 74:
		return id, bank.SendTransfer{To: w.destination(random), Amount: amount}
	case roll < 88:
		return w.chooseHold(random, id, amount)
	case roll < 96:
		if len(w.posted) == 0 {
			return id, bank.Deposit{Amount: amount}
		}
		t := oneOf(random, w.posted)
		return t.account, bank.Reverse{Transaction: t.version, Amount: w.part(random, t.minor), Reason: "a mistake"}
	default:
		return w.chooseFreeze(random, id)
	}
}

// chooseLegs takes from one or two accounts, and pays to one or several.
func (w *Workload) chooseLegs(
	random *rand.Rand, id bank.AccountID, amount bank.Money,
) (bank.AccountID, bank.Command) {
	legs := []bank.Leg{{Account: id, Amount: amount, Memo: "a share"}}
	if random.IntN(3) == 0 {
		more := bank.Money{Minor: 1 + random.Int64N(w.Payment), Currency: w.Currency}
		legs = append(legs, bank.Leg{Account: w.destination(random), Amount: more})
		amount.Minor += more.Minor
	}
	for range random.IntN(3) {
		if amount.Minor > 1 {
			part := bank.Money{Minor: 1 + random.Int64N(amount.Minor-1), Currency: w.Currency}
			legs = append(legs, bank.Leg{Account: w.destination(random), Credit: true, Amount: part})
			amount.Minor -= part.Minor
		}
	}
	legs = append(legs, bank.Leg{Account: w.destination(random), Credit: true, Amount: amount})
	if len(w.Foreign) > 0 && random.IntN(4) == 0 {
		foreign := bank.Money{Minor: 1 + random.Int64N(w.Payment), Currency: w.ForeignCurrency}
		legs = append(legs, bank.Leg{Account: oneOf(random, w.Foreign), Amount: foreign},
			bank.Leg{Account: oneOf(random, w.Foreign), Credit: true, Amount: foreign})
	}
	random.Shuffle(len(legs), func(i, j int) { legs[i], legs[j] = legs[j], legs[i] })
	command := bank.PostTransaction{Legs: legs}
	return command.Home(), command
}

// destination is where a transfer goes: mostly to another account, sometimes to
// one that takes none.
func (w *Workload) destination(random *rand.Rand) bank.AccountID {
	if random.IntN(5) == 0 {
		return oneOf(random, w.Refusing)
	}
	return oneOf(random, w.Destinations())
}

func oneOf[T any](random *rand.Rand, all []T) T { return all[random.IntN(len(all))] }

// batch is an atomic batch of payments on different accounts. Sometimes one of them is more than there is.
func (w *Workload) batch(random *rand.Rand, key string, id bank.AccountID) *laws.Request {
	var all []*laws.Request
	used := make(map[bank.AccountID]bool)
	for i := range 2 + random.IntN(4) {
		if used[id] {
			continue
		}
		used[id] = true
		amount := bank.Money{Minor: 1 + random.Int64N(w.Payment), Currency: w.Currency}
		var command bank.Command = bank.Deposit{Amount: amount, Details: bank.Details{Memo: "wages"}}
		if i > 0 && random.IntN(2) == 0 {
			command = bank.Withdraw{Amount: amount}
		}
		all = append(all, laws.NewRequest(id, fmt.Sprintf("%s-%d", key, i), command))
		id = oneOf(random, w.Destinations())
	}
	for _, r := range all {
		r.Together = all
	}
	w.sent = retain(random, w.sent, all[0])
	return all[0]
}

// chooseHold places a hold, or does something with one: half of the time it is
// then forgotten, so that others come back to what has ended.
func (w *Workload) chooseHold(random *rand.Rand, id bank.AccountID, amount bank.Money) (bank.AccountID, bank.Command) {
	roll := random.IntN(14)
	if len(w.holds) == 0 || roll < 6 {
		hold := bank.PlaceHold{Amount: amount}
		switch random.IntN(3) {
		case 0:
			hold.ExpiresAt = in(expiryMin + time.Duration(random.Int64N(int64(w.Expiry-expiryMin))))
		case 1:
			hold.ExpiresAt = in(time.Hour)
		}
		return id, hold
	}
	i := random.IntN(len(w.holds))
	h := w.holds[i]
	if random.IntN(2) == 0 {
		w.holds = append(w.holds[:i], w.holds[i+1:]...)
	}
	switch {
	case roll < 8:
		return h.account, bank.ReleaseHold{Hold: h.version}
	case roll < 9:
		return h.account, bank.AdjustHold{Hold: h.version, Amount: &amount}
	case roll < 10:
		return h.account, bank.AdjustHold{Hold: h.version, ExpiresAt: in(expiryMin + time.Hour)}
	}
	return h.account, bank.CaptureHold{Hold: h.version, Amount: w.part(random, h.minor), ReleaseRest: random.IntN(3) == 0}
}

// chooseFreeze freezes an account for a moment, or ends that.
func (w *Workload) chooseFreeze(random *rand.Rand, id bank.AccountID) (bank.AccountID, bank.Command) {
	if n := len(w.frozen); n > 0 && random.IntN(3) > 0 {
		id, w.frozen = w.frozen[n-1], w.frozen[:n-1]
		return id, bank.UnfreezeAccount{}
	}
	side := 1 + random.IntN(3)
	return id, bank.FreezeAccount{Debits: side&1 != 0, Credits: side&2 != 0, Reason: "for a moment"}
}

// in is a time from now, as the API takes it.
func in(d time.Duration) time.Time { return time.Now().Add(d).UTC().Truncate(time.Millisecond) }

// part is a part of an amount, or nil for all of it.
func (w *Workload) part(random *rand.Rand, minor int64) *bank.Money {
	if random.IntN(3) == 0 {
		return nil
	}
	return &bank.Money{Minor: 1 + random.Int64N(minor), Currency: w.Currency}
}

// Answered remembers what an acknowledged request made.
func (w *Workload) Answered(random *rand.Rand, a laws.Answer) {
	if !a.Acknowledged() {
		return
	}
	w.mu.Lock()
	defer w.mu.Unlock()
	made := line{account: a.Request.Account, version: a.Version}
	switch command := a.Request.Command.(type) {
	case bank.Deposit:
		made.minor = command.Amount.Minor
		w.posted = retain(random, w.posted, made)
	case bank.Withdraw:
		made.minor = command.Amount.Minor
		w.posted = retain(random, w.posted, made)
	case bank.PostTransaction:
		made.minor = command.Legs[0].Amount.Minor
		w.posted = retain(random, w.posted, made)
	case bank.CaptureHold:
		if made.minor = w.Payment; command.Amount != nil {
			made.minor = command.Amount.Minor
		}
		w.posted = retain(random, w.posted, made)
	case bank.PlaceHold:
		if made.minor = command.Amount.Minor; made.version > 0 { // the answer may lack the hold
			w.holds = retain(random, w.holds, made)
		}
	case bank.FreezeAccount:
		w.frozen = retain(random, w.frozen, made.account)
	}
}

// Arrived remembers a transfer that somebody saw arriving.
func (w *Workload) Arrived(random *rand.Rand, s laws.Seen) {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.posted = retain(random, w.posted, line{s.Account, s.Version, s.Amount})
}

// retain is all with one more, in the place of some other when there are many.
func retain[T any](random *rand.Rand, all []T, one T) []T {
	if len(all) < maxKept {
		return append(all, one)
	}
	all[random.IntN(maxKept)] = one
	return all
}
