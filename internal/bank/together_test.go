package bank_test

import (
	"reflect"
	"slices"
	"testing"
	"time"

	"corebank/internal/bank"
)

// A joint is a story of several accounts that decide in one step: what happened in each before, a minute between each,
// what is asked of Ada's, and what becomes of it.
type joint struct {
	given   map[bank.AccountID][]bank.Event
	now     map[bank.AccountID]time.Time // a minute after the last event of the account, where it is not given
	when    bank.Command
	then    []bank.Decided
	or      bank.Refusal // its message aside
	also    []bank.Code
	whole   bank.Event
	parties []bank.AccountID // none for Ada and Grace
}

// histories are Ada's and Grace's.
func histories(adas, graces []bank.Event) map[bank.AccountID][]bank.Event {
	return map[bank.AccountID][]bank.Event{ada: adas, grace: graces}
}

func (j joint) party(id bank.AccountID) bank.Party {
	account := bank.Account{ID: id}
	for i, e := range j.given[id] {
		account = account.Apply(e, at(i+1))
	}
	now := j.now[id]
	if now.IsZero() {
		now = at(len(j.given[id]) + 1)
	}
	return bank.Party{Account: account, Now: now}
}

func (j joint) circumstances() bank.Circumstances {
	in := bank.Circumstances{Caller: "grace", Key: "key", Whole: j.whole}
	if version := j.party(ada).RequiredVersion(j.when); version != 0 {
		in.Past = j.given[ada][version-1]
	}
	return in
}

// tellTogether runs joint stories by their names.
func tellTogether(t *testing.T, stories map[string]joint) {
	t.Helper()
	for name, j := range stories {
		t.Run(name, func(t *testing.T) {
			in := j.circumstances()
			parties := j.parties
			if parties == nil {
				parties = []bank.AccountID{ada, grace}
			}
			if got := bank.Parties(j.when, j.party(ada).Account, in); !slices.Equal(got, parties) {
				t.Errorf("the parties are %v, want %v", got, parties)
			}
			decided, broken := bank.DecideTogether(j.when, ada, j.party, in)
			for _, refusal := range broken {
				checkMessage(t, refusal.Message)
			}
			switch {
			case j.then != nil && len(broken) > 0:
				t.Errorf("refused with %+v, want %+v", *broken[0], j.then)
			case j.then != nil && !reflect.DeepEqual(decided, j.then):
				t.Errorf("decided\n%+v, want\n%+v", decided, j.then)
			case j.then != nil:
				checkDecided(t, j.when, decided, j.party)
			case len(broken) == 0:
				t.Errorf("decided %+v, want refusal %+v", decided, j.or)
			default:
				first := *broken[0]
				first.Message = ""
				if !reflect.DeepEqual(first, j.or) || !slices.Equal(codes(broken[1:]), j.also) || decided != nil {
					t.Errorf("refused with\n%+v and %v, want\n%+v and %v", first, codes(broken[1:]), j.or, j.also)
				}
			}
		})
	}
}

// checkDecided holds what was decided together to what holds of every new event, and the whole to leaving nothing in
// transit: one event answers the caller, and the others have keys of the bank's own.
func checkDecided(t tester, c bank.Command, decided []bank.Decided, party func(bank.AccountID) bank.Party) {
	t.Helper()
	states, transit := make(map[bank.AccountID]bank.Party), make(map[bank.Currency]int64)
	keys := make(map[string]bool)
	answers := 0
	for _, d := range decided {
		p, seen := states[d.Account]
		if !seen {
			p = party(d.Account)
		}
		command, key := c, ""
		if d.Step != nil {
			command = d.Step
			var own bool
			if key, own = bank.SystemKey(d.Step); !own || bank.CheckStoredKey(key) != nil {
				t.Fatalf("%+v has no key of the bank's", d.Step)
			}
		} else {
			answers++
		}
		if key = string(d.Account) + " " + key; keys[key] {
			t.Fatalf("%s is there twice in %+v", key, decided)
		}
		keys[key] = true
		checkFact(t, p.Account, d.Event, command, p.Now)
		for _, posting := range d.Event.PostingLines() {
			if bank.LedgerKind(posting.LedgerAccount) == "transit" {
				transit[posting.Amount.Currency] += posting.Amount.Minor
			}
		}
		p.Account = p.Apply(d.Event, p.Now)
		states[d.Account] = p
	}
	if answers != 1 {
		t.Fatalf("%d events answer the caller: %+v", answers, decided)
	}
	for currency, minor := range transit {
		if minor != 0 {
			t.Fatalf("%d minor units of %s stay in transit after %+v", minor, currency, decided)
		}
	}
}

// on is a movement on another account than Ada's.
func on(id bank.AccountID, m bank.Movement) bank.Movement {
	m.Postings = slices.Clone(m.Postings)
	m.Postings[0].LedgerAccount = bank.CustomerLedger(id)
	return m
}
