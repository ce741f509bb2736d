package torture

import (
	"fmt"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"corebank/internal/audit"
	"corebank/internal/bank"
	"corebank/internal/contract"
	"corebank/internal/view"
	"corebank/internal/view/memory"
)

// story is a small bank whose every word is known: what clients were told, and
// the log behind it. A test forges one of them and looks who notices.
type story struct {
	t       *testing.T
	id      bank.AccountID
	state   bank.Account
	answers []Answer
	records []contract.Record
	now     time.Duration
}

// newStory is: an opening, ten deposits of 1.00, each asked twice, a withdrawal
// that is refused, a conflict of keys, and a deposit that nobody got an answer
// to and that happened.
func newStory(t *testing.T) *story {
	s := &story{t: t, id: bank.NewAccountID("anonymous", "open")}
	s.tell(&Request{Key: "open", Command: bank.OpenAccount{Owner: "Ada", Currency: currency}})
	for i := range 10 {
		r := s.deposit(fmt.Sprint("d", i), 100)
		s.tell(r)
		s.tell(r)
	}
	s.tell(&Request{Account: s.id, Key: "much", Command: bank.Withdraw{Amount: bank.Money{Minor: 5000, Currency: currency}}})
	s.tell(s.deposit("d3", 101))
	lost := s.deposit("lost", 100)
	s.tell(lost)
	s.answers[len(s.answers)-1] = Answer{Request: lost, Sent: s.now, Answered: s.now + 1, Verdict: Unknown, Account: s.id}
	s.tell(s.deposit("last", 100))
	return s
}

func (s *story) deposit(key string, cents int64) *Request {
	return &Request{Account: s.id, Key: key, Command: bank.Deposit{Amount: bank.Money{Minor: cents, Currency: currency}}}
}

// tell has the bank answer a request as it should.
func (s *story) tell(r *Request) {
	s.t.Helper()
	s.now += 10
	a := Answer{Request: r, Sent: s.now, Answered: s.now + 5, Account: s.id}
	defer func() {
		a.ToldVersion, a.ToldBalance = s.state.Version, s.state.Balance.Minor
		s.answers = append(s.answers, a)
	}()
	for _, earlier := range s.records {
		if earlier.Key != r.Key {
			continue
		}
		event, err := earlier.Event()
		if err != nil {
			s.t.Fatal(err)
		}
		a.Verdict, a.Version = Replayed, earlier.Version
		if deposited, ok := event.(bank.MoneyDeposited); ok {
			a.Balance = deposited.Balance.Minor
		}
		if len(bank.Differences(event, r.Command)) > 0 {
			a.Verdict, a.Code, a.Version, a.Balance = Refused, bank.IdempotencyConflict, 0, 0
		}
		return
	}
	event, refusal := s.state.Decide(r.Command)
	if refusal != nil {
		a.Verdict, a.Code = Refused, refusal.Code
		if refusal.Available != nil {
			a.Available = refusal.Available.Minor
		}
		return
	}
	record := contract.Record{Position: int64(len(s.records) + 1), Account: s.id, Version: s.state.Version + 1,
		At: time.Unix(0, 0).UTC(), Key: r.Key, Caller: "anonymous", RequestHash: r.hash()}
	if err := record.SetEvent(event); err != nil {
		s.t.Fatal(err)
	}
	s.state.ID = s.id
	s.state = s.state.Apply(event, record.At)
	s.records = append(s.records, record)
	a.Verdict, a.Version, a.Balance = Applied, s.state.Version, s.state.Balance.Minor
}

// answer is the first to a key with a verdict.
func (s *story) answer(key string, verdict Verdict) *Answer {
	for i := range s.answers {
		if s.answers[i].Request.Key == key && s.answers[i].Verdict == verdict {
			return &s.answers[i]
		}
	}
	s.t.Fatalf("no %s answer to %s", verdict, key)
	return nil
}

