package laws

import (
	"cmp"
	"crypto/sha256"
	"fmt"
	"maps"
	"math/big"
	"slices"

	"corebank/internal/bank"
	"corebank/internal/contract"
)

// journal is a transaction with several legs of which some were not in the log yet: those that were, by their numbers,
// and the one that has all of them, or nil.
type journal struct {
	legs map[int]leg
	home *leg
}

// leg is a leg and its record.
type leg struct {
	bank.LegPosted
	record contract.Record
}

// checkLeg holds a leg to the others of its transaction.
func (l *Log) checkLeg(r contract.Record, event bank.Event) {
	e, is := event.(bank.LegPosted)
	if !is {
		return
	}
	j := l.journals[e.Journal]
	if j == nil {
		j = &journal{legs: make(map[int]leg)}
	}
	_, twice := j.legs[e.Number]
	if twice || l.posted[e.Journal] > 0 {
		l.findings.about(r, Journal, fmt.Sprintf("leg %d of %s once", e.Number, e.Journal), "it again")
		return
	}
	l.journals[e.Journal] = j
	one := leg{e, r}
	j.legs[e.Number] = one
	if e.Home == nil {
		j.home = &one
		l.checkHome(one)
	}
	if j.home != nil && len(j.legs) == j.home.Of {
		for _, n := range slices.Sorted(maps.Keys(j.legs)) {
			l.checkOfWhole(j.legs[n], *j.home)
		}
		delete(l.journals, e.Journal)
		l.posted[e.Journal] = j.home.Of
	}
}

// checkHome holds the leg that has all legs to its request, and all of them to zero.
func (l *Log) checkHome(home leg) {
	if id := bank.NewJournalID(home.record.Account, home.record.Key); home.Journal != id {
		l.findings.about(home.record, Journal, fmt.Sprintf("transaction %s, which follows from the account and the key", id),
			string(home.Journal))
	}
	sums := make(map[bank.Currency]*big.Int)
	for _, one := range home.Legs {
		if sums[one.Amount.Currency] == nil {
			sums[one.Amount.Currency] = new(big.Int)
		}
		sums[one.Amount.Currency].Add(sums[one.Amount.Currency], big.NewInt(signed(one.Amount, one.Credit).Minor))
	}
	for _, currency := range slices.Sorted(maps.Keys(sums)) {
		if sum := sums[currency]; sum.Sign() != 0 {
			l.findings.about(home.record, Journal, fmt.Sprintf("legs that sum to zero in %s", currency),
				currency.Decimal(sum.String()))
		}
	}
	if home.Reverses != nil && l.posted[home.Reverses.Journal] != home.Of {
		l.findings.about(home.record, Journal, fmt.Sprintf("as many legs as %s has, which it undoes: %d",
			home.Reverses.Journal, l.posted[home.Reverses.Journal]), fmt.Sprint(home.Of))
	}
}

// checkOfWhole holds a leg to what the one that has all of them says of it.
func (l *Log) checkOfWhole(one, home leg) {
	want, is := home.Legs[one.Number-1], bank.PostedLeg{Account: one.record.Account, Version: one.record.Version,
		Credit: one.Credit, Amount: one.Amount, Reference: digest(one.Reference), Memo: digest(one.Memo)}
	if is != want {
		l.findings.about(one.record, Journal, fmt.Sprintf("leg %d of %s as the one says that has all: %s", one.Number,
			one.Journal, legText(want)), legText(is))
	}
	place := bank.EventAt{Account: home.record.Account, Version: home.record.Version}
	if one.Of != home.Of || one.Home != nil && *one.Home != place {
		l.findings.about(one.record, Journal, fmt.Sprintf("one of %d legs, all of them at version %d of %s", home.Of,
			place.Version, place.Account), fmt.Sprintf("one of %d, at %v", one.Of, one.Home))
	}
	if undone(one) != undone(home) {
		l.findings.about(one.record, Journal, fmt.Sprintf("a leg that undoes %q, like the others", undone(home)),
			fmt.Sprintf("%q", undone(one)))
	}
}

// digest stands for a text in what one leg says of another.
func digest(text string) string {
	if text == "" {
		return ""
	}
	return fmt.Sprintf("%x", sha256.Sum256([]byte(text)))[:12]
}

// undone is the transaction that a leg undoes, or "".
func undone(l leg) bank.JournalID {
	if l.Reverses == nil {
		return ""
	}
	return l.Reverses.Journal
}

func legText(l bank.PostedLeg) string {
	return fmt.Sprintf("%s at version %d of %s, with the texts %q and %q", signed(l.Amount, l.Credit), l.Version,
		l.Account, l.Reference, l.Memo)
}

// checkWholes finds, at the end of the log, the transactions that have not all of their legs. Where something was not
// readable, nothing can be said.
func (l *Log) checkWholes() {
	for _, id := range slices.SortedFunc(maps.Keys(l.journals), cmp.Compare[bank.JournalID]) {
		j := l.journals[id]
		if j.home == nil {
			l.checkHomeless(id, j)
			continue
		}
		for i, want := range j.home.Legs {
			if _, there := j.legs[i+1]; !there && !l.unreadable(want.Account) {
				l.findings.Add(Finding{Law: Journal, Position: l.position, Account: want.Account, Version: want.Version,
					Expected: fmt.Sprintf("leg %d of %s, %s", i+1, id, legText(want)), Found: "no leg"})
			}
		}
	}
}

// checkHomeless finds legs without the one that has all of them.
func (l *Log) checkHomeless(id bank.JournalID, j *journal) {
	one := j.legs[slices.Min(slices.Collect(maps.Keys(j.legs)))]
	if one.Home == nil || l.unreadable(one.Home.Account) {
		return
	}
	l.findings.Add(Finding{Law: Journal, Position: l.position, Account: one.Home.Account, Version: one.Home.Version,
		Expected: fmt.Sprintf("the leg of %s that has all of them", id),
		Found:    fmt.Sprintf("%d others, leg %d at position %d", len(j.legs), one.Number, one.record.Position)})
}
