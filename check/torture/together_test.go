package torture

import (
	"slices"
	"strings"
	"testing"

	"corebank/check/laws"
	"corebank/internal/bank"
	"corebank/internal/contract"
)

// newSharedStory is newStory and then what Ada, Bob and Cleo do together: a transaction of three legs that is asked
// for twice, one that Bob's leg refuses, a transfer that ends where it is sent, and two atomic batches, of which the
// second is refused.
func newSharedStory(t *testing.T) *story {
	s := newStory(t)
	cleo := laws.NewRequest(bank.NewAccountID("anonymous", "cleo"), "cleo",
		bank.OpenAccount{Owner: "Cleo", Currency: currency, Kind: bank.Current})
	s.tell(cleo)
	shared := s.post("shared", leg(s.id, -300), leg(s.bob, 100), leg(cleo.Account, 200))
	s.tellTogether(shared)
	s.tellTogether(shared)
	s.tellTogether(s.post("too much", leg(s.id, -10), leg(s.bob, -100_000), leg(cleo.Account, 100_010)))
	s.tellTogether(laws.NewRequest(s.id, "at once", bank.SendTransfer{To: s.bob, Amount: cents(50)}))
	s.tellBatch(bank.Deposit{Amount: cents(7)}, s.id, cleo.Account)
	s.tellBatch(bank.Withdraw{Amount: cents(300)}, s.id, cleo.Account)
	return s
}

// leg is one that pays an amount in, or takes it.
func leg(id bank.AccountID, minor int64) bank.Leg {
	return bank.Leg{Account: id, Credit: minor > 0, Amount: cents(max(minor, -minor))}
}

func (s *story) post(key string, legs ...bank.Leg) *laws.Request {
	return laws.NewRequest(legs[0].Account, key, bank.PostTransaction{Legs: legs})
}

// tellTogether has the bank answer a request on which several accounts decide.
func (s *story) tellTogether(r *laws.Request) {
	s.t.Helper()
	s.now += 10
	a := laws.Answer{Request: r, Sent: s.now, Answered: s.now + 5, Account: r.Account}
	defer func() { s.answers = append(s.answers, a) }()
	its := func(e contract.Record) bool { return e.Account == r.Account && e.Key == r.Key }
	earlier := slices.IndexFunc(s.records, its)
	if a.Status = contract.Replayed; earlier < 0 {
		broken := s.decideTogether(r)
		if len(broken) > 0 {
			a.Status, a.Code, a.Leg, a.Available = contract.Refused, broken[0].Code, broken[0].Leg, broken[0].Available
			return
		}
		a.Status = contract.Applied
		earlier = slices.IndexFunc(s.records, its)
	}
	event, err := s.records[earlier].Event()
	if err != nil {
		s.t.Fatal(err)
	}
	a.Version = s.records[earlier].Version
	switch event := event.(type) {
	case bank.TransferSent:
		a.Balance, a.Ends = event.Balance.Minor, "COMPLETED"
	case bank.LegPosted:
		a.Balance = event.Balance.Minor
		for _, leg := range event.Legs {
			a.Legs = append(a.Legs, laws.Seen{Account: leg.Account, Version: leg.Version, Balance: s.balanceAt(leg.Account,
				leg.Version)})
		}
	}
}

// balanceAt is the balance of an account after a version.
func (s *story) balanceAt(id bank.AccountID, version int64) int64 {
	var a bank.Account
	for _, r := range s.records {
		if event, err := r.Event(); err == nil && r.Account == id && r.Version <= version {
			a = a.Apply(event, r.At)
		}
	}
	return a.Balance.Minor
}

// decideTogether has several accounts decide, and writes what they do into the log, at once.
func (s *story) decideTogether(r *laws.Request) bank.Refusals {
	now := storyBegan.Add(s.now).Truncate(1000)
	party := func(id bank.AccountID) bank.Party {
		state := s.states[id]
		state.ID = id
		return bank.Party{Account: state, Now: now}
	}
	decided, broken := bank.DecideTogether(r.Command, r.Account, party,
		bank.Circumstances{Now: now, Caller: "anonymous", Key: r.Key})
	for i, d := range decided {
		record := contract.Record{Key: r.Key, Caller: "anonymous", RequestHash: r.Hash(), More: len(decided) - 1 - i}
		if d.Step != nil {
			record.Key, _ = bank.SystemKey(d.Step)
			wire, err := contract.EncodeCommand(systemCaller, record.Key, d.Step)
			if err != nil {
				s.t.Fatal(err)
			}
			record.Caller, record.RequestHash = systemCaller, wire.Hash()
		}
		s.happens(d.Account, record, d.Event)
	}
	return broken
}