// evidence is what a run would have gathered of the story.
func (s *story) evidence() *Evidence {
	s.t.Helper()
	e := &Evidence{Answers: s.answers, Stale: map[bank.AccountID]bool{s.id: false}, Balances: map[bank.AccountID][2]int64{s.id: {s.state.Version, s.state.Balance.Minor}}}
	e.Views = viewsOf(s.t, s.records)
	watch := Watch{Name: "subscriber"}
	for _, r := range s.records {
		e.Record(r)
		if line := e.log[len(e.log)-1].line; line != nil {
			watch.Seen = append(watch.Seen, Seen{r.Account, r.Version, string(line.Type), line.Amount, line.BalanceAfter})
		}
	}
	one := watch
	one.Account, one.Seen = s.id, append([]Seen(nil), watch.Seen...)
	e.Watches = []Watch{watch, one}
	return e
}

func viewsOf(t *testing.T, records []contract.Record) *audit.Views {
	t.Helper()
	store := memory.New()
	accounts := make(map[bank.AccountID]view.Account)
	for i, r := range records {
		if r.Version <= accounts[r.Account].Version {
			continue // forged; the views keep what they have
		}
		account := accounts[r.Account]
		account.Version = r.Version - 1
		account, line, err := view.Fold(account, r)
		if err != nil {
			t.Fatal(err)
		}
		accounts[r.Account] = account
		changes := view.Changes{From: int64(i), To: int64(i) + 1, Accounts: []view.Account{account}}
		if line != nil {
			moved := *line
			moved.Position = int64(i) + 1
			changes.Transactions = []view.Transaction{moved}
		}
		if err := store.Apply(t.Context(), changes); err != nil {
			t.Fatal(err)
		}
	}
	views, err := audit.ReadViews(t.Context(), store)
	if err != nil {
		t.Fatal(err)
	}
	return views
}

func TestAHistoryWithoutAnOrderIsDrawn(t *testing.T) {
	s := newStory(t)
	s.answer("much", Refused).Available = 900
	e := s.evidence()
	e.Pictures = t.TempDir()
	examples := strings.Join(verify(e).findings[Ordered].Examples, "\n")
	if pages, err := filepath.Glob(filepath.Join(e.Pictures, "*.html")); err != nil || len(pages) != 1 || !strings.Contains(examples, pages[0]) {
		t.Errorf("%q shows %v, %v", examples, pages, err)
	}
}

func verify(e *Evidence) *Verification {
	v := newVerification()
	e.Check(v)
	return v
}

func TestATrueStoryHasNoViolation(t *testing.T) {
	v := verify(newStory(t).evidence())
	for _, f := range v.Findings() {
		if f.Violations > 0 {
			t.Errorf("%s: %v", f.Law, f.Examples)
		}
		if f.Checked == 0 && f.Law != Heals && f.Law != Unchanged {
			t.Errorf("%s: nothing was checked", f.Law)
		}
	}
}

