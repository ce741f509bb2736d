package bank_test

import (
	"go/ast"
	"go/parser"
	"go/token"
	"math"
	"slices"
	"strconv"
	"strings"
	"testing"

	"corebank/internal/bank"
)

// TestRefusalsByDescendingPrecedence breaks as many rules at once as can be,
// and then heals the first of them, row by row: the next must answer.
func TestRefusalsByDescendingPrecedence(t *testing.T) {
	open, rich := accountAfter(opened("EUR")), accountAfter(paidIn(eur(math.MaxInt64))...)
	never := accountAfter()
	other := deposited(eur(9), eur(9)) // what the key was used for before
	long := strings.Repeat("x", 501)
	pay := func(currency bank.Currency, minor int64, memo string) bank.Deposit {
		return bank.Deposit{Amount: bank.Money{Minor: minor, Currency: currency}, Memo: memo}
	}
	take := func(currency bank.Currency, minor int64, memo string) bank.Withdraw {
		return bank.Withdraw(pay(currency, minor, memo))
	}
	rows := []struct {
		code    bank.Code
		key     string
		account bank.Account
		earlier bank.Event
		command bank.Command
	}{
		{bank.InputInvalid, "", never, other, pay("XXX", 0, long)},
		{bank.InputInvalid, "k", never, other, pay("XXX", 0, long)},
		{bank.InputInvalid, "k", never, other, take("XXX", 0, long)},
		{bank.InputInvalid, "k", open, other, bank.OpenAccount{Owner: "", Currency: "XXX"}},
		{bank.CurrencyUnknown, "k", never, other, pay("XXX", 0, "")},
		{bank.CurrencyUnknown, "k", never, other, take("XXX", 0, "")},
		{bank.CurrencyUnknown, "k", open, other, bank.OpenAccount{Owner: "Ada", Currency: "XXX"}},
		{bank.AmountInvalid, "k", never, other, pay("USD", 0, "")},
		{bank.AmountInvalid, "k", never, other, take("USD", 0, "")},
		{bank.IdempotencyConflict, "k", never, other, pay("USD", 1, "")},
		{bank.IdempotencyConflict, "k", never, other, take("USD", 1, "")},
		{bank.IdempotencyConflict, "k", open, other, bank.OpenAccount{Owner: "Ada", Currency: "USD"}},
		{bank.AccountAlreadyOpen, "k", open, nil, bank.OpenAccount{Owner: "Ada", Currency: "USD"}},
		{bank.AccountNotFound, "k", never, nil, pay("USD", 1, "")},
		{bank.AccountNotFound, "k", never, nil, take("USD", 1, "")},
		{bank.CurrencyMismatch, "k", rich, nil, pay("USD", 1, "")},
		{bank.CurrencyMismatch, "k", open, nil, take("USD", 1, "")},
		{bank.BalanceTooLarge, "k", rich, nil, pay("EUR", 1, "")},
		{bank.InsufficientFunds, "k", open, nil, take("EUR", 1, "")},
	}
	var order []bank.Code
	for i, row := range rows {
		refusal := ask(row.account, row.earlier, row.key, row.command)
		if refusal == nil || refusal.Code != row.code {
			t.Errorf("row %d, %+v: refused with %+v, want %s", i+1, row.command, refusal, row.code)
		}
		if len(order) == 0 || order[len(order)-1] != row.code {
			order = append(order, row.code)
		}
	}
	if declared := declaredCodes(t); !slices.Equal(order, declared) {
		t.Errorf("the rows go through\n%v, the constants of refusal.go through\n%v", order, declared)
	}
}

// ask puts the bank's questions in the order in which whoever holds an account
// has to put them: the request itself, its key, and then the account.
func ask(account bank.Account, earlier bank.Event, key string, command bank.Command) *bank.Refusal {
	if refusal := bank.CheckKey(key); refusal != nil {
		return refusal
	}
	if refusal := bank.Check(command); refusal != nil {
		return refusal
	}
	if earlier != nil {
		if fields := bank.Differences(earlier, command); len(fields) > 0 {
			return bank.RefuseConflict(fields)
		}
		return nil
	}
	_, refusal := account.Decide(command)
	return refusal
}

// declaredCodes are the constants of type Code, in the order of the source.
func declaredCodes(t *testing.T) []bank.Code {
	t.Helper()
	file, err := parser.ParseFile(token.NewFileSet(), "refusal.go", nil, 0)
	if err != nil {
		t.Fatal(err)
	}
	var codes []bank.Code
	ast.Inspect(file, func(n ast.Node) bool {
		if spec, ok := n.(*ast.ValueSpec); ok {
			if named, ok := spec.Type.(*ast.Ident); ok && named.Name == "Code" {
				text, err := strconv.Unquote(spec.Values[0].(*ast.BasicLit).Value)
				if err != nil {
					t.Fatal(err)
				}
				codes = append(codes, bank.Code(text))
			}
		}
		return true
	})
	return codes
}

func TestKeysThatCannotBeRemembered(t *testing.T) {
	for _, key := range []string{"k", strings.Repeat("✓", bank.MaxKeyLength), "a key with spaces"} {
		if refusal := bank.CheckKey(key); refusal != nil {
			t.Errorf("%q: %+v", key, refusal)
		}
	}
	for _, key := range []string{"", strings.Repeat("k", bank.MaxKeyLength+1), "a\x00b", "a\x7f", "\xff"} {
		refusal := bank.CheckKey(key)
		if refusal == nil || refusal.Code != bank.InputInvalid || refusal.Field != "idempotencyKey" {
			t.Fatalf("%q: %+v", key, refusal)
		}
		checkMessage(t, refusal.Message)
	}
}

func TestRefusalsThatOthersMake(t *testing.T) {
	conflict := bank.RefuseConflict([]string{"amount", "memo"})
	if conflict.Code != bank.IdempotencyConflict || !slices.Equal(conflict.Fields, []string{"amount", "memo"}) {
		t.Errorf("%+v", conflict)
	}
	amount := bank.RefuseAmount("amount.value", "BHD", "has too many decimals")
	if amount.Code != bank.AmountInvalid || *amount.MaxPrecision != 3 ||
		amount.Message != "The amount has too many decimals; send a positive decimal with at most 3 decimals for BHD." {
		t.Errorf("%+v", amount)
	}
	for _, refusal := range []*bank.Refusal{conflict, amount, bank.RefuseUnknownAccount(), bank.RefuseCurrency("currency", "€\n")} {
		checkMessage(t, refusal.Message)
	}
}
