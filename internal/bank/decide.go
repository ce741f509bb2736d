package bank

import "fmt"

// Decide says what a command does to the account: the event that happens, or
// the refusal. It changes nothing. A command type that it does not know is a
// programming error, and panics.
func (a Account) Decide(c Command) (Event, *Refusal) {
	if refusal := Check(c); refusal != nil {
		return nil, refusal
	}
	switch c := c.(type) {
	case OpenAccount:
		return a.open(c)
	case Deposit:
		return a.deposit(c)
	case Withdraw:
		return a.withdraw(c)
	default:
		panic(fmt.Sprintf("bank: no decision for command %T", c))
	}
}

// Check refuses a command that no account could accept: it looks only at the
// command itself. It stands before the idempotency check, so that malformed
// requests never meet a remembered key.
func Check(c Command) *Refusal {
	switch c := c.(type) {
	case OpenAccount:
		if refusal := checkText("owner", c.Owner, 1, MaxOwnerLength); refusal != nil {
			return refusal
		}
		if _, ok := c.Currency.Exponent(); !ok {
			return RefuseCurrency("currency", c.Currency)
		}
		return nil
	case Deposit:
		return checkPayment(c.Amount, c.Reference, c.Memo)
	case Withdraw:
		return checkPayment(c.Amount, c.Reference, c.Memo)
	default:
		panic(fmt.Sprintf("bank: no check for command %T", c))
	}
}

// CheckKey refuses an idempotency key that cannot be remembered.
func CheckKey(key string) *Refusal { return checkText("idempotencyKey", key, 1, MaxKeyLength) }

func checkPayment(amount Money, reference, memo string) *Refusal {
	if refusal := checkText("reference", reference, 0, MaxReferenceLength); refusal != nil {
		return refusal
	}
	if refusal := checkText("memo", memo, 0, MaxMemoLength); refusal != nil {
		return refusal
	}
	if _, ok := amount.Currency.Exponent(); !ok {
		return RefuseCurrency("amount.currency", amount.Currency)
	}
	if !amount.Positive() {
		return RefuseAmount("amount.value", amount.Currency, "must be greater than zero")
	}
	return nil
}

func (a Account) open(c OpenAccount) (Event, *Refusal) {
	if a.IsOpen() {
		return nil, refuseOpen()
	}
	return AccountOpened(c), nil
}

func (a Account) deposit(c Deposit) (Event, *Refusal) {
	if refusal := a.checkPayable(c.Amount); refusal != nil {
		return nil, refusal
	}
	balance, err := a.Balance.Add(c.Amount)
	if err != nil {
		return nil, refuseTooLarge(a.Currency)
	}
	return MoneyDeposited{Amount: c.Amount, Balance: balance, Postings: inAndOut(a.ID, c.Amount),
		Reference: c.Reference, Memo: c.Memo}, nil
}

func (a Account) withdraw(c Withdraw) (Event, *Refusal) {
	if refusal := a.checkPayable(c.Amount); refusal != nil {
		return nil, refusal
	}
	available := a.Available()
	if c.Amount.Minor > available.Minor {
		shortfall := Money{Minor: c.Amount.Minor - available.Minor, Currency: a.Currency}
		return nil, refuseFunds(available, shortfall)
	}
	balance := Money{Minor: a.Balance.Minor - c.Amount.Minor, Currency: a.Currency}
	out := Money{Minor: -c.Amount.Minor, Currency: a.Currency}
	return MoneyWithdrawn{Amount: c.Amount, Balance: balance, Postings: inAndOut(a.ID, out),
		Reference: c.Reference, Memo: c.Memo}, nil
}

// checkPayable refuses money for an account that does not exist or is kept in
// another currency.
func (a Account) checkPayable(amount Money) *Refusal {
	if !a.IsOpen() {
		return RefuseUnknownAccount()
	}
	if amount.Currency != a.Currency {
		return refuseMismatch(amount.Currency, a.Currency)
	}
	return nil
}
