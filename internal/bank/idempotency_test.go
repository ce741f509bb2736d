package bank_test

import (
	"fmt"
	"reflect"
	"slices"
	"testing"

	"pgregory.net/rapid"

	"corebank/internal/bank"
)

func TestDifferencesNameTheFields(t *testing.T) {
	in := deposited(eur(5), eur(5))
	in.Reference, in.Memo = "r", "m"
	out := withdrawn(eur(5), eur(0))
	for name, test := range map[string]struct {
		first  bank.Event
		again  bank.Command
		fields []string
	}{
		"the same opening":       {opened("EUR"), bank.OpenAccount{Owner: "Ada Lovelace", Currency: "EUR"}, nil},
		"another owner":          {opened("EUR"), bank.OpenAccount{Owner: "Ada", Currency: "EUR"}, []string{"owner"}},
		"another everything":     {opened("EUR"), bank.OpenAccount{Owner: "Ada", Currency: "USD"}, []string{"owner", "currency"}},
		"the same deposit":       {in, bank.Deposit{Amount: eur(5), Reference: "r", Memo: "m"}, nil},
		"another amount":         {in, bank.Deposit{Amount: eur(6), Reference: "r", Memo: "m"}, []string{"amount"}},
		"the amount in dollars":  {in, bank.Deposit{Amount: usd(5), Reference: "r", Memo: "m"}, []string{"amount"}},
		"nothing but the amount": {in, bank.Deposit{Amount: eur(5)}, []string{"reference", "memo"}},
		"the same withdrawal":    {out, bank.Withdraw{Amount: eur(5)}, nil},
		"with a note":            {out, bank.Withdraw{Amount: eur(5), Memo: "m"}, []string{"memo"}},
		"a deposit, withdrawn":   {in, bank.Withdraw{Amount: eur(5), Reference: "r", Memo: "m"}, []string{"mutation"}},
		"a withdrawal, paid in":  {out, bank.Deposit{Amount: eur(5)}, []string{"mutation"}},
		"an opening, paid in":    {opened("EUR"), bank.Deposit{Amount: eur(5)}, []string{"mutation"}},
		"a deposit, opened":      {in, bank.OpenAccount{Owner: "Ada Lovelace", Currency: "EUR"}, []string{"mutation"}},
	} {
		t.Run(name, func(t *testing.T) {
			if got := bank.Differences(test.first, test.again); !slices.Equal(got, test.fields) {
				t.Errorf("they differ in %v, want %v", got, test.fields)
			}
		})
	}
}

func TestOnlyTheSameRequestHasNoDifferences(t *testing.T) {
	text := rapid.SampledFrom([]string{"", "a", "b"})
	amount := rapid.Custom(func(t *rapid.T) bank.Money {
		return bank.Money{Minor: rapid.Int64Range(1, 2).Draw(t, "minor"),
			Currency: rapid.SampledFrom([]bank.Currency{"EUR", "USD"}).Draw(t, "currency")}
	})
	command := rapid.Custom(func(t *rapid.T) bank.Command {
		switch rapid.IntRange(0, 2).Draw(t, "kind") {
		case 0:
			return bank.OpenAccount{Owner: "o" + text.Draw(t, "owner"), Currency: amount.Draw(t, "in").Currency}
		case 1:
			return bank.Deposit{Amount: amount.Draw(t, "amount"), Reference: text.Draw(t, "reference"), Memo: text.Draw(t, "memo")}
		default:
			return bank.Withdraw{Amount: amount.Draw(t, "amount"), Reference: text.Draw(t, "reference"), Memo: text.Draw(t, "memo")}
		}
	})
	rapid.Check(t, func(t *rapid.T) {
		first, again := command.Draw(t, "first"), command.Draw(t, "again")
		event, refusal := willing(first).Decide(first)
		if refusal != nil {
			t.Fatalf("%+v: %+v", first, refusal)
		}
		fields := bank.Differences(event, again)
		if (len(fields) == 0) != (first == again) {
			t.Fatalf("%+v and %+v differ in %v", first, again, fields)
		}
		if reflect.TypeOf(first) == reflect.TypeOf(again) && slices.Contains(fields, "mutation") {
			t.Fatalf("%+v and %+v differ in %v", first, again, fields)
		}
	})
}

