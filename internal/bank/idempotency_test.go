package bank_test

import (
	"fmt"
	"slices"
	"testing"

	"pgregory.net/rapid"

	"corebank/internal/bank"
)

// TestKeysAreRememberedOrForgottenNeverDenied compares the memory with one
// that keeps everything in a list.
func TestKeysAreRememberedOrForgottenNeverDenied(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		keys := bank.RestoreKeys(kept, nil, false)
		var all []said
		for range rapid.IntRange(0, 40).Draw(t, "spells") {
			for range rapid.SampledFrom([]int{1, 2, 7, kept - 1}).Draw(t, "keys") {
				entry := said{fmt.Sprint("key ", len(all)), int64(2*len(all) + 1)}
				all = append(all, entry)
				keys.Remember(entry.key, entry.version)
			}
			if rapid.Bool().Draw(t, "say the newest again") {
				keys.Remember(all[len(all)-1].key, 1<<40)
			}
			if rapid.Bool().Draw(t, "say the oldest again") && len(all) <= kept {
				keys.Remember(all[0].key, 1<<40)
			}
			if rapid.Bool().Draw(t, "restart") {
				keys = reread(keys)
			}
		}
		checkMemory(t, keys, all)
	})
}

// kept is how many keys the memories of these tests keep.
const kept = 100

// reread is the memory as a snapshot brings it back.
func reread(keys *bank.Keys) *bank.Keys {
	entries, forgot := keys.Entries()
	return bank.RestoreKeys(kept, entries, forgot)
}

type said struct {
	key     string
	version int64
}

func checkMemory(t *rapid.T, keys *bank.Keys, all []said) {
	newest := all[max(0, len(all)-kept):]
	for _, e := range newest {
		if version, known := keys.Find(e.key); version != e.version || !known {
			t.Fatalf("%s, which is remembered, is %d, %v; want %d", e.key, version, known, e.version)
		}
	}
	for _, e := range all[:len(all)-len(newest)] {
		if version, known := keys.Find(e.key); version != 0 || known {
			t.Fatalf("%s, which is forgotten, is %d, %v", e.key, version, known)
		}
	}
	if version, known := keys.Find("never said"); version != 0 || known != (len(all) == len(newest)) {
		t.Fatalf("a key that was never said is %d, %v after %d keys", version, known, len(all))
	}
	entries, forgot := keys.Entries()
	same := func(e bank.KeyEntry, s said) bool { return e.Sum == bank.SumKey(s.key) && e.Version == s.version }
	if !slices.EqualFunc(entries, newest, same) || forgot != (len(all) > len(newest)) {
		t.Fatalf("%d entries, forgot %v; want the newest %d of %d", len(entries), forgot, len(newest), len(all))
	}
}

func TestAKeyKeepsItsFirstEvent(t *testing.T) {
	keys := bank.RestoreKeys(kept, nil, false)
	keys.Remember("twice", 1)
	keys.Remember("twice", 2)
	for i := range kept - 1 {
		keys.Remember(fmt.Sprint(i), int64(3+i))
	}
	if version, known := keys.Find("twice"); version != 1 || !known {
		t.Errorf("it is %d, %v; want its first event, version 1", version, known)
	}
	keys.Remember("one more", 5000)
	restored := reread(keys)
	for _, memory := range []*bank.Keys{keys, restored} {
		if version, known := memory.Find("twice"); version != 0 || known {
			t.Errorf("forgotten, it is %d, %v", version, known)
		}
	}
}

func TestAMemoryThatIsTooLongIsCut(t *testing.T) {
	entries := make([]bank.KeyEntry, kept+1)
	for i := range entries {
		entries[i] = bank.KeyEntry{Sum: bank.SumKey(fmt.Sprint(i)), Version: int64(i + 1)}
	}
	newest, forgot := bank.RestoreKeys(kept, entries, false).Entries()
	if !slices.Equal(newest, entries[1:]) || !forgot {
		t.Errorf("kept %d, forgot %v; want the newest %d and to know it", len(newest), forgot, kept)
	}
}
