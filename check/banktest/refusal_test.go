package banktest_test

import (
	"fmt"
	"reflect"
	"slices"
	"strings"
	"testing"
	"time"

	"corebank/check/banktest"
	"corebank/internal/bank"
	"corebank/internal/contract"
)

// attempt is a mutation that is refused, and the refusal.
type attempt struct {
	name     string
	mutation string
	input    map[string]any
	code     bank.Code
	path     string
}

// scenario sets up what a test begins with: accounts in some situation.
type scenario struct {
	*banktest.Bank
	t    testing.TB
	keys int
}

func given(t testing.TB, b *banktest.Bank) *scenario { return &scenario{Bank: b, t: t} }

func (c *scenario) key() string { c.keys++; return fmt.Sprint("setup ", c.keys) }

func (c *scenario) open(more map[string]any) string {
	input := map[string]any{"owner": "Ada", "currency": "EUR", "idempotencyKey": c.key()}
	for name, value := range more {
		input[name] = value
	}
	return c.Must("openAccount", input).Account.ID
}

func (c *scenario) rich(value string) string {
	id := c.open(nil)
	c.Must("deposit", c.pay(id, value))
	return id
}

func (c *scenario) pay(id, value string) map[string]any {
	return map[string]any{"accountId": id, "amount": banktest.EUR(value), "idempotencyKey": c.key()}
}

// together reports whether the log can write to both accounts at once.
func (c *scenario) together(id, other string) bool {
	of := func(id string) int { return contract.PartitionOf(bank.AccountID(id), c.Partitions()) }
	return of(id) == of(other)
}

// until repeats a query until the answer contains a text.
func (c *scenario) until(t *testing.T, what, query, id, text string) {
	t.Helper()
	for deadline := time.After(20 * time.Second); ; {
		answer := c.Do(query, map[string]any{"id": id})
		if strings.Contains(string(answer.Data), text) {
			return
		}
		select {
		case <-deadline:
			t.Fatalf("waited for %s, last %s", what, answer.Data)
		case <-time.After(5 * time.Millisecond):
		}
	}
}

// with sets a field of an input.
func with(input map[string]any, field string, value any) map[string]any {
	input[field] = value
	return input
}

