package bank

import "time"

// Payment is what Deposit and Withdraw have in common.
type Payment struct {
	Amount Money `json:"amount"`
	Details
	// EffectiveAt is when the payment counts, if that is not now: never in the
	// future. The balance changes now all the same.
	EffectiveAt time.Time `json:"effectiveAt,omitzero"`
}

// Deposit asks to pay cash into the account.
type Deposit Payment

// Withdraw asks to pay cash out of the account.
type Withdraw Payment

// Paid is what MoneyDeposited and MoneyWithdrawn have in common.
type Paid struct {
	accountOnly
	Movement
	Details
	EffectiveAt time.Time `json:"effectiveAt,omitzero"`
}

// MoneyDeposited says that cash came in.
type MoneyDeposited Paid

// MoneyWithdrawn says that cash went out.
type MoneyWithdrawn Paid

func (p Payment) check(by rules) Refusals {
	broken := p.Details.check(by)
	broken.add(checkAmount("amount", p.Amount))
	return broken
}

func (c Deposit) check(by rules) Refusals { return Payment(c).check(by) }

func (c Withdraw) check(by rules) Refusals { return Payment(c).check(by) }

func (c Deposit) decide(a Account, in Circumstances) (Event, Refusals) {
	var broken Refusals
	broken.add(a.checkEffective(c.EffectiveAt, in.Now))
	if unfit := a.takes(c.Amount, a.mayCredit()); len(unfit) > 0 {
		return nil, append(broken, unfit...)
	}
	broken.add(a.mayCredit())
	movement, refusal := a.credit(c.Amount, CashLedger(a.Currency))
	broken.add(refusal)
	return MoneyDeposited(Payment(c).paid(movement)), broken
}

func (c Withdraw) decide(a Account, in Circumstances) (Event, Refusals) {
	var broken Refusals
	broken.add(a.checkEffective(c.EffectiveAt, in.Now))
	if unfit := a.takes(c.Amount, a.mayDebit()); len(unfit) > 0 {
		return nil, append(broken, unfit...)
	}
	broken.add(a.mayDebit())
	broken = append(broken, a.checkLimits(c.Amount, in.Now)...)
	movement, refusal := a.debit(c.Amount, CashLedger(a.Currency), in.Now)
	broken.add(refusal)
	return MoneyWithdrawn(Payment(c).paid(movement)), broken
}

func (p Payment) paid(m Movement) Paid {
	return Paid{Movement: m, Details: p.Details, EffectiveAt: inMicroseconds(p.EffectiveAt)}
}

func (e MoneyDeposited) apply(a Account, _ time.Time) Account {
	a.Balance = e.Balance
	return a
}

func (e MoneyWithdrawn) apply(a Account, at time.Time) Account {
	a.Balance = e.Balance
	return a.spend(e.Amount, at)
}

// Entry is the deposit.
func (e MoneyDeposited) Entry() (Entry, bool) { return Paid(e).entry(DepositEntry, true), true }

// Entry is the withdrawal.
func (e MoneyWithdrawn) Entry() (Entry, bool) { return Paid(e).entry(WithdrawalEntry, false), true }

func (p Paid) entry(kind EntryType, credit bool) Entry {
	entry := p.Movement.entry(kind, credit)
	entry.Details, entry.EffectiveAt = p.Details, p.EffectiveAt
	return entry
}

func (e MoneyDeposited) conflictsWith(c Command) []string {
	if c, ok := c.(Deposit); ok {
		return Paid(e).differing(Payment(c))
	}
	return wrongKind()
}

func (e MoneyWithdrawn) conflictsWith(c Command) []string {
	if c, ok := c.(Withdraw); ok {
		return Paid(e).differing(Payment(c))
	}
	return wrongKind()
}

func (p Paid) differing(from Payment) []string {
	return append(conflicts(field{"amount", p.Amount != from.Amount},
		field{"effectiveAt", !p.EffectiveAt.Equal(inMicroseconds(from.EffectiveAt))}), p.Details.differing(from.Details)...)
}