// willing is an account that accepts the command.
func willing(c bank.Command) bank.Account {
	switch c := c.(type) {
	case bank.Deposit:
		return accountAfter(opened(c.Amount.Currency))
	case bank.Withdraw:
		return accountAfter(paidIn(bank.Money{Minor: 1000, Currency: c.Amount.Currency})...)
	default:
		return accountAfter()
	}
}

// TestKeysAreRememberedOrForgottenNeverDenied compares the memory with one
// that keeps everything in a list.
func TestKeysAreRememberedOrForgottenNeverDenied(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		keys := &bank.Keys{}
		var all []bank.KeyEntry
		for range rapid.IntRange(0, 40).Draw(t, "spells") {
			for range rapid.SampledFrom([]int{1, 2, 50, bank.KeysKept - 1}).Draw(t, "keys") {
				entry := bank.KeyEntry{Key: fmt.Sprint("key ", len(all)), Version: int64(2*len(all) + 1)}
				all = append(all, entry)
				keys.Remember(entry.Key, entry.Version)
			}
			if rapid.Bool().Draw(t, "say the newest again") {
				keys.Remember(all[len(all)-1].Key, 1<<40)
			}
			if rapid.Bool().Draw(t, "say the oldest again") && len(all) <= bank.KeysKept {
				keys.Remember(all[0].Key, 1<<40)
			}
			if rapid.Bool().Draw(t, "restart") {
				keys = bank.RestoreKeys(keys.Entries())
			}
		}
		checkMemory(t, keys, all)
	})
}

func checkMemory(t *rapid.T, keys *bank.Keys, all []bank.KeyEntry) {
	kept := all[max(0, len(all)-bank.KeysKept):]
	for _, e := range kept {
		if version, known := keys.Find(e.Key); version != e.Version || !known {
			t.Fatalf("%s, which is remembered, is %d, %v; want %d", e.Key, version, known, e.Version)
		}
	}
	for _, e := range all[:len(all)-len(kept)] {
		if version, known := keys.Find(e.Key); version != 0 || known {
			t.Fatalf("%s, which is forgotten, is %d, %v", e.Key, version, known)
		}
	}
	if version, known := keys.Find("never said"); version != 0 || known != (len(all) == len(kept)) {
		t.Fatalf("a key that was never said is %d, %v after %d keys", version, known, len(all))
	}
	entries, forgot := keys.Entries()
	if !slices.Equal(entries, kept) || forgot != (len(all) > len(kept)) {
		t.Fatalf("%d entries, forgot %v; want the newest %d of %d", len(entries), forgot, len(kept), len(all))
	}
}

func TestAKeyKeepsItsFirstEvent(t *testing.T) {
	keys := &bank.Keys{}
	keys.Remember("twice", 1)
	keys.Remember("twice", 2)
	for i := range bank.KeysKept - 1 {
		keys.Remember(fmt.Sprint(i), int64(3+i))
	}
	if version, known := keys.Find("twice"); version != 1 || !known {
		t.Errorf("it is %d, %v; want its first event, version 1", version, known)
	}
	keys.Remember("one more", 5000)
	restored := bank.RestoreKeys(keys.Entries())
	for _, memory := range []*bank.Keys{keys, restored} {
		if version, known := memory.Find("twice"); version != 0 || known {
			t.Errorf("forgotten, it is %d, %v", version, known)
		}
	}
}

func TestAMemoryThatIsTooLongIsCut(t *testing.T) {
	entries := make([]bank.KeyEntry, bank.KeysKept+1)
	for i := range entries {
		entries[i] = bank.KeyEntry{Key: fmt.Sprint(i), Version: int64(i + 1)}
	}
	kept, forgot := bank.RestoreKeys(entries, false).Entries()
	if !slices.Equal(kept, entries[1:]) || !forgot {
		t.Errorf("kept %d, forgot %v; want the newest %d and to know it", len(kept), forgot, bank.KeysKept)
	}
}