// attempts are mutations that the bank refuses: at least one for every code that
// a client can get.
func (c *scenario) attempts(t *testing.T) []attempt {
	poor, rich := c.rich("5.00"), c.rich("1000.00")
	closed := c.open(nil)
	c.Must("closeAccount", map[string]any{"accountId": closed, "idempotencyKey": "k"})
	frozen := c.rich("10.00")
	deposit := c.Must("deposit", c.pay(frozen, "1.00")).Transaction.ID
	c.Must("freezeAccount", map[string]any{"accountId": frozen, "scope": "BOTH", "reason": "a court order",
		"idempotencyKey": "freeze"})
	limited := c.rich("500.00")
	c.Must("setLimits", map[string]any{"accountId": limited, "debitPerTransaction": banktest.EUR("100"),
		"debitPerDay": banktest.EUR("150"), "idempotencyKey": "limits"})
	c.Must("withdraw", c.pay(limited, "90.00"))
	overdrawn := c.open(nil)
	c.Must("setLimits", map[string]any{"accountId": overdrawn, "overdraft": banktest.EUR("100"),
		"idempotencyKey": "limits"})
	c.Must("withdraw", c.pay(overdrawn, "60.00"))
	savings := c.open(map[string]any{"kind": "SAVINGS", "externalId": "mine"})
	full := c.rich("92233720368547758.07")
	hold := c.Must("placeHold", c.pay(rich, "50.00")).Hold.ID
	ended := c.Must("placeHold", c.pay(rich, "50.00")).Hold.ID
	c.Must("releaseHold", map[string]any{"holdId": ended, "idempotencyKey": "release"})
	expired := c.Must("placeHold", with(c.pay(rich, "50.00"), "expiresAt",
		time.Now().Add(300*time.Millisecond).UTC().Format(time.RFC3339Nano))).Hold.ID
	paid := c.Must("deposit", c.pay(rich, "7.00")).Transaction.ID
	c.Must("reverse", map[string]any{"transactionId": paid, "reason": "r", "idempotencyKey": "undo"})
	part := c.Must("deposit", c.pay(rich, "9.00")).Transaction.ID
	undone := c.Must("reverse", map[string]any{"transactionId": part, "amount": banktest.EUR("4.00"), "reason": "r",
		"idempotencyKey": "undo in part"}).Transaction.ID
	c.Must("deposit", with(c.pay(rich, "1.00"), "idempotencyKey", "used"))
	capture := func(id, value string) map[string]any {
		return map[string]any{"holdId": id, "amount": banktest.EUR(value), "idempotencyKey": c.key()}
	}
	reverse := func(id, value string) map[string]any {
		return map[string]any{"transactionId": id, "amount": banktest.EUR(value), "reason": "r", "idempotencyKey": c.key()}
	}
	missing := "acc_aaaaaaaaaaaaaaaaaaaaaaaaaa"
	c.until(t, "the hold to expire", `query($id: ID!) { hold(id: $id) { status } }`, expired, `"EXPIRED"`)
	return []attempt{
		{"a long memo", "deposit", with(c.pay(rich, "1"), "memo", strings.Repeat("x", 501)), bank.InputInvalid, "memo"},
		{"a key of the bank's", "deposit", with(c.pay(rich, "1"), "idempotencyKey", "corebank/receive/x"), bank.InputInvalid,
			"idempotencyKey"},
		{"later than now", "deposit", with(c.pay(rich, "1"), "effectiveAt", "2999-01-01T00:00:00Z"), bank.InputInvalid,
			"effectiveAt"},
		{"nothing to change", "updateAccount", map[string]any{"accountId": rich, "idempotencyKey": "k"}, bank.InputInvalid,
			""},
		{"no such currency", "openAccount", map[string]any{"owner": "Ada", "currency": "XTS", "idempotencyKey": "k"},
			bank.CurrencyUnknown, "currency"},
		{"too precise", "transfer", map[string]any{"fromAccountId": rich, "toAccountId": poor,
			"amount": banktest.EUR("0.001"), "idempotencyKey": "k"}, bank.AmountInvalid, "amount value"},
		{"a negative limit", "setLimits", map[string]any{"accountId": rich, "debitPerDay": banktest.EUR("-1"),
			"idempotencyKey": "k"}, bank.AmountInvalid, "debitPerDay value"},
		{"another request", "withdraw", with(c.pay(rich, "1"), "idempotencyKey", "used"), bank.IdempotencyConflict,
			"idempotencyKey"},
		{"an external id twice", "openAccount", map[string]any{"owner": "Bob", "currency": "EUR", "externalId": "mine",
			"idempotencyKey": "another"}, bank.ExternalIDTaken, "externalId"},
		{"a missing account", "withdraw", c.pay(missing, "1"), bank.AccountNotFound, "accountId"},
		{"from a missing account", "transfer", map[string]any{"fromAccountId": missing, "toAccountId": rich,
			"amount":         banktest.EUR("1"),
			"idempotencyKey": "k"}, bank.AccountNotFound, "fromAccountId"},
		{"a closed account", "deposit", c.pay(closed, "1"), bank.ClosedAccount, "accountId"},
		{"to itself", "transfer", map[string]any{"fromAccountId": rich, "toAccountId": rich, "amount": banktest.EUR("1"),
			"idempotencyKey": "k"}, bank.SameAccount, "toAccountId"},
		{"another currency", "placeHold", with(c.pay(rich, "1"), "amount", map[string]any{"value": "1", "currency": "JPY"}),
			bank.CurrencyMismatch, "amount currency"},
		{"paid into a frozen account", "deposit", c.pay(frozen, "1"), bank.FrozenAccount, "accountId"},
		{"undone on a frozen account", "reverse", reverse(deposit, "1"), bank.FrozenAccount, "transactionId"},
		{"not frozen", "unfreezeAccount", map[string]any{"accountId": rich, "idempotencyKey": "k"}, bank.AccountNotFrozen,
			"accountId"},
		{"overdrawn savings", "setLimits", map[string]any{"accountId": savings, "overdraft": banktest.EUR("1"),
			"idempotencyKey": "k"}, bank.OverdraftNotAllowed, "overdraft"},
		{"less than is used", "setLimits", map[string]any{"accountId": overdrawn, "overdraft": banktest.EUR("10"),
			"idempotencyKey": "k"}, bank.OverdraftInUse, "overdraft"},
		{"no hold's id", "releaseHold", map[string]any{"holdId": "hld_7", "idempotencyKey": "k"}, bank.HoldNotFound,
			"holdId"},
		{"another thing's version", "releaseHold", map[string]any{"holdId": "hld_" + strings.TrimPrefix(rich, "acc_") + "_1",
			"idempotencyKey": "k"}, bank.HoldNotFound, "holdId"},
		{"a released hold", "captureHold", capture(ended, "1"), bank.HoldEnded, "holdId"},
		{"a hold whose time is over", "captureHold", capture(expired, "1"), bank.ExpiredHold, "holdId"},
		{"no transaction's id", "reverse", reverse("txn_7", "1"), bank.TransactionNotFound, "transactionId"},
		{"a reversal", "reverse", reverse(undone, "1"), bank.NotReversible, "transactionId"},
		{"undone twice", "reverse", reverse(paid, "7.00"), bank.AlreadyReversed, "transactionId"},
		{"more than is left of it", "reverse", reverse(part, "5.01"), bank.AmountExceedsRemaining, "amount"},
		{"more than is held", "captureHold", capture(hold, "50.01"), bank.AmountExceedsRemaining, "amount"},
		{"more than at once", "withdraw", c.pay(limited, "100.01"), bank.LimitExceeded, "amount"},
		{"more than on a day", "placeHold", c.pay(limited, "60.01"), bank.LimitExceeded, "amount"},
		{"more than fits", "deposit", c.pay(full, "0.01"), bank.BalanceTooLarge, "amount"},
		{"more than there is", "withdraw", c.pay(poor, "5.01"), bank.InsufficientFunds, "amount"},
		{"more than is held back", "transfer", map[string]any{"fromAccountId": rich, "toAccountId": poor,
			"amount": banktest.EUR("960"), "idempotencyKey": c.key()}, bank.InsufficientFunds, "amount"},
		{"closed with money on it", "closeAccount", map[string]any{"accountId": poor, "idempotencyKey": "k"},
			bank.AccountNotEmpty, "accountId"},
	}
}

