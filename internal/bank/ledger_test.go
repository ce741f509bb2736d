package bank_test

import (
	"math"
	"math/big"
	"regexp"
	"slices"
	"time"
	"unicode/utf8"

	"corebank/internal/bank"
)

// ledger is one account again, as naively as can be: numbers without bounds,
// everything that ever happened in plain lists, and one rule after the other
// in the order of precedence. It shares no code with the bank.
type ledger struct {
	open, closed   bool
	openedAt       time.Time
	savings        bool
	currency       bank.Currency
	balance        *big.Int
	overdraft      *big.Int
	perTransaction *big.Int // nil for none
	perDay         *big.Int
	noDebits       bool
	noCredits      bool
	debits         []debit
	holds          map[int64]*entry // by version, those that ended too
	moves          map[int64]*entry
	transits       map[bank.TransferID]*entry
}

// debit is what counts towards the limit of its day.
type debit struct {
	at    time.Time
	minor int64
}

// entry is a hold, a movement or a transfer.
type entry struct {
	kind           string
	minor          int64
	rest           int64 // of a hold what is held, of a movement what is not reversed
	until, at      time.Time
	ended, expired bool
	reverses       int64
}

func newLedger() *ledger {
	return &ledger{balance: new(big.Int), overdraft: new(big.Int), holds: make(map[int64]*entry),
		moves: make(map[int64]*entry), transits: make(map[bank.TransferID]*entry)}
}

// known are the currencies that commands are drawn from, and some that are none.
var known = map[bank.Currency]bool{"EUR": true, "USD": true, "JPY": true, "KWD": true, "CLF": true}

var largest = big.NewInt(math.MaxInt64)

func whole(n int64) *big.Int { return big.NewInt(n) }

// held is what unexpired holds keep back.
func (l *ledger) held(now time.Time) *big.Int {
	sum := new(big.Int)
	for _, h := range l.holds {
		if !h.ended && now.Before(h.until) {
			sum.Add(sum, whole(h.rest))
		}
	}
	return sum
}

func (l *ledger) available(now time.Time) *big.Int {
	if l.closed {
		return new(big.Int)
	}
	sum := new(big.Int).Sub(l.balance, l.held(now))
	return sum.Add(sum, l.overdraft)
}

func (l *ledger) inTransit() *big.Int {
	sum := new(big.Int)
	for _, t := range l.transits {
		if !t.ended {
			sum.Add(sum, whole(t.minor))
		}
	}
	return sum
}

// overfull says whether balance, overdraft and what may come back do not fit
// into an amount.
func (l *ledger) overfull(more, overdraft *big.Int) bool {
	sum := new(big.Int).Add(l.balance, more)
	sum.Add(sum, overdraft)
	return sum.Add(sum, l.inTransit()).Cmp(largest) > 0
}

func (l *ledger) spent(day time.Time) *big.Int {
	sum := new(big.Int)
	for _, d := range l.debits {
		if d.at.Year() == day.Year() && d.at.YearDay() == day.YearDay() {
			sum.Add(sum, whole(d.minor))
		}
	}
	return sum
}

func (l *ledger) beyondLimits(minor int64, now time.Time) bool {
	if l.perTransaction != nil && whole(minor).Cmp(l.perTransaction) > 0 {
		return true
	}
	return l.perDay != nil && new(big.Int).Add(l.spent(now), whole(minor)).Cmp(l.perDay) > 0
}

// count is how many have not ended.
func count[K comparable](entries map[K]*entry) (n int) {
	for _, e := range entries {
		if !e.ended {
			n++
		}
	}
	return n
}

// strange are control characters, what turns the order of letters, what cannot be seen, and what is no character.
var strange = regexp.MustCompile(`^ +$|[\p{Cc}\x{202a}-\x{202e}\x{2066}-\x{2069}\x{200b}\x{fffe}]`)

func isText(s string, minimum, maximum int) bool {
	n := len([]rune(s))
	return utf8.ValidString(s) && n >= minimum && n <= maximum && !strange.MatchString(s)
}

// rule is one rule of the ledger, and whether it is broken.
type rule struct {
	code   bank.Code
	broken bool
}

