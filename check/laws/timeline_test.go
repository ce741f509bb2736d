package laws

import (
	"fmt"
	"slices"
	"testing"
	"time"

	"github.com/anishathalye/porcupine"
	"pgregory.net/rapid"
)

// happening is a small history of some accounts: what happened, each with the version that it made of the accounts
// that it changed, and what somebody saw.
type happening struct {
	moments []*moment
	changed []map[int]int // account to version, by moment
	looks   []*look
	looked  []int // account, by look
	seen    [][]bool
}

// anyHappening is at times that mostly, and not always, agree with the versions. Requests are at odd times and answers
// at even ones.
func anyHappening(t *rapid.T) (h happening) {
	accounts := rapid.IntRange(1, 3).Draw(t, "accounts")
	versions, streams := make([]int, accounts), make([][]*moment, accounts)
	window := func(about int) (from, to time.Duration) {
		at := about + rapid.IntRange(-3, 3).Draw(t, "off")
		return time.Duration(2*max(0, at-rapid.IntRange(0, 3).Draw(t, "sent")) + 1),
			time.Duration(2 * (max(0, at) + rapid.IntRange(1, 4).Draw(t, "answered")))
	}
	for i := range rapid.IntRange(1, 5).Draw(t, "moments") {
		m := &moment{}
		m.early, m.late = window(3 * i)
		if rapid.IntRange(0, 4).Draw(t, "lost") == 0 {
			m.late = never
		}
		change := make(map[int]int)
		for account := range accounts {
			if rapid.Bool().Draw(t, "takes part") {
				versions[account]++
				change[account] = versions[account]
			}
		}
		h.moments, h.changed = append(h.moments, m), append(h.changed, change)
	}
	if n := len(h.moments); n > 1 && rapid.IntRange(0, 3).Draw(t, "crossed") == 0 { // an account sees two in another order
		i, account := rapid.IntRange(0, n-2).Draw(t, "which"), rapid.IntRange(0, accounts-1).Draw(t, "where")
		first, second := h.changed[i], h.changed[i+1]
		if first[account] > 0 && second[account] > 0 {
			first[account], second[account] = second[account], first[account]
		}
	}
	for account := range accounts {
		streams[account] = make([]*moment, versions[account])
		for i, change := range h.changed {
			if v := change[account]; v > 0 {
				streams[account][v-1] = h.moments[i]
			}
		}
		for i := 1; i < versions[account]; i++ {
			streams[account][i-1].next = append(streams[account][i-1].next, streams[account][i])
		}
	}
	for range rapid.IntRange(0, 4).Draw(t, "looks") {
		account := rapid.IntRange(0, accounts-1).Draw(t, "account")
		holds := rapid.SliceOfN(rapid.Bool(), versions[account]+1, versions[account]+1).Draw(t, "holds")
		l := &look{stream: streams[account], holds: func(version int) bool { return holds[version] }}
		l.from, l.to = window(rapid.IntRange(0, 12).Draw(t, "at"))
		h.looks, h.looked, h.seen = append(h.looks, l), append(h.looked, account), append(h.seen, holds)
	}
	return h
}

// explained is what porcupine, which tries all orders, says of it.
func (h happening) explained() bool {
	type operation struct{ moment, look int }
	var all []porcupine.Operation
	add := func(o operation, from, to time.Duration) {
		all = append(all, porcupine.Operation{ClientId: len(all), Input: o, Call: int64(from), Return: int64(to)})
	}
	for i, m := range h.moments {
		add(operation{i, -1}, m.early, m.late)
	}
	for i, l := range h.looks {
		add(operation{-1, i}, l.from, l.to)
	}
	model := porcupine.Model{
		Init: func() any { return [3]int{} },
		Step: func(s, in, _ any) (bool, any) {
			now, o := s.([3]int), in.(operation)
			if o.moment < 0 {
				return h.seen[o.look][now[h.looked[o.look]]], now
			}
			for account, version := range h.changed[o.moment] {
				if now[account]+1 != version {
					return false, now
				}
				now[account] = version
			}
			return true, now
		},
	}
	return porcupine.CheckOperations(model, all)
}

func TestAnOrderIsFoundWhereThereIsOne(t *testing.T) {
	found := map[bool]int{}
	rapid.Check(t, func(t *rapid.T) {
		h := anyHappening(t)
		want := h.explained()
		sorted, circle := inOrder(h.moments)
		is := circle == nil
		var untimely []*moment
		var wrong []*look
		if is {
			untimely, wrong = schedule(sorted, slices.Clone(h.looks))
			is = len(untimely)+len(wrong) == 0
		}
		if found[is]++; is != want {
			var text string
			for i, m := range h.moments {
				text += fmt.Sprintf("\n%v from %d to %d", h.changed[i], m.early, m.late)
			}
			for i, l := range h.looks {
				text += fmt.Sprintf("\naccount %d at %v from %d to %d", h.looked[i], h.seen[i], l.from, l.to)
			}
			t.Fatalf("an order is found: %v; there is one: %v; %d in a circle, %d untimely, %d wrong%s", is, want,
				len(circle), len(untimely), len(wrong), text)
		}
	})
	if found[true] == 0 || found[false] == 0 {
		t.Errorf("%v: there has to be something of both", found)
	}
}