// TestClientsMeetEveryRefusal: each code through the whole bank, with its path,
// and the same from a dry run.
func TestClientsMeetEveryRefusal(t *testing.T) {
	c := given(t, banktest.Start(t))
	met := map[bank.Code]bool{}
	for _, a := range c.attempts(t) {
		t.Run(a.name, func(t *testing.T) {
			path := strings.Join(strings.Fields("input "+a.path), ", ")
			tried := c.Mutate(a.mutation, with(a.input, "dryRun", true)).Answers(`{dryRun: true, transaction: null}`)
			got := c.Mutate(a.mutation, with(a.input, "dryRun", false)).Answers(
				`{dryRun: false, transaction: null, userErrors: [{code: %s, path: [%s], retryable: %t}]}`,
				a.code, path, a.code.Retryable())
			if len(got.UserErrors) == 0 || len(got.UserErrors[0].Message) < 15 {
				t.Fatalf("answered %+v", got)
			}
			if len(tried.UserErrors) == 0 || !reflect.DeepEqual(tried.UserErrors[0], got.UserErrors[0]) {
				t.Errorf("the dry run answered %+v", tried)
			}
			met[a.code] = true
		})
	}
	// Opening an account twice is always a replay or a conflict, only the bank
	// itself ends transfers, and 1000 open holds have their own test, as have
	// transfers on their way and accounts of different partitions.
	elsewhere := []bank.Code{bank.AccountAlreadyOpen, bank.AccountsApart, bank.TransferNotPending, bank.TransferPending,
		bank.TooManyOpenItems}
	for _, info := range bank.Codes() {
		if met[info.Code] == slices.Contains(elsewhere, info.Code) {
			t.Errorf("%s met: %v", info.Code, met[info.Code])
		}
	}
}
