package bank_test

import (
	"strings"
	"testing"

	"corebank/internal/bank"
)

func TestKeysThatCannotBeRemembered(t *testing.T) {
	valid := []string{"k", strings.Repeat("✓", bank.MaxKeyLength), "a key with spaces",
		"corebank", "Corebank/1", "not corebank/"}
	for _, key := range valid {
		if refusal := bank.CheckKey(key); refusal != nil {
			t.Errorf("%q: %+v", key, refusal)
		}
	}
	invalid := []string{"", strings.Repeat("k", bank.MaxKeyLength+1), "a\x00b", "a\x7f", "\xff",
		"corebank/", "corebank/receive/trf_1"}
	for _, key := range invalid {
		refusal := bank.CheckKey(key)
		if refusal == nil || refusal.Code != bank.InputInvalid || refusal.Field != "idempotencyKey" {
			t.Fatalf("%q: %+v", key, refusal)
		}
		checkMessage(t, refusal.Message)
	}
}

// TestTheBanksOwnCommandsHaveOneKeyEach: they happen once, however often they
// are tried, and no caller can use their keys.
func TestTheBanksOwnCommandsHaveOneKeyEach(t *testing.T) {
	other := bank.NewTransferID(grace, "key")
	seen := make(map[string]bool)
	for _, c := range []bank.Command{bank.ReceiveTransfer{Transfer: trip}, bank.ReceiveTransfer{Transfer: other},
		completeIt, bank.CompleteTransfer{Transfer: other}, returnIt, bank.ReturnTransfer{Transfer: other},
		bank.ExpireHold{Hold: 1}, bank.ExpireHold{Hold: 11}} {
		key, own := bank.SystemKey(c)
		again, _ := bank.SystemKey(c)
		if !own || seen[key] || again != key || !strings.HasPrefix(key, "corebank/") || len(key) > bank.MaxKeyLength {
			t.Errorf("%+v has the key %q, %v", c, key, own)
		}
		if bank.CheckKey(key) == nil {
			t.Errorf("a caller may use %q", key)
		}
		seen[key] = true
	}
	if a, _ := bank.SystemKey(returnIt); !seen[a] {
		t.Errorf("%q", a)
	}
	for _, c := range []bank.Command{bank.Deposit{}, bank.SendTransfer{}, bank.Reverse{},
		bank.CaptureHold{}, bank.ReleaseHold{}} {
		if key, own := bank.SystemKey(c); own || key != "" {
			t.Errorf("%T has the key %q", c, key)
		}
	}
}
