package torture

import (
	"bytes"
	"fmt"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"corebank/check/laws"
	"corebank/internal/bank"
	"corebank/internal/contract"
	"corebank/internal/view"
	"corebank/internal/view/memory"
)

// story is a small bank of which everything is known: what clients were answered, and
// the log behind it. A test forges one of them and looks who notices.
type story struct {
	t       *testing.T
	id      bank.AccountID // of Ada, whose account most of it is about
	bob     bank.AccountID
	states  map[bank.AccountID]bank.Account
	answers []laws.Answer
	records []contract.Record
	now     time.Duration
}

var storyBegan = time.Unix(0, 0).UTC()

// newStory is: an opening, ten deposits of 1.00, each asked twice, a withdrawal
// that is refused, a conflict of keys, what newStory.trade does, and a deposit
// that happened although no client got an answer.
func newStory(t *testing.T) *story {
	s := &story{t: t, id: bank.NewAccountID("anonymous", "open"), bob: bank.NewAccountID("anonymous", "bob"),
		states: make(map[bank.AccountID]bank.Account)}
	s.tell(
		laws.NewRequest(bank.NewAccountID("anonymous", "open"), "open",
			bank.OpenAccount{Owner: "Ada", Currency: currency, Kind: bank.Current}),
	)
	for i := range 10 {
		r := s.deposit(fmt.Sprint("d", i), 100)
		s.tell(r)
		s.tell(r)
	}
	s.tell(laws.NewRequest(s.id, "much", bank.Withdraw{Amount: cents(5000)}))
	s.tell(s.deposit("d3", 101))
	s.trade()
	lost := s.deposit("lost", 100)
	s.tell(lost)
	s.answers[len(s.answers)-1] = laws.Answer{
		Request:  lost,
		Sent:     s.now,
		Answered: s.now + 1,
		Status:   contract.Unknown,
		Account:  s.id,
	}
	s.tell(s.deposit("last", 100))
	return s
}

// trade is a transfer that arrives and is paid back in part, one to no account, a
// hold that is captured in part and then is no more, one that expires, and a
// deposit that is reversed in part and then cannot be in full.
func (s *story) trade() {
	ask := func(id bank.AccountID, key string, command bank.Command) bank.Event {
		return s.tell(laws.NewRequest(id, key, command))
	}
	s.tell(
		laws.NewRequest(bank.NewAccountID("anonymous", "bob"), "bob",
			bank.OpenAccount{Owner: "Bob", Currency: currency, Kind: bank.Current}),
	)
	s.arrive(s.id, ask(s.id, "rent", bank.SendTransfer{To: s.bob, Amount: cents(200)}))
	s.arrive(s.bob, ask(s.bob, "back", bank.Reverse{Transaction: 2, Amount: new(cents(50)), Reason: "too much"}))
	s.arrive(s.id, ask(s.id, "astray", bank.SendTransfer{To: bank.NewAccountID("nobody", "x"), Amount: cents(30)}))
	ask(s.id, "hold", bank.PlaceHold{Amount: cents(300)})
	hold := s.states[s.id].Version
	ask(s.id, "capture", bank.CaptureHold{Hold: hold, Amount: new(cents(120)), ReleaseRest: true})
	ask(s.id, "release", bank.ReleaseHold{Hold: hold})
	ask(s.id, "soon", bank.PlaceHold{Amount: cents(10), ExpiresAt: storyBegan.Add(s.now + time.Microsecond)})
	s.now += 2 * time.Microsecond
	s.step(s.id, bank.ExpireHold{Hold: s.states[s.id].Version})
	ask(s.id, "undo", bank.Reverse{Transaction: 2, Amount: new(cents(40)), Reason: "a mistake"})
	ask(s.id, "undo too much", bank.Reverse{Transaction: 2, Amount: new(cents(61)), Reason: "a mistake"})
}

func cents(minor int64) bank.Money { return bank.Money{Minor: minor, Currency: currency} }

// arrive takes a transfer to its end.
func (s *story) arrive(from bank.AccountID, event bank.Event) {
	sent := event.(bank.TransferSent)
	at := s.records[len(s.records)-1].At
	receipt, _ := bank.NextStep(from, s.states[from].Version, at, event)
	if rejected, is := s.step(sent.To, receipt.Command).(bank.TransferRejected); is {
		s.step(from, bank.ReturnTransfer{Transfer: sent.Transfer, Rejection: rejected.Rejection,
			Details: rejected.Details, SentAt: rejected.SentAt})
		return
	}
	s.step(from, bank.CompleteTransfer{Transfer: sent.Transfer})
}