// Each lie is told in one place and has to be found there, under its law.
func TestEveryLieIsFound(t *testing.T) {
	for name, lie := range map[string]struct {
		law  Law
		says string
		tell func(*story)            // before the evidence is gathered
		hide func(*story, *Evidence) // after
	}{
		"an acknowledged deposit is lost": {Kept, "in the log 0 times", func(s *story) {
			s.records = s.records[:len(s.records)-1]
		}, nil},
		"a deposit was made twice": {AtMostOnce, "has 2 events", func(s *story) {
			again := s.records[4]
			s.state = s.state.Apply(bank.MoneyDeposited{Amount: bank.Money{Minor: 100, Currency: currency},
				Balance: bank.Money{Minor: s.state.Balance.Minor + 100, Currency: currency}}, again.At)
			again.Position, again.Version = int64(len(s.records)+1), s.state.Version
			s.records = append(s.records, again)
		}, nil},
		"a deposit was announced as new twice": {Kept, "announced as new 2 times", func(s *story) {
			s.answer("d2", Replayed).Verdict = Applied
		}, nil},
		"the answer tells another balance": {Kept, "with 999 after it", func(s *story) {
			s.answer("d2", Applied).Balance = 999
		}, nil},
		"the answer tells another version": {Kept, "as version 9", func(s *story) {
			s.answer("d2", Applied).Version = 9
		}, nil},
		"the account with the answer is another": {Kept, "came", func(s *story) {
			s.answer("d2", Applied).ToldBalance = 1
		}, nil},
		"what was refused has happened": {NotThere, "never anything but refused", func(s *story) {
			a := s.answer("last", Applied)
			a.Verdict, a.Code, a.ToldVersion = Refused, bank.InsufficientFunds, 0
		}, nil},
		"what did not happen has happened": {NotThere, "never anything but unavailable", func(s *story) {
			s.answer("last", Applied).Verdict = Unavailable
		}, nil},
		"a key is taken that is not": {AtMostOnce, "no other request with it", func(s *story) {
			s.answer("d3", Refused).Request.Key = "free"
		}, nil},
		"nobody asked": {Asked, "nobody sent lost", func(s *story) {
			s.answers = append(s.answers[:len(s.answers)-2], s.answers[len(s.answers)-1])
		}, nil},
		"the log has a gap": {Sound, "position 6", func(s *story) {
			s.records = append(s.records[:4:4], s.records[5:]...)
		}, nil},
		"the log holds another sum": {Sound, "postings", func(s *story) {
			s.records[3].Data = []byte(strings.Replace(string(s.records[3].Data), `"minor":-100`, `"minor":-101`, 1))
		}, nil},
		"a view is wrong": {Sound, "views", nil, func(s *story, e *Evidence) {
			s.records[5].Data = []byte(strings.Replace(string(s.records[5].Data), `"minor":500`, `"minor":501`, 1))
			other := &Evidence{Views: viewsOf(s.t, s.records)}
			fresh := newStory(s.t)
			for _, r := range fresh.records {
				other.Record(r)
			}
			e.auditor, e.Views = other.auditor, other.Views
		}},
		"the views cannot be read": {Sound, "could not be read", nil, func(_ *story, e *Evidence) { e.Views = nil }},
		"the API tells another balance": {Balances, "the API says 7", nil, func(s *story, e *Evidence) {
			e.Balances[s.id] = [2]int64{s.state.Version, 7}
		}},
		"a subscriber saw one twice": {SeenOnce, "transaction 5", nil, func(_ *story, e *Evidence) {
			seen := &e.Watches[0].Seen
			*seen = append((*seen)[:4:4], (*seen)[3:]...)
		}},
		"a subscriber missed one": {SeenOnce, "transaction 5", nil, func(_ *story, e *Evidence) {
			seen := &e.Watches[1].Seen
			*seen = append((*seen)[:4:4], (*seen)[5:]...)
		}},
		"a subscriber missed the end": {SeenOnce, "missed the last 2", nil, func(_ *story, e *Evidence) {
			seen := &e.Watches[0].Seen
			*seen = (*seen)[:len(*seen)-2]
		}},
		"a subscriber saw more than there is": {SeenOnce, "more than the log has", nil, func(_ *story, e *Evidence) {
			seen := &e.Watches[0].Seen
			*seen = append(*seen, Seen{Version: 99})
		}},
		"a deposit was forgotten while the account was used": {Ordered, "no order", func(s *story) {
			s.answer("much", Refused).Available = 900 // ten deposits were acknowledged before
		}, nil},
		"an account stands still that nobody poisoned": {StandStill, "nobody poisoned it", nil, func(s *story, e *Evidence) {
			e.Stale[s.id] = true
		}},
		"a poisoned account does not show it": {StandStill, "is not shown as stale", nil, func(s *story, e *Evidence) {
			e.Poisoned = map[bank.AccountID]Kind{s.id: PoisonBytes}
		}},
		"an event that nobody can read and nobody put there": {Sound, "event", nil, func(s *story, e *Evidence) {
			bad := badRecord(PoisonUnknown, s.id)
			bad.Position, bad.Version = int64(len(s.records)+1), s.state.Version+1
			e.Record(bad)
		}},
		"a replay came before its event": {Ordered, "no order", func(s *story) {
			a := s.answer("d9", Replayed)
			a.Sent, a.Answered = 1, 2
			first := s.answer("d9", Applied)
			first.Sent = 1
			s.answer("d0", Applied).Sent = 21 // after the replay
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
			v := verify(e)
			found := v.findings[lie.law]
			if found.Violations == 0 || !strings.Contains(strings.Join(found.Examples, "\n"), lie.says) {
				t.Errorf("under %q it found %d violations %q, want one that says %q; all: %+v",
					lie.law, found.Violations, found.Examples, lie.says, v.Findings())
			}
		})
	}
}
