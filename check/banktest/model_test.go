package banktest_test

import (
	"fmt"
	"math/rand/v2"
	"reflect"
	"slices"
	"strings"
	"testing"

	"corebank/check/banktest"
)

// modelAccount is an account by the docs alone: cents, holds by id, and the balance after each version.
type modelAccount struct {
	balance int64
	holds   map[string]int64
	after   []int64 // by version; holds change none
	credits int64
	debits  int64
	lines   int
}

func (m *modelAccount) available() int64 {
	sum := m.balance
	for _, held := range m.holds {
		sum -= held
	}
	return sum
}

// happened notes an event that changes the balance, or none if change is 0.
func (m *modelAccount) happened(change int64) {
	m.balance += change
	m.after = append(m.after, m.balance)
	switch {
	case change > 0:
		m.credits, m.lines = m.credits+change, m.lines+1
	case change < 0:
		m.debits, m.lines = m.debits-change, m.lines+1
	}
}

func cents(n int64) string {
	sign := ""
	if n < 0 {
		sign, n = "-", -n
	}
	return fmt.Sprintf("%s%d.%02d", sign, n/100, n%100)
}

// model is a bank of a few accounts beside the real one.
type model struct {
	*scenario
	random   *rand.Rand
	ids      []string
	accounts map[string]*modelAccount
}

// command draws a mutation, and says what it does: the refusal, or the change of the model.
func (m *model) command() (mutation string, input map[string]any, refusal string, apply func(banktest.Posted)) {
	id := m.ids[m.random.IntN(len(m.ids))]
	a, n := m.accounts[id], m.random.Int64N(2000)-20
	input = m.pay(id, cents(n))
	short := ""
	switch {
	case n <= 0:
		short, refusal = "AMOUNT_INVALID", "AMOUNT_INVALID"
	case n > a.available():
		short = "INSUFFICIENT_FUNDS"
	}
	switch m.random.IntN(6) {
	case 0, 1:
		return "deposit", input, refusal, func(banktest.Posted) { a.happened(n) }
	case 2:
		return "withdraw", input, short, func(banktest.Posted) { a.happened(-n) }
	case 3:
		return "placeHold", input, short, func(p banktest.Posted) {
			a.holds[p.Hold.ID] = n
			a.happened(0)
		}
	case 4:
		for hold, held := range a.holds {
			return "captureHold", map[string]any{"holdId": hold, "idempotencyKey": m.key(), "releaseRest": true}, "",
				func(banktest.Posted) {
					delete(a.holds, hold)
					a.happened(-held)
				}
		}
		return "deposit", input, refusal, func(banktest.Posted) { a.happened(n) }
	}
	to := m.ids[m.random.IntN(len(m.ids))]
	b := m.accounts[to]
	input = map[string]any{"fromAccountId": id, "toAccountId": to, "amount": banktest.EUR(cents(n)),
		"idempotencyKey": m.key(), "waitMs": 10_000}
	if to == id && short != "AMOUNT_INVALID" {
		short = "SAME_ACCOUNT"
	}
	return "transfer", input, short, func(banktest.Posted) {
		a.happened(-n)
		b.happened(n)
		if !m.together(id, to) {
			a.happened(0) // the sender notes the arrival
		}
	}
}

// TestAnIndependentModelAgrees tries each command, does it, and does it again, and then holds every read to a fold.
func TestAnIndependentModelAgrees(t *testing.T) {
	for seed := range uint64(4) {
		t.Run(fmt.Sprint("seed ", seed), func(t *testing.T) {
			b := banktest.StartOn(t, 1+2*int(seed%2))
			m := &model{scenario: given(t, b), random: rand.New(rand.NewPCG(seed, 1)), accounts: map[string]*modelAccount{}}
			for range 3 {
				id := m.open(nil)
				m.ids = append(m.ids, id)
				m.accounts[id] = &modelAccount{holds: map[string]int64{}, after: []int64{0}}
			}
			for range 60 {
				if m.random.IntN(4) == 0 {
					m.stepBatch(t)
				} else {
					m.step(t)
				}
			}
			m.Settle()
			for _, id := range m.ids {
				m.checkReads(t, id, m.accounts[id])
			}
		})
	}
}

