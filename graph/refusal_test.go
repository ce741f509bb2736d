package graph

import (
	"maps"
	"reflect"
	"slices"
	"strings"
	"testing"

	"corebank/graph/generated"
	"corebank/graph/model"
	"corebank/internal/bank"
	"corebank/internal/contract"
)

// refusalExample is a refusal, and its form in the API.
type refusalExample struct {
	refusal  bank.Refusal
	typename string
	data     map[string]any
}

// refusals are one of each code, with all the data that it may have.
func refusals() []refusalExample {
	one, two, precision := eur(1_00), eur(2_00), 2
	money := func(value string) map[string]any { return map[string]any{"value": value, "currency": "EUR"} }
	at := "2026-03-01T09:30:00.123Z"
	return []refusalExample{
		{bank.Refusal{Code: bank.InputInvalid}, "InvalidInput", nil},
		{bank.Refusal{Code: bank.CurrencyUnknown}, "UnknownCurrency", nil},
		{bank.Refusal{Code: bank.AmountInvalid, MaxPrecision: &precision}, "InvalidAmount",
			map[string]any{"maxPrecision": 2.0}},
		{bank.Refusal{Code: bank.IdempotencyConflict, Fields: []string{"amount", "memo"}}, "IdempotencyConflict",
			map[string]any{"fields": []any{"amount", "memo"}}},
		{bank.Refusal{Code: bank.AccountAlreadyOpen}, "AccountAlreadyOpen", nil},
		{bank.Refusal{Code: bank.ExternalIDTaken, Account: ada}, "ExternalIdTaken", map[string]any{"accountId": string(ada)}},
		{bank.Refusal{Code: bank.AccountNotFound}, "AccountNotFound", nil},
		{bank.Refusal{Code: bank.ClosedAccount, Since: decidedAt}, "AccountClosed", map[string]any{"since": at}},
		{bank.Refusal{Code: bank.SameAccount}, "SameAccount", nil},
		{bank.Refusal{Code: bank.AccountsApart}, "AccountsApart", nil},
		{bank.Refusal{Code: bank.CurrencyMismatch, Expected: "EUR"}, "CurrencyMismatch", map[string]any{"expected": "EUR"}},
		{bank.Refusal{Code: bank.AccountNotFrozen}, "AccountNotFrozen", nil},
		{bank.Refusal{Code: bank.OverdraftNotAllowed}, "OverdraftNotAllowed", nil},
		{bank.Refusal{Code: bank.OverdraftInUse, Remaining: &one}, "OverdraftInUse", map[string]any{"used": money("1.00")}},
		{bank.Refusal{Code: bank.HoldNotFound}, "HoldNotFound", nil},
		{bank.Refusal{Code: bank.HoldEnded}, "HoldEnded", nil},
		{bank.Refusal{Code: bank.ExpiredHold, Since: decidedAt}, "HoldExpired", map[string]any{"since": at}},
		{bank.Refusal{Code: bank.TransactionNotFound}, "TransactionNotFound", nil},
		{bank.Refusal{Code: bank.NotReversible}, "NotReversible", nil},
		{bank.Refusal{Code: bank.FrozenAccount, Since: decidedAt, Reason: "a court order"}, "AccountFrozen",
			map[string]any{"since": at, "reason": "a court order"}},
		{bank.Refusal{Code: bank.AlreadyReversed, By: 7}, "AlreadyReversed", map[string]any{"by": transactionID(ada, 7)}},
		{bank.Refusal{Code: bank.AmountExceedsRemaining, Remaining: &one}, "AmountExceedsRemaining",
			map[string]any{"remaining": money("1.00")}},
		{bank.Refusal{Code: bank.TransferNotPending}, "TransferNotPending", nil},
		{bank.Refusal{Code: bank.TransferPending}, "TransferPending", nil},
		{bank.Refusal{Code: bank.LimitExceeded, Limit: &two, Remaining: &one, ResetsAt: decidedAt}, "LimitExceeded",
			map[string]any{"limit": money("2.00"), "left": money("1.00"), "resetsAt": at}},
		{bank.Refusal{Code: bank.BalanceTooLarge}, "BalanceTooLarge", nil},
		{bank.Refusal{Code: bank.InsufficientFunds, Available: &one, Shortfall: &two}, "InsufficientFunds",
			map[string]any{"available": money("1.00"), "shortfall": money("2.00")}},
		{bank.Refusal{Code: bank.AccountNotEmpty, Balance: &one, Held: &two, InTransit: &one}, "AccountNotEmpty",
			map[string]any{"balance": money("1.00"), "held": money("2.00"), "inTransit": money("1.00")}},
		{bank.Refusal{Code: bank.TooManyOpenItems, Max: 1000}, "TooManyOpenItems", map[string]any{"most": 1000.0}},
	}
}

