package bench

import (
	"context"
	"slices"
	"sync"
	"testing"

	"corebank/internal/bank"
	"corebank/internal/contract"
)

// The journal writes what the bank itself would append.
func TestTheJournalWritesWhatTheBankUnderstands(t *testing.T) {
	j := newJournal("test", 7)
	accounts := make(map[bank.AccountID]bank.Account)
	keys := make(map[string]bool)
	var mu sync.Mutex // the journal's clients call at the same time
	call := func(_ context.Context, request []byte) (reply contract.AppendReply, err error) {
		mu.Lock()
		defer mu.Unlock()
		var decoded contract.AppendRequest
		if err := contract.Decode(request, &decoded); err != nil {
			return reply, err
		}
		for _, a := range decoded.Appends {
			before := accounts[a.Account]
			if before.Version != a.ExpectedVersion || len(a.Records) != 1 || keys[a.Records[0].Key] {
				t.Errorf("append to %s at version %d: %+v", a.Account, before.Version, a)
			}
			after, err := contract.Fold(before, a.Records[0])
			if err != nil {
				return reply, err
			}
			event, err := a.Records[0].Event()
			if err != nil || bank.CheckBalanced(event.PostingLines()) != nil {
				t.Errorf("%+v does not balance (%v)", event, err)
			}
			accounts[a.Account], keys[a.Records[0].Key] = after, true
			reply.Results = append(reply.Results, contract.AppendResult{Status: contract.Appended, Version: after.Version})
		}
		return reply, nil
	}
	if err := j.fill(t.Context(), call, 24, 3); err != nil {
		t.Fatal(err)
	}
	total := int64(0)
	for _, a := range accounts {
		total += a.Version
		if a.Balance.Minor != depositMinor*(a.Version-1) {
			t.Errorf("%s has %s after %d events", a.ID, a.Balance, a.Version)
		}
	}
	if total != 24 || len(accounts) != 7 {
		t.Errorf("%d events in %d accounts, want 24 in 7", total, len(accounts))
	}
}

func TestClientsHaveSeparateAccounts(t *testing.T) {
	j := newJournal("test", 10)
	seen := make(map[int]int)
	for client := range 3 {
		for _, i := range j.stretch(client, 3, 5, 100) {
			seen[i]++
		}
	}
	if len(seen) != 10 || slices.Max([]int{seen[0], seen[4], seen[9]}) != 1 {
		t.Errorf("accounts by use: %v, want each of ten once", seen)
	}
}

func TestTheJournalLearnsTheVersionFromAConflict(t *testing.T) {
	j := newJournal("test", 1)
	_, err := j.append(t.Context(), func(context.Context, []byte) (contract.AppendReply, error) {
		return contract.AppendReply{Results: []contract.AppendResult{{Status: contract.VersionConflict, Version: 9,
			Reason: "it has moved"}}}, nil
	}, []int{0}, 1)
	if err == nil || j.versions[0] != 9 {
		t.Errorf("version %d, %v; want 9 and an error", j.versions[0], err)
	}
}

func TestAJournalWritesALongHistoryToo(t *testing.T) {
	j := newJournal("test", 1)
	var a bank.Account
	err := j.fillOne(t.Context(), func(_ context.Context, request []byte) (reply contract.AppendReply, err error) {
		var decoded contract.AppendRequest
		if err := contract.Decode(request, &decoded); err != nil || len(decoded.Appends) != 1 ||
			decoded.Appends[0].ExpectedVersion != a.Version {
			t.Fatalf("%+v: %v", decoded, err)
		}
		for _, r := range decoded.Appends[0].Records {
			if a, err = contract.Fold(a, r); err != nil {
				return reply, err
			}
		}
		return contract.AppendReply{Results: []contract.AppendResult{{Status: contract.Appended, Version: a.Version}}}, nil
	}, 0, 25, 10)
	if err != nil || a.Version != 25 || a.Balance.Minor != 24*depositMinor {
		t.Errorf("version %d, %s: %v", a.Version, a.Balance, err)
	}
}