func (m *model) step(t *testing.T) {
	t.Helper()
	mutation, input, refusal, apply := m.command()
	dry := m.Mutate(mutation, with(input, "dryRun", true))
	real := m.Mutate(mutation, with(input, "dryRun", false))
	want := []string{}
	if refusal != "" {
		want = []string{refusal}
	}
	first := dry.Codes()[:min(1, len(dry.Codes()))]
	if !slices.Equal(real.Codes(), want) || !slices.Equal(first, want) {
		t.Fatalf("%s %v: dry %q, then %q, want %q", mutation, input, dry.Codes(), real.Codes(), want)
	}
	if refusal != "" {
		return
	}
	again := m.Mutate(mutation, input)
	if !again.Replayed || real.Replayed || !reflect.DeepEqual(again.Transaction, real.Transaction) {
		t.Fatalf("%s %v: again %+v, first %+v", mutation, input, again, real)
	}
	if dry.Transaction != nil && dry.Transaction.BalanceAfter != real.Transaction.BalanceAfter {
		t.Fatalf("%s %v: dry %+v, then %+v", mutation, input, dry.Transaction, real.Transaction)
	}
	apply(real)
}

// checkReads holds every read of an account to its fold.
func (m *model) checkReads(t *testing.T, id string, a *modelAccount) {
	t.Helper()
	version, sums := len(a.after), [2]string{cents(a.credits), cents(a.debits)}
	m.Do(`query($id: ID!, $from: DateTime!, $to: DateTime!) {
	  balance(accountId: $id) { current { value } available { value } held { value } version
	    explanation(since: {version: 0}) { credits { value } debits { value } } }
	  account(id: $id) { version balance { current { value } } }
	  history(accountId: $id) { totals { count credits { value } debits { value } } }
	  statement(accountId: $id, from: $from, to: $to) { opening { value } closing { value } closingVersion }
	}`, map[string]any{"id": id, "from": "2020-01-01T00:00:00Z", "to": m.now(t, id)}).Answers(`{
	  balance: {current: {value: "%[1]s"}, available: {value: "%[2]s"}, held: {value: "%[3]s"}, version: %[4]d,
	    explanation: {credits: {value: "%[5]s"}, debits: {value: "%[6]s"}}},
	  account: {version: %[4]d, balance: {current: {value: "%[1]s"}}},
	  history: {totals: {count: %[7]d, credits: {value: "%[5]s"}, debits: {value: "%[6]s"}}},
	  statement: {opening: {value: "0.00"}, closing: {value: "%[1]s"}, closingVersion: %[4]d}}`,
		cents(a.balance), cents(a.available()), cents(a.balance-a.available()), version, sums[0], sums[1], a.lines)
	for v, balance := range a.after {
		m.Do(`query($id: ID!, $v: Int!) { balance(accountId: $id, asOf: {version: $v}) { current { value } } }`,
			map[string]any{"id": id, "v": v + 1}).Answers(`{balance: {current: {value: "%s"}}}`, cents(balance))
	}
}

// now is a moment after the account's last event that is not in the future.
func (m *model) now(t *testing.T, id string) string {
	t.Helper()
	var got struct {
		Account struct{ Balance struct{ AsOf string } }
	}
	m.until(t, "the clock to move on", `query($id: ID!) { statement(accountId: $id, from: "2020-01-01T00:00:00Z",
	  to: "2020-01-02T00:00:00Z") { owner } }`, id, "Ada")
	m.Get(`query($id: ID!) { account(id: $id) { balance { asOf } } }`, map[string]any{"id": id}, &got)
	return strings.Replace(got.Account.Balance.AsOf, "Z", "999Z", 1)
}