// refusing selects all fields of all refusals.
var refusing = `mutation { deposit(input: {
    accountId: "` + string(ada) + `", amount: {value: "1", currency: "EUR"}, idempotencyKey: "k"}) {
  replayed dryRun transaction { id } userErrors { __typename code message path retryable
    ... on InvalidAmount { maxPrecision }
    ... on IdempotencyConflict { fields }
    ... on ExternalIdTaken { accountId }
    ... on AccountClosed { since }
    ... on CurrencyMismatch { expected }
    ... on AccountFrozen { since reason }
    ... on OverdraftInUse { used { value currency } }
    ... on HoldExpired { since }
    ... on AlreadyReversed { by }
    ... on AmountExceedsRemaining { remaining { value currency } }
    ... on LimitExceeded { limit { value currency } left: remaining { value currency } resetsAt }
    ... on AccountNotEmpty { balance { value currency } held { value currency } inTransit { value currency } }
    ... on TooManyOpenItems { most }
    ... on InsufficientFunds { available { value currency } shortfall { value currency } } } } }`

func TestEveryRefusalHasItsType(t *testing.T) {
	for _, example := range refusals() {
		t.Run(string(example.refusal.Code), func(t *testing.T) {
			example.refusal.Message, example.refusal.Field = "Send less.", "amount.value"
			d := newDesk(t)
			d.execute = func(contract.Command) (contract.Outcome, error) {
				return contract.Outcome{Status: contract.Refused, Refusal: &example.refusal}, nil
			}
			got := d.ask(refusing, "")
			if len(got.Errors) > 0 {
				t.Fatalf("answered %+v", got.Errors)
			}
			want := map[string]any{"__typename": example.typename, "code": string(example.refusal.Code), "message": "Send less.",
				"path": []any{"input", "amount", "value"}, "retryable": example.refusal.Code.Retryable()}
			maps.Copy(want, example.data)
			payload := map[string]any{"transaction": nil, "replayed": false, "dryRun": false, "userErrors": []any{want}}
			if !reflect.DeepEqual(got.Data["deposit"], payload) {
				t.Errorf("answered\n%v, want\n%v", got.Data["deposit"], payload)
			}
		})
	}
}

// TestTheSchemaKnowsEveryCode fails when a code is added to the bank and not to
// the API, or to the API and not to the bank.
func TestTheSchemaKnowsEveryCode(t *testing.T) {
	var enum, declared, examples []bank.Code
	types := []string{"DestinationRefusal"} // of every code
	for _, code := range model.AllErrorCode {
		enum = append(enum, bank.Code(code))
	}
	for _, info := range bank.Codes() {
		declared = append(declared, info.Code)
	}
	for _, example := range refusals() {
		examples, types = append(examples, example.refusal.Code), append(types, example.typename)
	}
	if !slices.Equal(enum, declared) || !slices.Equal(examples, declared) {
		t.Errorf("ErrorCode is\n%v, the bank's codes are\n%v, the examples\n%v", enum, declared, examples)
	}
	schema := generated.NewExecutableSchema(generated.Config{Resolvers: &Resolver{}}).Schema()
	var possible []string
	for _, definition := range schema.GetPossibleTypes(schema.Types["UserError"]) {
		possible = append(possible, definition.Name)
	}
	slices.Sort(possible)
	slices.Sort(types)
	if !slices.Equal(possible, types) {
		t.Errorf("the types of UserError are\n%v, the refusals become\n%v", possible, types)
	}
}

// TestEverythingIsDescribed: a client developer reads the schema first.
func TestEverythingIsDescribed(t *testing.T) {
	schema := generated.NewExecutableSchema(generated.Config{Resolvers: &Resolver{}}).Schema()
	described := func(what, text string) {
		if strings.TrimSpace(text) == "" {
			t.Errorf("%s has no description", what)
		}
	}
	for name, definition := range schema.Types {
		if definition.BuiltIn {
			continue
		}
		described(name, definition.Description)
		for _, value := range definition.EnumValues {
			described(name+"."+value.Name, value.Description)
		}
		for _, field := range definition.Fields {
			if strings.HasPrefix(field.Name, "__") {
				continue
			}
			described(name+"."+field.Name, field.Description)
			for _, argument := range field.Arguments {
				if argument.Name != "input" {
					described(name+"."+field.Name+"."+argument.Name, argument.Description)
				}
			}
		}
	}
}

// TestEnumsAreThoseOfTheBank: what the API names and what the parts behind it
// name may not drift apart.
func TestEnumsAreThoseOfTheBank(t *testing.T) {
	var kinds []model.AccountKind
	for _, kind := range bank.Kinds() {
		kinds = append(kinds, model.AccountKind(kind))
	}
	if !slices.Equal(kinds, model.AllAccountKind) {
		t.Errorf("AccountKind is %v, the bank's kinds are %v", model.AllAccountKind, kinds)
	}
	ledgers := []string{bank.CustomerLedger(ada), bank.CashLedger("EUR"), bank.TransitLedger("EUR"),
		bank.SettlementLedger("EUR")}
	for _, ledger := range ledgers {
		if kind := model.LedgerKind(strings.ToUpper(bank.LedgerKind(ledger))); !kind.IsValid() {
			t.Errorf("LedgerKind has no %s", kind)
		}
	}
}