// tellBatch has the bank answer an atomic batch of one command for two accounts.
func (s *story) tellBatch(command bank.Command, ids ...bank.AccountID) {
	var batch []*laws.Request
	for _, id := range ids {
		batch = append(batch, laws.NewRequest(id, "batch "+string(id)+strings.Repeat("!", len(s.answers)), command))
	}
	refused := slices.ContainsFunc(batch, func(r *laws.Request) bool {
		_, refusal := s.decide(r.Account, "anonymous", r.Key, command)
		return refusal != nil
	})
	for i, r := range batch {
		r.Together = batch
		if refused {
			_, refusal := s.decide(r.Account, "anonymous", r.Key, command)
			a := laws.Answer{Request: r, Sent: s.now, Answered: s.now + 5, Account: r.Account, Status: contract.NotTried}
			if refusal != nil {
				a.Status, a.Code, a.Available = contract.Refused, refusal.Code, refusal.Available
			}
			s.answers = append(s.answers, a)
			continue
		}
		s.tell(r)
		s.records[len(s.records)-1].More = len(batch) - 1 - i
	}
	answers := s.answers[len(s.answers)-len(batch):]
	for i := range answers {
		answers[i].Sent, answers[i].Answered = answers[0].Sent, answers[len(answers)-1].Answered
	}
}

// renumber gives the records the positions and versions of their places.
func (s *story) renumber() {
	versions := make(map[bank.AccountID]int64)
	for i := range s.records {
		r := &s.records[i]
		versions[r.Account]++
		r.Position, r.Version = int64(i+1), versions[r.Account]
	}
}

func TestATrueStoryOfSeveralAccountsHasNoViolation(t *testing.T) {
	checked := make(map[laws.Law]int64)
	for _, f := range verify(newSharedStory(t).evidence()) {
		if checked[f.Law] = f.Checked; f.Violations > 0 {
			t.Errorf("%s: %v", f.Law, f.Examples)
		}
	}
	if checked[laws.Together] == 0 {
		t.Error("nothing was checked to be together")
	}
}

// Where the log is divided, an atomic batch may be refused as a whole, whether or not one of its keys was used; where
// it is not, there is no reason for that.
func TestABatchIsApartOnlyWhereTheLogIsDivided(t *testing.T) {
	for undivided, want := range map[bool]int64{false: 0, true: 1} {
		s := newStory(t)
		used := s.deposit("d3", 555)
		used.Together = []*laws.Request{used}
		s.answers = append(s.answers, laws.Answer{Request: used, Sent: s.now + 10, Answered: s.now + 20, Account: s.id,
			Status: contract.Refused, Code: bank.AccountsApart})
		e := s.evidence()
		e.Undivided = undivided
		for _, f := range verify(e) {
			if f.Law == laws.Remembered && f.Violations != want {
				t.Errorf("undivided: %v: %d violations %v, want %d", undivided, f.Violations, f.Examples, want)
			}
		}
	}
}