// first is the code of the first rule that is broken, "" for none. Rules are
// functions, because later ones make no sense where earlier ones are broken.
func first(rules ...func() rule) bank.Code {
	for _, r := range rules {
		if r := r(); r.broken {
			return r.code
		}
	}
	return ""
}

func must(code bank.Code, holds func() bool) func() rule {
	return func() rule { return rule{code, !holds()} }
}

func (l *ledger) exists() []func() rule {
	return []func() rule{
		must("ACCOUNT_NOT_FOUND", func() bool { return l.open }),
		must("ACCOUNT_CLOSED", func() bool { return !l.closed }),
	}
}

// sane are the rules of a request to move an amount, up to the account's.
func (l *ledger) sane(m bank.Money, d bank.Details, effective, now time.Time, own ...func() rule) []func() rule {
	rules := []func() rule{
		must("INPUT_INVALID", func() bool {
			return isText(d.Reference, 0, 140) && isText(d.Memo, 0, 500) && isText(d.ExternalID, 0, 140)
		}),
		must("CURRENCY_UNKNOWN", func() bool { return known[m.Currency] }),
		must("AMOUNT_INVALID", func() bool { return m.Minor > 0 }),
		must("INPUT_INVALID", func() bool {
			return effective.IsZero() || !effective.After(now) && (!l.open || !effective.Before(l.openedAt))
		}),
	}
	rules = slices.Concat(rules, l.exists(), own)
	return append(rules, must("CURRENCY_MISMATCH", func() bool { return m.Currency == l.currency }))
}

// pays are the rules of a debit.
func (l *ledger) pays(minor int64, now time.Time) []func() rule {
	return []func() rule{
		must("ACCOUNT_FROZEN", func() bool { return !l.noDebits }),
		must("LIMIT_EXCEEDED", func() bool { return !l.beyondLimits(minor, now) }),
		must("INSUFFICIENT_FUNDS", func() bool { return whole(minor).Cmp(l.available(now)) <= 0 }),
	}
}

func (l *ledger) takes(minor int64) []func() rule {
	return []func() rule{
		must("ACCOUNT_FROZEN", func() bool { return !l.noCredits }),
		must("BALANCE_TOO_LARGE", func() bool { return !l.overfull(whole(minor), l.overdraft) }),
	}
}

// allowed says with which code a command has to be refused, "" for none.
func (l *ledger) allowed(c bank.Command, now time.Time) bank.Code {
	switch c := c.(type) {
	case bank.OpenAccount:
		return first(
			must("INPUT_INVALID", func() bool { return isText(c.Owner, 1, 140) }),
			must("CURRENCY_UNKNOWN", func() bool { return known[c.Currency] }),
			must("ACCOUNT_ALREADY_OPEN", func() bool { return !l.open }))
	case bank.FreezeAccount, bank.UpdateAccount:
		return first(l.exists()...)
	case bank.UnfreezeAccount:
		return first(append(l.exists(), must("ACCOUNT_NOT_FROZEN", func() bool { return l.noDebits || l.noCredits }))...)
	case bank.CloseAccount:
		return first(append(l.exists(), must("ACCOUNT_NOT_EMPTY", func() bool {
			return l.balance.Sign() == 0 && l.held(now).Sign() == 0 && count(l.transits) == 0
		}))...)
	case bank.SetLimits:
		return l.allowedLimits(c, now)
	case bank.Deposit:
		return first(append(l.sane(c.Amount, c.Details, c.EffectiveAt, now), l.takes(c.Amount.Minor)...)...)
	case bank.Withdraw:
		return first(append(l.sane(c.Amount, c.Details, c.EffectiveAt, now), l.pays(c.Amount.Minor, now)...)...)
	case bank.SendTransfer:
		other := must("SAME_ACCOUNT", func() bool { return c.To != ada })
		rules := append(l.sane(c.Amount, c.Details, c.EffectiveAt, now, other), l.pays(c.Amount.Minor, now)...)
		return first(rules...)
	case bank.Reverse:
		return l.allowedReversal(c, now)
	case bank.CompleteTransfer:
		return l.allowedEnd(c.Transfer)
	case bank.ReturnTransfer:
		return l.allowedEnd(c.Transfer)
	case bank.ReceiveTransfer:
		return "" // it is received or rejected
	default:
		return l.allowedHold(c, now)
	}
}

