package bank

import (
	"errors"
	"fmt"
	"math"
	"math/big"
	"time"
)

// Limits bound what an account may pay out. The zero Limits are no overdraft
// and no debit limits.
type Limits struct {
	// Overdraft is how far the balance may fall below zero.
	Overdraft Money `json:"overdraft,omitzero"`
	// PerTransaction and PerDay bound debits: withdrawals, outgoing transfers,
	// holds, and what a transaction's legs take together. Nil is no limit. A day is one of UTC; what is released or
	// reversed later is not given back to its day, but a transfer that comes back
	// on the day on which it was sent is.
	PerTransaction *Money `json:"perTransaction,omitempty"`
	PerDay         *Money `json:"perDay,omitempty"`
}

// Spent is what counted towards the daily limit on a day of UTC.
type Spent struct {
	Day    string `json:"day"`
	Amount Money  `json:"amount"`
	// Full is how many times the largest amount counted beside Amount.
	Full int64 `json:"full,omitempty"`
}

// SetLimits asks for these limits in place of all earlier ones.
type SetLimits struct{ Limits }

// LimitsSet says what the limits are from now on.
type LimitsSet struct {
	nonMonetary
	accountOnly
	Limits
}

func (c SetLimits) check(by rules) (broken Refusals) {
	if o := c.Overdraft; o != (Money{}) && o.Minor <= 0 { // unlike a limit, it may be zero
		if _, known := o.Currency.Exponent(); !known {
			broken.add(RefuseCurrency("overdraft.currency", o.Currency))
		} else if o.Minor < 0 {
			broken.add(RefuseAmount("overdraft.value", o.Currency, "must not be negative"))
		}
	} else if o.Minor > 0 {
		broken.add(checkAmount("overdraft", o))
	}
	if c.PerTransaction != nil {
		broken.add(checkAmount("debitPerTransaction", *c.PerTransaction))
	}
	if c.PerDay != nil {
		broken.add(checkAmount("debitPerDay", *c.PerDay))
	}
	return broken
}

func (c SetLimits) decide(a Account, in Circumstances) (Event, Refusals) {
	if refusal := a.active(); refusal != nil {
		return nil, Refusals{refusal}
	}
	if broken := c.mismatches(a.Currency); len(broken) > 0 {
		return nil, broken
	}
	limits := Limits{Overdraft: Money{Minor: c.Overdraft.Minor, Currency: a.Currency},
		PerTransaction: copied(c.PerTransaction), PerDay: copied(c.PerDay)}
	var broken Refusals
	if a.Kind == Savings && limits.Overdraft.Positive() {
		broken.add(&Refusal{Code: OverdraftNotAllowed, Field: "overdraft",
			Message: "A savings account is never overdrawn; leave the overdraft at zero."})
	}
	broken.add(a.checkOverdraft(limits.Overdraft, in.Now))
	return LimitsSet{Limits: limits}, broken
}

// mismatches refuses the limits that are in another currency; no overdraft is
// in none.
func (c SetLimits) mismatches(currency Currency) (broken Refusals) {
	if got := c.Overdraft.Currency; got != currency && c.Overdraft != (Money{}) {
		broken.add(refuseMismatch("overdraft", got, currency))
	}
	if c.PerTransaction != nil && c.PerTransaction.Currency != currency {
		broken.add(refuseMismatch("debitPerTransaction", c.PerTransaction.Currency, currency))
	}
	if c.PerDay != nil && c.PerDay.Currency != currency {
		broken.add(refuseMismatch("debitPerDay", c.PerDay.Currency, currency))
	}
	return broken
}

// copied is another pointer to an equal amount, so that events and state share
// no memory with the command.
func copied(m *Money) *Money {
	if m == nil {
		return nil
	}
	amount := *m
	return &amount
}

// checkOverdraft refuses an overdraft that is smaller than what is in use, and
// one beyond what fits into an amount.
func (a Account) checkOverdraft(overdraft Money, at time.Time) *Refusal {
	used := Money{Minor: max(0, a.Held(at).Minor-a.Balance.Minor), Currency: a.Currency}
	if overdraft.Minor < used.Minor {
		return &Refusal{Code: OverdraftInUse, Field: "overdraft", Remaining: &used,
			Message: "Of the overdraft, " + used.String() + " is in use; pay in first, or leave at least that."}
	}
	if overdraft.Minor-a.Limits.Overdraft.Minor > a.room() {
		return refuseTooLarge("overdraft", a.Currency)
	}
	return nil
}

func (e LimitsSet) apply(a Account, _ time.Time) Account {
	a.Limits = e.Limits
	return a
}