// systemCaller is the caller of the commands that the bank gives itself.
const systemCaller = "corebank"

// step has the bank give itself a command.
func (s *story) step(id bank.AccountID, command bank.Command) bank.Event {
	s.t.Helper()
	s.now += 10
	key, _ := bank.SystemKey(command)
	wire, err := contract.EncodeCommand(systemCaller, key, command)
	event, refusal := s.decide(id, systemCaller, key, command)
	if err != nil || refusal != nil {
		s.t.Fatal(err, refusal)
	}
	s.happens(id, contract.Record{Key: key, Caller: systemCaller, RequestHash: wire.Hash()}, event)
	return event
}

func (s *story) decide(id bank.AccountID, caller, key string, command bank.Command) (bank.Event, *bank.Refusal) {
	state := s.states[id]
	state.ID = id
	in := bank.Circumstances{Now: storyBegan.Add(s.now).Truncate(time.Microsecond), Caller: caller, Key: key}
	for _, r := range s.records {
		if r.Account == id && r.Version == state.RequiredVersion(command) {
			in.Past, _ = r.Event()
		}
		if r.Account == id && r.Key == state.ExpiryKey(command) {
			in.Expiry, _ = r.Event()
		}
	}
	return state.Decide(command, in)
}

// happens writes an event into the log.
func (s *story) happens(id bank.AccountID, r contract.Record, event bank.Event) {
	s.t.Helper()
	state := s.states[id]
	r.Position, r.Account, r.Version, r.At = int64(
		len(s.records)+1,
	), id, state.Version+1, storyBegan.Add(
		s.now,
	).Truncate(time.Microsecond)
	if err := r.SetEvent(event); err != nil {
		s.t.Fatal(err)
	}
	state.ID = id
	s.states[id] = state.Apply(event, r.At)
	s.records = append(s.records, r)
}

func (s *story) deposit(key string, minor int64) *laws.Request {
	return laws.NewRequest(s.id, key, bank.Deposit{Amount: cents(minor)})
}

// tell has the bank answer a request as it should, and returns what happened.
func (s *story) tell(r *laws.Request) bank.Event {
	s.t.Helper()
	s.now += 10
	id := r.Account
	a := laws.Answer{Request: r, Sent: s.now, Answered: s.now + 5, Account: id}
	defer func() {
		a.AccountVersion, a.AccountBalance = s.states[id].Version, s.states[id].Balance.Minor
		s.answers = append(s.answers, a)
	}()
	for _, earlier := range s.records {
		if earlier.Key != r.Key || earlier.Account != id {
			continue
		}
		event, err := earlier.Event()
		if err != nil {
			s.t.Fatal(err)
		}
		a.Status, a.Version = contract.Replayed, earlier.Version
		if line := view.TransactionOf(earlier, event); line != nil {
			a.Balance = line.BalanceAfter
		}
		if len(bank.Conflicts(event, r.Command)) > 0 {
			a.Status, a.Code, a.Version, a.Balance = contract.Refused, bank.IdempotencyConflict, 0, 0
		}
		return event
	}
	event, refusal := s.decide(id, "anonymous", r.Key, r.Command)
	if refusal != nil {
		a.Status, a.Code = contract.Refused, refusal.Code
		if refusal.Available != nil {
			a.Available = refusal.Available
		}
		return nil
	}
	s.happens(id, contract.Record{Key: r.Key, Caller: "anonymous", RequestHash: r.Hash()}, event)
	a.Status, a.Version = contract.Applied, s.states[id].Version
	if line := view.TransactionOf(s.records[len(s.records)-1], event); line != nil {
		a.Balance = line.BalanceAfter
	}
	return event
}

// of is the place in the log of the first event of a type after some places.
func (s *story) of(kind string, after int) int {
	for i := after; i < len(s.records); i++ {
		if s.records[i].Type == kind {
			return i
		}
	}
	s.t.Fatalf("the log has no %s", kind)
	return 0
}

// answer is the first to a key with a verdict.
func (s *story) answer(key string, status contract.Status) *laws.Answer {
	for i := range s.answers {
		if s.answers[i].Request.Key == key && s.answers[i].Status == status {
			return &s.answers[i]
		}
	}
	s.t.Fatalf("no %s answer to %s", status, key)
	return nil
}