func (l *ledger) allowedLimits(c bank.SetLimits, now time.Time) bank.Code {
	all := []bank.Money{}
	for _, m := range []*bank.Money{c.PerTransaction, c.PerDay} {
		if m != nil {
			all = append(all, *m)
		}
	}
	foreign := func(m bank.Money) bool { return m.Currency != l.currency }
	overdraft := whole(c.Overdraft.Minor)
	rules := []func() rule{
		must("CURRENCY_UNKNOWN", func() bool {
			return (c.Overdraft == bank.Money{} || known[c.Overdraft.Currency]) &&
				!slices.ContainsFunc(all, func(m bank.Money) bool { return !known[m.Currency] })
		}),
		must("AMOUNT_INVALID", func() bool {
			return c.Overdraft.Minor >= 0 && !slices.ContainsFunc(all, func(m bank.Money) bool { return m.Minor <= 0 })
		}),
	}
	rules = append(rules, l.exists()...)
	return first(append(rules,
		must("CURRENCY_MISMATCH", func() bool {
			return (c.Overdraft == bank.Money{} || !foreign(c.Overdraft)) && !slices.ContainsFunc(all, foreign)
		}),
		must("OVERDRAFT_NOT_ALLOWED", func() bool { return !l.savings || c.Overdraft.Minor == 0 }),
		must("OVERDRAFT_IN_USE", func() bool {
			left := new(big.Int).Sub(l.balance, l.held(now))
			return left.Add(left, overdraft).Sign() >= 0
		}),
		must("BALANCE_TOO_LARGE", func() bool { return !l.overfull(new(big.Int), overdraft) }))...)
}

func (l *ledger) allowedEnd(id bank.TransferID) bank.Code {
	return first(must("TRANSFER_NOT_PENDING", func() bool { t := l.transits[id]; return t != nil && !t.ended }))
}

// allowedReversal finds the movement among all that ever were.
func (l *ledger) allowedReversal(c bank.Reverse, now time.Time) bank.Code {
	m, sum := l.moves[c.Transaction], int64(0)
	if m != nil {
		sum = m.rest
	}
	rules := []func() rule{must("INPUT_INVALID", func() bool { return isText(c.Reason, 1, 300) })}
	if c.Amount != nil {
		sum = c.Amount.Minor
		rules = append(rules, must("CURRENCY_UNKNOWN", func() bool { return known[c.Amount.Currency] }),
			must("AMOUNT_INVALID", func() bool { return sum > 0 }))
	}
	rules = append(rules, l.exists()...)
	if c.Amount != nil {
		rules = append(rules, must("CURRENCY_MISMATCH", func() bool { return c.Amount.Currency == l.currency }))
	}
	in := m != nil && (m.kind == "withdrawal" || m.kind == "capture")
	return first(append(rules,
		must("TRANSACTION_NOT_FOUND", func() bool { return m != nil }),
		must("NOT_REVERSIBLE", func() bool { return in || m.kind == "deposit" || m.kind == "received" }),
		must("ACCOUNT_FROZEN", func() bool { return in && !l.noCredits || !in && !l.noDebits }),
		must("ALREADY_REVERSED", func() bool { return m.rest > 0 }),
		must("AMOUNT_EXCEEDS_REMAINING", func() bool { return sum <= m.rest }),
		must("BALANCE_TOO_LARGE", func() bool { return !in || !l.overfull(whole(sum), l.overdraft) }),
		must("INSUFFICIENT_FUNDS", func() bool { return in || whole(sum).Cmp(l.available(now)) <= 0 }))...)
}

