package torture

import (
	"context"
	"errors"
	"fmt"
	"time"

	"corebank/internal/bank"
)

// Bounds of what a client asks for.
const (
	fewMost = 10_000        // minor units of a payment that is mostly covered
	many    = 1_000_000_000 // and of one that never is
	// soonLeast and soonMost are how long a hold lasts that expires in a run.
	soonLeast = time.Second
	soonMost  = 6 * time.Second
	// linesKept bounds the transactions and holds that a client remembers, and
	// those that all have seen arriving.
	linesKept = 64
)

// line is a transaction or a hold that somebody may come back to.
type line struct {
	account bank.AccountID
	version int64
	minor   int64
}

// openDead makes the accounts to which no transfer comes: one that is closed,
// one that is frozen and one in another currency.
func (c *client) openDead(ctx context.Context) error {
	closed, frozen, foreign := c.openAccount(ctx), c.openAccount(ctx), c.openIn(ctx, "USD")
	for _, r := range []*Request{
		{Account: closed, Key: "close", Command: bank.CloseAccount{}},
		{Account: frozen, Key: "freeze", Command: bank.FreezeAccount{Debits: true, Credits: true, Reason: "for a test"}},
	} {
		if r.Account == "" || !c.settle(ctx, r).acknowledged() {
			return errors.New("the bank closed and froze no account")
		}
	}
	if foreign == "" {
		return errors.New("the bank opened no account in another currency")
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	c.dead = []bank.AccountID{closed, frozen, foreign}
	return nil
}

// choose is a new request, mostly of the account.
func (c *client) choose(id bank.AccountID, roll int) *Request {
	r := &Request{Account: id, Key: fmt.Sprintf("%d-%d", c.number, c.count), Waits: c.random.IntN(8) == 0}
	few := bank.Money{Minor: 1 + c.random.Int64N(fewMost), Currency: currency}
	if c.frozen != "" && c.random.IntN(8) == 0 {
		r.Account, r.Command, c.frozen = c.frozen, bank.UnfreezeAccount{}, ""
		return r
	}
	switch {
	case roll < 42:
		r.Command = bank.Deposit{Amount: few}
	case roll < 56:
		r.Command = bank.Withdraw{Amount: few}
	case roll < 58:
		r.Command = bank.Withdraw{Amount: bank.Money{Minor: many + few.Minor, Currency: currency}}
	case roll < 61:
		r.Command = bank.Deposit{Amount: bank.Money{Minor: few.Minor, Currency: "USD"}}
	case roll < 77:
		r.Command = bank.SendTransfer{To: c.destination(r.Key), Amount: few}
	case roll < 90:
		c.chooseHold(r, few, roll)
	case roll < 98:
		c.chooseReversal(r, few)
	default:
		side := 1 + c.random.IntN(3)
		r.Command = bank.FreezeAccount{Debits: side&1 != 0, Credits: side&2 != 0, Reason: "for a moment"}
	}
	return r
}

// destination is where a transfer goes: mostly to another account, sometimes
// to one that does not take it or was never opened.
func (c *client) destination(key string) bank.AccountID {
	dice := c.random.IntN(20)
	if dice == 0 {
		return bank.NewAccountID("nobody", key)
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	if dice < 4 {
		return c.dead[dice-1]
	}
	return c.accounts[c.random.IntN(len(c.accounts))].id
}

// chooseHold places a hold, or does something with one.
func (c *client) chooseHold(r *Request, few bank.Money, roll int) {
	if len(c.holds) == 0 || roll < 82 {
		hold := bank.PlaceHold{Amount: few}
		switch c.random.IntN(3) {
		case 0:
			hold.ExpiresAt = c.soon()
		case 1:
			hold.ExpiresAt = time.Now().Add(time.Hour).UTC().Truncate(time.Millisecond)
		}
		r.Command = hold
		return
	}
	i := c.random.IntN(len(c.holds))
	h := c.holds[i]
	if c.random.IntN(2) == 0 { // the others come back to what has ended
		c.holds = append(c.holds[:i], c.holds[i+1:]...)
	}
	r.Account = h.account
	switch roll {
	case 82, 83:
		r.Command = bank.ReleaseHold{Hold: h.version}
	default:
		r.Command = bank.CaptureHold{Hold: h.version, Amount: c.some(h.minor), ReleaseRest: c.random.IntN(3) == 0}
	}
}

func (c *client) soon() time.Time {
	return time.Now().Add(soonLeast + time.Duration(c.random.Int64N(int64(soonMost-soonLeast)))).UTC().Truncate(time.Millisecond)
}

// some is a part of an amount, or nil for all of it.
func (c *client) some(minor int64) *bank.Money {
	if c.random.IntN(3) == 0 {
		return nil
	}
	return &bank.Money{Minor: 1 + c.random.Int64N(minor), Currency: currency}
}

// chooseReversal reverses one of the client's own transactions or a transfer
// that anybody sent, whether or not that was done before.
func (c *client) chooseReversal(r *Request, few bank.Money) {
	c.mu.Lock()
	arrived := c.arrived
	c.mu.Unlock()
	from := c.posted
	if len(from) == 0 || len(arrived) > 0 && c.random.IntN(2) == 0 {
		from = arrived
	}
	if len(from) == 0 {
		r.Command = bank.Deposit{Amount: few}
		return
	}
	t := from[c.random.IntN(len(from))]
	r.Account, r.Command = t.account, bank.Reverse{Transaction: t.version, Amount: c.some(t.minor), Reason: "a mistake"}
}

// note remembers what an acknowledged request made.
func (c *client) note(r *Request, a Answer) {
	made := line{account: r.Account, version: a.Version}
	switch command := r.Command.(type) {
	case bank.Deposit:
		made.minor = command.Amount.Minor
		c.posted = c.keep(c.posted, made)
	case bank.Withdraw:
		made.minor = command.Amount.Minor
		c.posted = c.keep(c.posted, made)
	case bank.CaptureHold:
		if made.minor = fewMost; command.Amount != nil {
			made.minor = command.Amount.Minor
		}
		c.posted = c.keep(c.posted, made)
	case bank.PlaceHold:
		made.minor = command.Amount.Minor
		c.holds = c.keep(c.holds, made)
	case bank.FreezeAccount:
		c.frozen = r.Account
	}
}

// keep is lines with one more, in the place of some other when there are many.
func (c *client) keep(lines []line, one line) []line {
	if len(lines) < linesKept {
		return append(lines, one)
	}
	lines[c.random.IntN(linesKept)] = one
	return lines
}

// heard is told of a transaction that somebody saw.
func (l *load) heard(s Seen) {
	if bank.EntryType(s.Type) != bank.TransferInEntry {
		return
	}
	l.mu.Lock()
	defer l.mu.Unlock()
	kept := append([]line(nil), l.arrived[max(0, len(l.arrived)-linesKept+1):]...) // others still read the old ones
	l.arrived = append(kept, line{s.Account, s.Version, s.Amount})
}

// withAnotherAmount is a request that takes the key of one that happened; where
// there is no amount, the same request again.
func withAnotherAmount(r *Request) *Request {
	other := &Request{Account: r.Account, Key: r.Key}
	switch c := r.Command.(type) {
	case bank.Deposit:
		c.Amount.Minor++
		other.Command = c
	case bank.Withdraw:
		c.Amount.Minor++
		other.Command = c
	case bank.SendTransfer:
		c.Amount.Minor++
		other.Command = c
	case bank.PlaceHold:
		c.Amount.Minor++
		other.Command = c
	default:
		return r
	}
	return other
}
