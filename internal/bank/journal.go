package bank

import (
	"crypto/sha256"
	"fmt"
	"math/big"
	"slices"
	"strings"
)

// MinLegs and MaxLegs bound the legs of a transaction.
const (
	MinLegs = 2
	MaxLegs = 50
)

// JournalID names one transaction with several legs. It is "jnl_" and 26 lower-case base-32 digits.
type JournalID string

const journalIDPrefix = "jnl_"

// NewJournalID is the id of the transaction that is asked of its home account under an idempotency key.
func NewJournalID(home AccountID, key string) JournalID {
	sum := sha256.Sum256(fmt.Appendf(nil, "journal:%s:%s", home, key))
	return JournalID(journalIDPrefix + idAlphabet.EncodeToString(sum[:16]))
}

// Valid reports whether the id has the shape of a transaction's.
func (id JournalID) Valid() bool {
	digits, ok := strings.CutPrefix(string(id), journalIDPrefix)
	return ok && AccountID(accountIDPrefix+digits).Valid()
}

// Leg is what a transaction does to one account.
type Leg struct {
	Account AccountID `json:"account"`
	// Credit is set when Amount is paid in.
	Credit    bool   `json:"credit,omitempty"`
	Amount    Money  `json:"amount"`
	Reference string `json:"reference,omitempty"`
	Memo      string `json:"memo,omitempty"`
}

// PostTransaction asks for all of its legs in one step, or for none. What they take from accounts is what they pay in,
// in each currency. There are two accounts or more, and each may have several.
//
// The account of the first debit leg is its home: it is asked, under the caller's key.
type PostTransaction struct {
	Legs []Leg `json:"legs"`
}

// Home is the account that has to be asked; "" for a transaction that takes nothing from any.
func (c PostTransaction) Home() AccountID {
	for _, leg := range c.Legs {
		if !leg.Credit {
			return leg.Account
		}
	}
	return ""
}

func (l Leg) details() Details { return Details{Reference: l.Reference, Memo: l.Memo} }

func (c PostTransaction) check(by rules) (broken Refusals) {
	if n := len(c.Legs); n < MinLegs || n > MaxLegs {
		broken.add(refuseInput("legs", fmt.Sprintf("must be %d to %d, not %d", MinLegs, MaxLegs, n)))
		return broken // what is wrong with each would be as long as what was sent
	}
	if !slices.ContainsFunc(c.Legs, func(l Leg) bool { return l.Account != c.Legs[0].Account }) {
		broken.add(refuseInput("legs", "must be of two accounts or more"))
	}
	for i, leg := range c.Legs {
		wrong := leg.details().check(by)
		if !leg.Account.Valid() {
			wrong.add(refuseInput("accountId", "must be the id of an account"))
		}
		wrong.add(checkAmount("amount", leg.Amount))
		for _, refusal := range wrong {
			broken.add(refusal.ofLeg(i))
		}
	}
	if len(broken) == 0 {
		broken = c.checkSums()
	}
	return broken
}

// checkSums refuses legs that do not sum to zero, currency by currency in the order of the legs.
func (c PostTransaction) checkSums() (broken Refusals) {
	sums := make(map[Currency]*big.Int, 1) // wider than int64: a sum may pass through more than it ends with
	var currencies []Currency
	for _, leg := range c.Legs {
		sum := sums[leg.Amount.Currency]
		if sum == nil {
			sum = new(big.Int)
			sums[leg.Amount.Currency] = sum
			currencies = append(currencies, leg.Amount.Currency)
		}
		minor := big.NewInt(leg.Amount.Minor)
		if !leg.Credit {
			minor.Neg(minor)
		}
		sum.Add(sum, minor)
	}
	for _, currency := range currencies {
		sum, more, less := sums[currency], "credits", "debits"
		if sum.Sign() == 0 {
			continue
		}
		if sum.Sign() < 0 {
			more, less = less, more
		}
		broken.add(refuseInput("legs", fmt.Sprintf("must sum to zero in each currency: the %s are %s %s more than the %s",
			more, currency.Decimal(sum.Abs(sum).String()), currency, less)))
	}
	return broken
}

// whole reports whether the legs are as many as they may be, each of an account: only then there is something to ask.
func (c PostTransaction) whole() bool {
	n := len(c.Legs)
	return n >= MinLegs && n <= MaxLegs && !slices.ContainsFunc(c.Legs, func(l Leg) bool { return !l.Account.Valid() })
}

// decide refuses what nothing of can be done by one account alone.
func (c PostTransaction) decide(Account, Circumstances) (Event, Refusals) {
	if !c.whole() {
		return nil, nil // that is refused already
	}
	return nil, Refusals{RefuseApart("legs")}
}

func (c PostTransaction) parties(own Account, _ Circumstances) []AccountID {
	if !c.whole() {
		return nil
	}
	parties := []AccountID{own.ID}
	for _, leg := range c.Legs {
		if !slices.Contains(parties, leg.Account) {
			parties = append(parties, leg.Account)
		}
	}
	return parties
}

// debits are the accounts of all debit legs.
func (c PostTransaction) debits(AccountID) (debits []AccountID) {
	for _, leg := range c.Legs {
		if !leg.Credit && !slices.Contains(debits, leg.Account) {
			debits = append(debits, leg.Account)
		}
	}
	return debits
}

func (c PostTransaction) decideTogether(
	own AccountID, party func(AccountID) Party, in Circumstances,
) ([]Decided, Refusals) {
	switch {
	case !c.whole():
		return nil, nil // that is refused already
	case own != c.Home():
		return nil, Refusals{refuseInput("accountId", "must be the account of the first debit leg")}
	}
	j := journal{home: own, party: party, in: in}
	for _, leg := range c.Legs {
		j.legs = append(j.legs, accountLeg{leg.Account, PostLeg{Credit: leg.Credit, Amount: leg.Amount,
			Details: leg.details()}})
	}
	debits := c.debits(own)
	return j.post(func(i int, refusal *Refusal) *Refusal {
		if !slices.Contains(debits, c.Legs[i].Account) {
			refusal = tellPayer(refusal)
		}
		return refusal.ofLeg(i)
	})
}

// tellPayer is the refusal of an account that is only paid into as the payer may read it: no more than a transfer
// tells its sender.
func tellPayer(refusal *Refusal) *Refusal {
	return &Refusal{Code: refusal.Code, Field: refusal.Field, Expected: refusal.Expected, Message: tellSender(refusal)}
}

// ofLeg is the refusal as that of a leg, by its index among the legs of the command.
func (r *Refusal) ofLeg(index int) *Refusal {
	r.Leg = &index
	return r
}

// RefuseApart is the refusal to do in one step what concerns accounts that the log cannot write to at once; field is
// the input that names them.
func RefuseApart(field string) *Refusal {
	return &Refusal{Code: AccountsApart, Field: field,
		Message: "These accounts are in different partitions of the log and cannot change in one step; " +
			"move the money between them with transfers."}
}