// evidence is what a run would have gathered of the story.
func (s *story) evidence() *Evidence {
	s.t.Helper()
	e := &Evidence{
		History: laws.History{Findings: new(laws.Findings), Began: storyBegan, Caller: "anonymous", Answers: s.answers},
		Served:  make(map[bank.AccountID]shown),
	}
	for id, state := range s.states {
		if state.IsOpen() {
			e.Served[id] = shown{version: state.Version, value: state.Balance.Minor}
		}
	}
	e.Views = viewsOf(s.t, s.records)
	watch := laws.Watch{Name: "subscriber"}
	derived := make(laws.Derivation)
	for _, r := range s.records {
		e.Record(r)
		if line, _ := derived.Entry(r); line != nil {
			watch.Seen = append(watch.Seen,
				laws.Seen{Account: r.Account, Version: r.Version, Type: line.Type, Amount: line.Amount, Balance: line.BalanceAfter})
		}
	}
	one := watch
	one.Account, one.Seen = s.id, slices.DeleteFunc(slices.Clone(watch.Seen),
		func(saw laws.Seen) bool { return saw.Account != s.id })
	e.Watches = []laws.Watch{watch, one}
	return e
}

func viewsOf(t *testing.T, records []contract.Record) *laws.ViewSums {
	t.Helper()
	store := memory.New()
	accounts, sums := make(map[bank.AccountID]view.Account), view.Resume(view.Trial{})
	for i, r := range records {
		if r.Version <= accounts[r.Account].Version {
			continue // forged; the views keep what they have
		}
		account := accounts[r.Account]
		account.Version = r.Version - 1
		account, effect, err := view.Fold(account, r)
		if err != nil {
			t.Fatal(err)
		}
		accounts[r.Account] = account
		sums.Add(r.At, effect.Postings)
		placed := r
		placed.Position = int64(i) + 1
		changes := view.Changes{
			References: view.ReferencesOf(placed, effect.Subjects),
			From:       int64(i),
			To:         int64(i) + 1,
			Accounts:   []view.Account{account},
			Trial:      sums.Trial(int64(i) + 1),
		}
		if effect.State != nil {
			kept := *effect.State
			kept.Position = placed.Position
			changes.States = []view.State{kept}
		}
		if effect.Line != nil {
			moved := *effect.Line
			moved.Position = int64(i) + 1
			changes.Transactions = []view.Transaction{moved}
		}
		if err := store.Apply(t.Context(), changes); err != nil {
			t.Fatal(err)
		}
	}
	views, err := laws.ReadViews(t.Context(), store)
	if err != nil {
		t.Fatal(err)
	}
	return views
}

func TestAHistoryWithoutAnOrderNamesTheFactsThatContradictEachOther(t *testing.T) {
	s := newStory(t)
	s.answer("much", contract.Refused).Available = new(cents(900))
	e := s.evidence()
	e.Details = t.TempDir()
	examples := fmt.Sprint(verify(e))
	if texts, err := filepath.Glob(filepath.Join(e.Details, "*.txt")); err != nil || len(texts) != 1 ||
		!strings.Contains(examples, texts[0]) {
		t.Errorf("%q shows %v, %v", examples, texts, err)
	}
	for _, text := range []string{"9.00 EUR available, key much", "by 205ns: version 11 of " + string(s.id) + ", key d9"} {
		if strings.Count(examples, text) != 1 {
			t.Errorf("%q is not there once:\n%s", text, examples)
		}
	}
}

// transferIn is the id in the data of an event.
func transferIn(r contract.Record) string {
	at := bytes.Index(r.Data, []byte("trf_"))
	return string(r.Data[at : at+len("trf_")+26])
}

// verify holds the evidence to every law.
func verify(e *Evidence) []Finding {
	e.Check()
	return findingsOf(e.Findings)
}

func TestATrueStoryHasNoViolation(t *testing.T) {
	for _, f := range verify(newStory(t).evidence()) {
		if f.Violations > 0 {
			t.Errorf("%s: %v", f.Law, f.Examples)
		}
		if f.Checked == 0 && !slices.Contains([]laws.Law{laws.Heals, laws.Unchanged, laws.Together, laws.Always}, f.Law) {
			t.Errorf("%s: nothing was checked", f.Law)
		}
	}
}

