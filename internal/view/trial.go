package view

import (
	"cmp"
	"maps"
	"math/big"
	"slices"
	"time"

	"corebank/internal/bank"
)

// TrialInterval and StateInterval are how many positions of the log and
// versions of an account lie between the balances and states that are kept for
// looking back: what lies between is folded from the log when it is asked for.
const (
	TrialInterval = 1000
	StateInterval = 100
)

// Trial is the trial balance: the sum of all postings up to a position, by
// currency and kind of ledger account. The sums of one currency come to zero.
type Trial struct {
	Position int64
	// At is the latest time of any record up to Position: UTC, whole
	// microseconds.
	At     time.Time
	Totals []Total // in the order of currency and kind
}

// Total is one sum of a trial balance, in minor units; it may be wider than an
// amount of one account.
type Total struct {
	Currency bank.Currency
	Kind     string // bank.LedgerKind
	Sum      *big.Int
}

// Posted are the postings of the record at a position.
type Posted struct {
	Position int64
	Postings []bank.Posting
}

// With is the trial balance with postings that were left out of it, as far as
// they are not after its position.
func (t Trial) With(missing []Posted) Trial {
	sums := Resume(t)
	for _, m := range missing {
		if m.Position <= t.Position {
			sums.Add(t.At, m.Postings)
		}
	}
	return sums.Trial(t.Position)
}

// Running is a trial balance that records are added to. Resume makes one.
type Running struct {
	at   time.Time
	sums map[ledger]*big.Int
}

type ledger struct {
	currency bank.Currency
	kind     string
}

// Resume goes on from a trial balance, which it leaves as it is.
func Resume(from Trial) *Running {
	r := &Running{at: from.At, sums: make(map[ledger]*big.Int, len(from.Totals))}
	for _, t := range from.Totals {
		r.sums[ledger{t.Currency, t.Kind}] = new(big.Int).Set(t.Sum)
	}
	return r
}

// Add adds what was posted at a time.
func (r *Running) Add(at time.Time, postings []bank.Posting) {
	if at.After(r.at) {
		r.at = at.UTC().Truncate(time.Microsecond)
	}
	for _, p := range postings {
		key := ledger{p.Amount.Currency, bank.LedgerKind(p.LedgerAccount)}
		sum := r.sums[key]
		if sum == nil {
			sum = new(big.Int)
			r.sums[key] = sum
		}
		sum.Add(sum, big.NewInt(p.Amount.Minor))
	}
}

// Trial is the trial balance as it is at a position.
func (r *Running) Trial(position int64) Trial {
	t := Trial{Position: position, At: r.at}
	for _, key := range slices.SortedFunc(maps.Keys(r.sums), func(a, b ledger) int {
		return cmp.Or(cmp.Compare(a.currency, b.currency), cmp.Compare(a.kind, b.kind))
	}) {
		t.Totals = append(t.Totals, Total{Currency: key.currency, Kind: key.kind, Sum: new(big.Int).Set(r.sums[key])})
	}
	return t
}

// Equal reports whether two trial balances say the same.
func (t Trial) Equal(u Trial) bool {
	return t.Position == u.Position && t.At.Equal(u.At) && slices.EqualFunc(t.Totals, u.Totals, func(a, b Total) bool {
		return a.Currency == b.Currency && a.Kind == b.Kind && a.Sum.Cmp(b.Sum) == 0
	})
}

// State is an account as it was at one of its versions, kept for looking back,
// without what only its own decisions need (bank.Account.Summary).
type State struct {
	Account bank.Account
	// Position is that of the event that made it so.
	Position int64
}
