package viewtest

import (
	"errors"
	"math"
	"math/big"
	"slices"
	"testing"
	"time"

	"corebank/internal/bank"
	"corebank/internal/contract"
	"corebank/internal/view"
)

// lookingBack asks for every version and position at every moment.
func lookingBack(t *testing.T, s *story) {
	b := Month(t)
	s.follow(b, 6)
	moments := []time.Time{{}, opening.Add(-time.Hour), opening.Add(time.Hour)}
	for _, r := range b.Records {
		moments = append(moments, r.At, r.At.Add(-time.Nanosecond))
	}
	for _, moment := range moments {
		for id, account := range s.accounts {
			for version := range account.Version + 3 {
				s.state(id, version, moment)
			}
			s.state(id, math.MaxInt64, moment)
		}
		for position := range s.position + 3 {
			s.trialBefore(position, moment)
		}
		s.trialBefore(math.MaxInt64, moment)
	}
	s.state(bank.NewAccountID("no", "one"), 5, time.Time{})
	now, err := s.store.Trial(t.Context())
	if last := s.kept[len(s.kept)-1]; err != nil || now.Position != s.position || len(now.Totals) < 6 || last.Position > now.Position {
		t.Errorf("trial balance is %+v (%v)", now, err)
	}
}

func (s *story) state(id bank.AccountID, version int64, moment time.Time) {
	s.t.Helper()
	var want view.State
	for _, state := range s.states[id] {
		if state.Account.Version <= version && (moment.IsZero() || !state.Account.ChangedAt.After(moment)) {
			want = state
		}
	}
	got, err := s.store.StateBefore(s.t.Context(), id, version, moment)
	if err != nil || !same(got, want) {
		s.t.Fatalf("state of %s at version %d, %s is\n%+v (%v), want\n%+v", id, version, moment, got, err, want)
	}
}

func (s *story) trialBefore(position int64, moment time.Time) {
	s.t.Helper()
	var want view.Trial
	for _, trial := range s.kept {
		if trial.Position <= position && (moment.IsZero() || !trial.At.After(moment)) {
			want = trial
		}
	}
	got, err := s.store.TrialBefore(s.t.Context(), position, moment)
	if err != nil || !got.Equal(want) {
		s.t.Fatalf("trial balance at %d, %s is\n%+v (%v), want\n%+v", position, moment, got, err, want)
	}
}

// replacementCorrects replaces an account, some of whose postings were left
// out.
func replacementCorrects(t *testing.T, s *story) {
	b := Month(t)
	s.follow(b, 6)
	id, at := bank.NewAccountID("ada", "first"), s.position
	posted := func(position, minor int64) view.Posted {
		return view.Posted{Position: position, Postings: []bank.Posting{{LedgerAccount: "customer/x", Amount: cents(minor)},
			{LedgerAccount: "fees/x", Amount: cents(-minor)}}}
	}
	if err := s.store.Replace(t.Context(), view.Replacement{At: at, Account: s.accounts[id], Missing: []view.Posted{posted(9, 700)}}); !errors.Is(err, view.ErrCheckpointMoved) {
		t.Errorf("something is missing of a document that is not stale: %v, want ErrCheckpointMoved", err)
	}
	stopped := s.accounts[id]
	stopped.Stale = stale(9, 3)
	before, err := s.store.Trial(t.Context())
	if err == nil {
		err = s.store.Replace(t.Context(), view.Replacement{At: at, Account: stopped})
	}
	if err != nil {
		t.Fatal(err)
	}
	r := view.Replacement{At: at, Account: s.accounts[id], Transactions: s.lines[id][:2], Missing: []view.Posted{posted(9, 700), posted(14, math.MaxInt64), posted(15, math.MaxInt64)}}
	for key, records := range s.links {
		for _, record := range records {
			if record.Account == id && record.Position < 12 {
				r.References = append(r.References, view.Reference{Key: key, Record: record})
			}
		}
		s.links[key] = slices.DeleteFunc(slices.Clone(records), func(record contract.Record) bool { return record.Account == id && record.Position >= 12 })
	}
	r.States, s.states[id] = s.states[id][:1], s.states[id][:1]
	if err := s.store.Replace(t.Context(), r); err != nil {
		t.Fatal(err)
	}
	s.filed()
	s.state(id, math.MaxInt64, time.Time{})
	after, err := s.store.Trial(t.Context())
	if want := before.With(r.Missing); err != nil || !after.Equal(want) || feesOf(after) == "0" {
		t.Errorf("trial balance is\n%+v (%v), want\n%+v", after, err, want)
	}
	all := new(big.Int).Sub(big.NewInt(-700), new(big.Int).Lsh(big.NewInt(math.MaxInt64), 1)) // wider than an amount
	for position, fees := range map[int64]string{8: "0", 13: "-700", at: all.String()} {
		got, err := s.store.TrialBefore(t.Context(), position, time.Time{})
		if err != nil || feesOf(got) != fees {
			t.Errorf("the kept trial balance before %d has fees of %s (%v), want %s", position, feesOf(got), err, fees)
		}
	}
}

func feesOf(t view.Trial) string {
	for _, total := range t.Totals {
		if total.Kind == "fees" {
			return total.Sum.String()
		}
	}
	return "0"
}