// Each lie is in one place and has to be found there, under its law.
func TestEveryLieIsFound(t *testing.T) {
	for name, lie := range map[string]struct {
		law  laws.Law
		says string
		tell func(*story)            // before the evidence is gathered
		hide func(*story, *Evidence) // after
	}{
		"an acknowledged deposit is lost": {laws.Acknowledged, "in the log 0 times", func(s *story) {
			s.records = s.records[:len(s.records)-1]
		}, nil},
		"a deposit was made twice": {laws.Key, "no earlier event", func(s *story) {
			again := s.records[4]
			again.Position, again.Version = int64(len(s.records)+1), s.states[s.id].Version+1
			s.records = append(s.records, again)
		}, nil},
		"a deposit was announced as new twice": {laws.Acknowledged, "announced as new 2 times", func(s *story) {
			s.answer("d2", contract.Replayed).Status = contract.Applied
		}, nil},
		"what was acknowledged is refused": {laws.Remembered, "had been in the log", func(s *story) {
			again := *s.answer("d2", contract.Applied)
			again.Sent, again.Answered = again.Answered+1, again.Answered+2
			again.Status, again.Code, again.AccountVersion = contract.Refused, bank.FrozenAccount, 0
			s.answers = append(s.answers, again)
		}, nil},
		"the answer tells another balance": {laws.Acknowledged, "with 999 after it", func(s *story) {
			s.answer("d2", contract.Applied).Balance = 999
		}, nil},
		"the answer tells another version": {laws.Acknowledged, "as version 9", func(s *story) {
			s.answer("d2", contract.Applied).Version = 9
		}, nil},
		"the account with the answer is another": {laws.Shown, "came", func(s *story) {
			s.answer("d2", contract.Applied).AccountBalance = 1
		}, nil},
		"what was refused has happened": {laws.Denied, "never anything but refused", func(s *story) {
			a := s.answer("last", contract.Applied)
			a.Status, a.Code, a.AccountVersion = contract.Refused, bank.InsufficientFunds, 0
		}, nil},
		"what did not happen has happened": {laws.Denied, "never anything but unavailable", func(s *story) {
			s.answer("last", contract.Applied).Status = contract.Unavailable
		}, nil},
		"a key is taken that is not": {laws.Remembered, "no other request with it", func(s *story) {
			s.answer("d3", contract.Refused).Request.Key = "free"
		}, nil},
		"no client asked": {laws.Asked, "no client asked for lost", func(s *story) {
			s.answers = append(s.answers[:len(s.answers)-2], s.answers[len(s.answers)-1])
		}, nil},
		"the log has a gap": {laws.Position, "position 6", func(s *story) {
			s.records = append(s.records[:4:4], s.records[5:]...)
		}, nil},
		"the log holds another sum": {laws.Postings, "postings", func(s *story) {
			s.records[3].Data = []byte(strings.Replace(string(s.records[3].Data), `"minor":-100`, `"minor":-101`, 1))
		}, nil},
		"a view is wrong": {laws.Views, "views", nil, func(s *story, e *Evidence) {
			s.records[5].Data = []byte(strings.Replace(string(s.records[5].Data), `"minor":500`, `"minor":501`, 1))
			e.Views = viewsOf(s.t, s.records)
			e.log = nil
			for _, r := range newStory(s.t).records {
				e.Record(r)
			}
		}},
		"the views cannot be read": {laws.Views, "could not be read", nil, func(_ *story, e *Evidence) { e.Views = nil }},
		"the API tells another balance": {laws.Served, "the API says 7", nil, func(s *story, e *Evidence) {
			e.Served[s.id] = shown{version: s.states[s.id].Version, value: 7}
		}},
		"a subscriber saw one twice": {laws.SeenOnce, "transaction 5", nil, func(_ *story, e *Evidence) {
			seen := &e.Watches[0].Seen
			*seen = append((*seen)[:4:4], (*seen)[3:]...)
		}},
		"a subscriber missed one": {laws.SeenOnce, "transaction 5", nil, func(_ *story, e *Evidence) {
			seen := &e.Watches[1].Seen
			*seen = append((*seen)[:4:4], (*seen)[5:]...)
		}},
		"a subscriber missed the end": {laws.SeenOnce, "missed the last 2", nil, func(_ *story, e *Evidence) {
			seen := &e.Watches[0].Seen
			*seen = (*seen)[:len(*seen)-2]
		}},
		"a subscriber saw more than there is": {laws.SeenOnce, "more than the log has", nil, func(_ *story, e *Evidence) {
			seen := &e.Watches[0].Seen
			*seen = append(*seen, laws.Seen{Version: 99})
		}},
		"a deposit was forgotten while the account was used": {laws.Linearizable, "no order", func(s *story) {
			s.answer("much", contract.Refused).Available = new(cents(900)) // ten deposits were acknowledged before
		}, nil},
		"a deposit was denied and is there when it is asked for again": {laws.Linearizable, "key d2", func(s *story) {
			s.answer("d2", contract.Applied).Status = contract.Unavailable
			again := s.answer("d2", contract.Replayed)
			again.Sent = s.answer("d3", contract.Applied).Answered + 1
			again.Answered = again.Sent + 1
		}, nil},
		"an account stands still and was not poisoned": {laws.StandStill, "not poisoned", nil, func(s *story, e *Evidence) {
			e.Served[s.id] = shown{version: s.states[s.id].Version, value: s.states[s.id].Balance.Minor, stale: true}
		}},
		"a poisoned account does not show it": {laws.StandStill, "is not shown as stale", nil, func(s *story, e *Evidence) {
			e.Poisoned = map[bank.AccountID]Kind{s.id: PoisonBytes}
		}},
		"an unreadable event that the run did not put there": {laws.Event, "event", nil, func(s *story, e *Evidence) {
			bad := badRecord(PoisonUnknown, s.id)
			bad.Position, bad.Version = int64(len(s.records)+1), s.states[s.id].Version+1
			e.Record(bad)
		}},
		"a hold is said to be there no more that is": {laws.Linearizable, "no order", func(s *story) {
			a := s.answer("release", contract.Refused)
			a.Sent, a.Answered = s.answer("hold", contract.Applied).Answered, s.answer("capture", contract.Applied).Sent-1
		}, nil},
		"a refusal has another reason": {laws.Linearizable, "no order", func(s *story) {
			s.answer("undo too much", contract.Refused).Code = bank.AlreadyReversed
		}, nil},
		"a transfer never ends": {laws.Ended, "was received", func(s *story) {
			i := s.of("transfer-completed", 0)
			s.records = append(s.records[:i:i], s.records[i+1:]...)
		}, nil},
		"a transfer comes back although it was received": {laws.Transfer, "what was received", func(s *story) {
			i, j := s.of("transfer-completed", 0), s.of("transfer-returned", 0)
			s.records[i].Type, s.records[i].Schema = s.records[j].Type, s.records[j].Schema
			s.records[i].Data = bytes.ReplaceAll(s.records[j].Data,
				[]byte(transferIn(s.records[j])), []byte(transferIn(s.records[i])))
		}, nil},
		"a transfer was received that was never sent": {laws.Asked, "no client asked", func(s *story) {
			i := s.of("transfer-received", 0)
			s.records[i].Key += "?"
		}, nil},
		"a hold expired too early": {laws.Decided, "does not decide", func(s *story) {
			i := s.of("hold-expired", 0)
			s.records[i].At = s.records[i-1].At
		}, nil},
		"more was reversed than there was": {laws.Reversal, "at most", func(s *story) {
			i := s.of("transaction-reversed", 0)
			data := &s.records[i].Data
			*data = bytes.Replace(*data, []byte(`"amount":{"minor":40`), []byte(`"amount":{"minor":400`), 1)
		}, nil},
		"a replay came before its event": {laws.Linearizable, "no order", func(s *story) {
			a := s.answer("d9", contract.Replayed)
			a.Sent, a.Answered = 1, 2
			first := s.answer("d9", contract.Applied)
			first.Sent = 1
			s.answer("d0", contract.Applied).Sent = 21 // after the replay
		}, nil},
	} {
		t.Run(name, func(t *testing.T) {
			s := newStory(t)
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

// wantFinding fails the test unless something was found under a law, with a text.
func wantFinding(t *testing.T, all []Finding, law laws.Law, says string) {
	t.Helper()
	found := all[slices.IndexFunc(all, func(f Finding) bool { return f.Law == law })]
	if found.Violations == 0 || !strings.Contains(strings.Join(found.Examples, "\n"), says) {
		t.Errorf("under %q it found %d violations %q, want one that says %q; all: %+v",
			law, found.Violations, found.Examples, says, all)
	}
}