// Each lie about what several accounts did together is found under its law.
func TestEveryLieAboutSeveralAccountsIsFound(t *testing.T) {
	for name, lie := range map[string]struct {
		law  laws.Law
		says string
		tell func(*story)            // before the evidence is gathered
		hide func(*story, *Evidence) // after
	}{
		"a leg is missing": {laws.Journal, "leg 2 of", func(s *story) {
			i := s.of("leg-posted", s.of("leg-posted", 0)+1)
			s.records = append(s.records[:i:i], s.records[i+1:]...)
			s.renumber()
		}, nil},
		"a leg is there twice": {laws.Journal, "leg 2 of", func(s *story) {
			s.records = append(s.records, s.records[s.of("leg-posted", s.of("leg-posted", 0)+1)])
			s.renumber()
		}, nil},
		"a retry posts again": {laws.Acknowledged, "in the log 2 times", func(s *story) {
			s.decideTogether(s.answer("shared", contract.Replayed).Request)
		}, nil},
		"a subscriber saw half of the legs": {laws.SeenOnce, "missed", nil, func(_ *story, e *Evidence) {
			for i := range e.Watches {
				w := &e.Watches[i]
				posted := slices.IndexFunc(w.Seen, func(s laws.Seen) bool { return s.Type == string(bank.PostingEntry) })
				w.Seen = w.Seen[:posted+1]
			}
		}},
		"the legs were written one by one": {laws.Together, "is not of one step", func(s *story) {
			for i := range s.records {
				s.records[i].More = 0
			}
		}, nil},
		"an answer has another leg": {laws.Acknowledged, "with the legs", func(s *story) {
			s.answer("shared", contract.Applied).Legs[2].Balance++
		}, nil},
		"an answer lacks a leg": {laws.Acknowledged, "with the legs", func(s *story) {
			a := s.answer("shared", contract.Applied)
			a.Legs = a.Legs[:2]
		}, nil},
		"two accounts saw two transactions in opposite orders": {laws.Linearizable, "no order", func(s *story) {
			first := len(s.records)
			s.tellTogether(s.post("first", leg(s.id, -1), leg(s.bob, 1)))
			s.tellTogether(s.post("second", leg(s.bob, -1), leg(s.id, 1)))
			there, thereToo, back, backToo := s.records[first], s.records[first+1], s.records[first+2], s.records[first+3]
			s.records = append(s.records[:first], there, back, backToo, thereToo)
			s.renumber()
		}, nil},
		"a leg was refused that could pay": {laws.Linearizable, "no order", func(s *story) {
			s.answer("too much", contract.Refused).Available = new(cents(123))
		}, nil},
		"another leg was refused than the one that could not pay": {laws.Linearizable, "no order", func(s *story) {
			s.answer("too much", contract.Refused).Leg = new(0)
		}, nil},
		"a transfer was answered to have come back": {laws.Acknowledged, "that is RETURNED", func(s *story) {
			s.answer("at once", contract.Applied).Ends = "RETURNED"
		}, nil},
		"a transfer is in transit where it need not be": {laws.Together, "did not end in the step", nil,
			func(_ *story, e *Evidence) { e.Undivided = true }},
		"of an atomic batch half happened": {laws.Together, "of the 2 requests of an atomic batch only 1", func(s *story) {
			s.records = s.records[:len(s.records)-1]
		}, nil},
		"an atomic batch was two steps": {laws.Together, "several steps", func(s *story) {
			s.records[len(s.records)-2].More = 0
		}, nil},
		"an atomic batch that was refused happened": {laws.Denied, "never anything but", func(s *story) {
			r := s.answers[len(s.answers)-2].Request
			event, _ := s.decide(r.Account, "anonymous", r.Key, r.Command)
			s.happens(r.Account, contract.Record{Key: r.Key, Caller: "anonymous", RequestHash: r.Hash()}, event)
		}, nil},
	} {
		t.Run(name, func(t *testing.T) {
			s := newSharedStory(t)
			if lie.tell != nil {
				lie.tell(s)
			}
			e := s.evidence()
			if lie.hide != nil {
				lie.hide(s, e)
			}
			wantFinding(t, verify(e), lie.law, lie.says)
		})
	}
}

func TestAnOnlookerSeesHalfOfAStep(t *testing.T) {
	type total = struct {
		Kind string
		Sum  struct{ Value, Currency string }
	}
	of := func(kind, value, currency string) total {
		return total{kind, struct{ Value, Currency string }{value, currency}}
	}
	for says, totals := range map[string][]total{
		"": {of("CASH", "-5.00", "EUR"), of("CUSTOMER", "5.00", "EUR"),
			of("TRANSIT", "0.00", "EUR")},
		"all ledgers in EUR sum to -1":  {of("CASH", "-5.00", "EUR"), of("CUSTOMER", "4.99", "EUR")},
		"all ledgers in USD sum to 100": {of("CUSTOMER", "1.00", "USD"), of("CUSTOMER", "0.00", "EUR")},
		"0.50 EUR are in transit":       {of("CUSTOMER", "-0.50", "EUR"), of("TRANSIT", "0.50", "EUR")},
	} {
		seen := strings.Join((&trial{Position: 7, Totals: totals}).wrong(true), "\n")
		if (seen == "") != (says == "") || !strings.Contains(seen, says) {
			t.Errorf("%v: saw %q, want %q", totals, seen, says)
		}
	}
	moving := trial{Totals: []total{of("CUSTOMER", "-0.50", "EUR"), of("TRANSIT", "0.50", "EUR")}}
	if seen := moving.wrong(false); len(seen) > 0 {
		t.Errorf("between partitions, money may be in transit; it saw %q", seen)
	}
}