func (e LimitsSet) validate() error {
	if e.Overdraft.Currency == "" || e.Overdraft.Minor < 0 {
		return errors.New("an overdraft without a currency or below zero")
	}
	for _, limit := range []*Money{e.PerTransaction, e.PerDay} {
		if limit != nil && (limit.Currency != e.Overdraft.Currency || !limit.Positive()) {
			return fmt.Errorf("a debit limit of %q beside an overdraft of %q", limit, e.Overdraft)
		}
	}
	return nil
}

func (e LimitsSet) conflictsWith(c Command) []string {
	if c, ok := c.(SetLimits); ok {
		none := e.Overdraft.Minor == 0 && c.Overdraft == Money{}
		return conflicts(field{"overdraft", e.Overdraft != c.Overdraft && !none},
			field{"debitPerTransaction", !sameAmount(e.PerTransaction, c.PerTransaction)},
			field{"debitPerDay", !sameAmount(e.PerDay, c.PerDay)})
	}
	return wrongKind()
}

func sameAmount(m, n *Money) bool { return m == n || m != nil && n != nil && *m == *n }

// checkLimits refuses a debit beyond the limits per transaction and per day.
func (a Account) checkLimits(amount Money, now time.Time) (broken Refusals) {
	broken.add(a.checkTransactionLimit(amount))
	broken.add(a.checkDailyLimit(amount, now))
	return broken
}

func (a Account) checkTransactionLimit(amount Money) *Refusal {
	limit := copied(a.Limits.PerTransaction)
	if limit == nil || amount.Minor <= limit.Minor {
		return nil
	}
	return &Refusal{Code: LimitExceeded, Field: "amount", Limit: limit, Remaining: limit,
		Message: "At most " + limit.String() + " may leave the account at once; send a smaller amount."}
}

func (a Account) checkDailyLimit(amount Money, now time.Time) *Refusal {
	limit := copied(a.Limits.PerDay)
	if limit == nil {
		return nil
	}
	remaining := a.RemainingOn(now)
	if amount.Minor <= remaining.Minor {
		return nil
	}
	resets := now.UTC().Truncate(24 * time.Hour).Add(24 * time.Hour)
	return &Refusal{Code: LimitExceeded, Field: "amount", Limit: limit, Remaining: &remaining, ResetsAt: resets,
		Message: "Of the day's limit of " + limit.String() + ", " + remaining.String() +
			" remains; send at most that, or wait until " + resets.Format(time.RFC3339) + "."}
}

// RemainingOn is what is left of the daily limit, which there is, on the day of a
// time.
func (a Account) RemainingOn(at time.Time) Money {
	return Money{Minor: max(0, a.Limits.PerDay.Minor-a.SpentOn(at).Minor), Currency: a.Currency}
}

// SpentOn is what counted towards the daily limit on the day of a time, so
// far: the largest amount where it is even more.
func (a Account) SpentOn(at time.Time) Money {
	spent := a.spentOn(at)
	if spent.Full > 0 {
		spent.Amount.Minor = math.MaxInt64
	}
	return spent.Amount
}

// SumSpentOn is SpentOn in minor units, however much it is.
func (a Account) SumSpentOn(at time.Time) *big.Int {
	spent := a.spentOn(at)
	sum := new(big.Int).Mul(big.NewInt(spent.Full), big.NewInt(math.MaxInt64))
	return sum.Add(sum, big.NewInt(spent.Amount.Minor))
}

func (a Account) spentOn(at time.Time) Spent {
	if day := dayOf(at); a.Spent.Day != day {
		return Spent{Day: day, Amount: Money{Currency: a.Currency}}
	}
	return a.Spent
}

func dayOf(at time.Time) string { return at.UTC().Format(time.DateOnly) }

// spend counts a debit towards its day.
func (a Account) spend(amount Money, at time.Time) Account {
	a.Spent = a.spentOn(at)
	if left := math.MaxInt64 - a.Spent.Amount.Minor; amount.Minor > left {
		a.Spent.Full++
		a.Spent.Amount.Minor = amount.Minor - left
	} else {
		a.Spent.Amount.Minor += amount.Minor
	}
	return a
}

// unspend takes back what counted towards a day, if nothing has counted towards
// a later one.
func (a Account) unspend(amount Money, day string) Account {
	if a.Spent.Day != day {
		return a
	}
	if a.Spent.Amount.Minor -= amount.Minor; a.Spent.Amount.Minor < 0 {
		a.Spent.Full--
		a.Spent.Amount.Minor += math.MaxInt64
	}
	return a
}
