package bank_test

import (
	"slices"
	"testing"

	"corebank/internal/bank"
)

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
	for _, refusal := range []*bank.Refusal{conflict, amount, bank.RefuseUnknownAccount(), bank.RefuseTaken(grace),
		bank.RefuseInput("first", "must be at most 100"), bank.RefuseCurrency("currency", "€\n")} {
		checkMessage(t, refusal.Message)
	}
}
