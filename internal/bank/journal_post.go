package bank

import (
	"math"
	"slices"
)

// journal is a transaction that is being decided: legs of accounts, the first of which at home answers the caller.
type journal struct {
	legs  []accountLeg
	home  AccountID
	party func(AccountID) Party
	in    Circumstances
}

// accountLeg is a leg and its account.
type accountLeg struct {
	account AccountID
	PostLeg
}

// post decides the legs in their order, each on the state that the earlier ones lead to, and all of them or none.
// refusing makes a broken rule of a leg one of the command. What the account of home does comes first.
func (j journal) post(refusing func(leg int, refusal *Refusal) *Refusal) ([]Decided, Refusals) {
	parties, order := j.load()
	all, first := j.number(parties)
	taken := make(map[AccountID]int64, len(parties))
	decided := make([]Decided, 0, len(j.legs))
	var broken Refusals
	for i, leg := range j.legs {
		p := parties[leg.account]
		if p.Unseen {
			continue
		}
		if i != first {
			leg.Home = &EventAt{Account: j.home, Version: all[first].Version}
		}
		event, wrong := leg.decide(p.Account, Circumstances{Now: p.Now, Caller: j.in.Caller, Key: j.in.Key})
		wrong.add(leg.checkTransactionLimit(p.Account, taken))
		for _, refusal := range wrong {
			broken.add(refusing(i, refusal))
		}
		if len(wrong) > 0 {
			continue // the later legs of the account are judged without it
		}
		next := Decided{Account: leg.account, Event: event, Step: leg.PostLeg}
		if i == first {
			posted := event.(LegPosted)
			posted.Legs = all
			next.Event, next.Step = posted, nil
		}
		p.Account = p.Apply(next.Event, p.Now)
		decided = append(decided, next)
	}
	if len(broken) > 0 {
		return nil, broken
	}
	slices.SortStableFunc(decided, func(a, b Decided) int {
		return slices.Index(order, a.Account) - slices.Index(order, b.Account)
	})
	return decided, nil
}

// load are the accounts of the legs before them, and their order: home first.
func (j journal) load() (parties map[AccountID]*Party, order []AccountID) {
	parties = make(map[AccountID]*Party, len(j.legs))
	add := func(id AccountID) {
		if parties[id] == nil {
			p := j.party(id)
			parties[id], order = &p, append(order, id)
		}
	}
	add(j.home)
	for _, leg := range j.legs {
		add(leg.account)
	}
	return parties, order
}

// number numbers the legs, and says where the event of each will be. first is the index of the first at home.
func (j journal) number(parties map[AccountID]*Party) (all []PostedLeg, first int) {
	id, first := NewJournalID(j.home, j.in.Key), -1
	versions := make(map[AccountID]int64, len(parties))
	for i := range j.legs {
		leg := &j.legs[i]
		leg.Journal, leg.Number, leg.Of = id, i+1, len(j.legs)
		if first < 0 && leg.account == j.home {
			first = i
		}
		if p := parties[leg.account]; versions[leg.account] == 0 && !p.Unseen { // of which a version would tell too much
			versions[leg.account] = p.Version
		}
		versions[leg.account]++
		all = append(all, PostedLeg{Account: leg.account, Version: versions[leg.account], Credit: leg.Credit,
			Amount: leg.Amount, Reference: digestOf(leg.Reference), Memo: digestOf(leg.Memo)})
	}
	return all, first
}

// checkTransactionLimit refuses a debit with which the legs take more from their account than may leave it at once.
// taken is what they have taken so far.
func (l accountLeg) checkTransactionLimit(a Account, taken map[AccountID]int64) *Refusal {
	if l.Credit || l.Reverses != nil || len(a.takes(l.Amount, nil)) > 0 {
		return nil
	}
	sum := taken[l.account]
	sum += min(l.Amount.Minor, math.MaxInt64-sum)
	taken[l.account] = sum
	return a.checkTransactionLimit(Money{Minor: sum, Currency: l.Amount.Currency})
}