// allowedHold is for the commands about holds.
func (l *ledger) allowedHold(c bank.Command, now time.Time) bank.Code {
	switch c := c.(type) {
	case bank.PlaceHold:
		until := c.ExpiresAt
		if until.IsZero() {
			until = now.Add(7 * 24 * time.Hour)
		}
		rules := slices.Insert(l.sane(c.Amount, c.Details, time.Time{}, now), 3, must("INPUT_INVALID", func() bool {
			return until.After(now) && !until.After(now.Add(365*24*time.Hour))
		}))
		return first(append(rules, l.pays(c.Amount.Minor, now)...)...)
	case bank.AdjustHold:
		return l.allowedAdjustment(c, now)
	case bank.CaptureHold:
		rules := l.exists()
		if c.Amount != nil {
			rules = l.sane(*c.Amount, c.Details, time.Time{}, now)
		}
		return first(append(append(rules, l.live(c.Hold, now)...), must("AMOUNT_EXCEEDS_REMAINING", func() bool {
			return c.Amount == nil || c.Amount.Minor <= l.holds[c.Hold].rest
		}))...)
	case bank.ReleaseHold:
		return first(append(l.exists(), l.live(c.Hold, now)...)...)
	default:
		h := l.holds[c.(bank.ExpireHold).Hold]
		return first(must("INPUT_INVALID", func() bool { return h == nil || h.ended || !now.Before(h.until) }),
			must("HOLD_NOT_FOUND", func() bool { return h != nil && !h.ended }))
	}
}

// allowedAdjustment counts what was captured as what the hold's total and rest differ by.
func (l *ledger) allowedAdjustment(c bank.AdjustHold, now time.Time) bank.Code {
	until, h := c.ExpiresAt, l.holds[c.Hold]
	live := l.open && !l.closed && h != nil && !h.ended && now.Before(h.until)
	valid := live
	if c.Amount != nil {
		valid = valid && known[c.Amount.Currency] && c.Amount.Minor > 0 && c.Amount.Currency == l.currency
	}
	rules := []func() rule{must("INPUT_INVALID", func() bool { return c.Amount != nil || !until.IsZero() })}
	if c.Amount != nil {
		rules = append(rules, must("CURRENCY_UNKNOWN", func() bool { return known[c.Amount.Currency] }),
			must("AMOUNT_INVALID", func() bool { return c.Amount.Minor > 0 }))
	}
	rules = append(rules, must("INPUT_INVALID", func() bool {
		return until.IsZero() || until.After(now) && !until.After(now.Add(365*24*time.Hour))
	}), must("INPUT_INVALID", func() bool {
		return !live || until.IsZero() || !until.Before(h.until)
	}), must("INPUT_INVALID", func() bool {
		if !valid {
			return true
		}
		total := c.Amount == nil || c.Amount.Minor == h.minor
		return (c.Amount == nil || c.Amount.Minor > h.minor-h.rest) && !(total && (until.IsZero() || until.Equal(h.until)))
	}))
	rules = append(rules, l.exists()...)
	if c.Amount != nil {
		rules = append(rules, must("CURRENCY_MISMATCH", func() bool { return c.Amount.Currency == l.currency }))
	}
	rules = append(append(rules, l.live(c.Hold, now)...), must("ACCOUNT_FROZEN", func() bool { return !l.noDebits }))
	if c.Amount == nil || !valid || c.Amount.Minor <= h.minor {
		return first(rules...)
	}
	raise := c.Amount.Minor - h.minor
	return first(append(rules, must("LIMIT_EXCEEDED", func() bool {
		return (l.perTransaction == nil || whole(c.Amount.Minor).Cmp(l.perTransaction) <= 0) &&
			(l.perDay == nil || new(big.Int).Add(l.spent(now), whole(raise)).Cmp(l.perDay) <= 0)
	}), must("INSUFFICIENT_FUNDS", func() bool { return whole(raise).Cmp(l.available(now)) <= 0 }))...)
}

func (l *ledger) live(hold int64, now time.Time) []func() rule {
	h := l.holds[hold]
	return []func() rule{
		must("HOLD_NOT_FOUND", func() bool { return h != nil }),
		must("HOLD_ENDED", func() bool { return !h.ended || h.expired }),
		must("HOLD_EXPIRED", func() bool { return !h.ended && now.Before(h.until) }),
	}
}
