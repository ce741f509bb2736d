package laws

import (
	"slices"
	"sort"
	"time"
)

// A history is strictly serializable if every operation can be given one time, between its request and its answer,
// so that at these times all of them together are what one bank would do that does one after the other. An account's
// versions already say in which order it was changed, and an operation on several accounts has a version in each of
// them. Left to find are times for the operations, and for those who only looked: which version they saw is not known,
// only for which versions their answer is right.
//
// Every bound "not before" that follows from the others is one that each solution keeps. Of the versions that
// somebody can have seen, the newest delays the next change least, and later than that no one can have looked. So the
// earliest times that keep all bounds are a solution if there is one, and nothing has to be tried out.

// moment is when something happened, in one account or in several at once.
type moment struct {
	entries     []*entry
	early, late time.Duration
	next        []*moment // which are not before it
	// since and until are the moments because of which it is not earlier or later, delayed the look because of which
	// it is not earlier; nil for itself.
	since, until *moment
	delayed      *look
	state        int // of the search for a circle
}

// look is what somebody saw of an account at some time: that it had a version for which holds.
type look struct {
	stream   []*moment // of the account, by version
	from, to time.Duration
	holds    func(version int) bool
	answer   Answer
}

// newest is the newest version that it can have been; -1 if there is none.
func (l *look) newest() int {
	version := sort.Search(len(l.stream), func(i int) bool { return l.stream[i].early > l.to })
	for ; version >= 0 && (version == len(l.stream) || l.stream[version].late > l.from); version-- {
		if l.holds(version) {
			return version
		}
	}
	return -1
}

const (
	stateNew = iota
	stateOpen
	stateDone
)

// inOrder sorts moments so that each comes after those that it follows. If some follow each other in a circle, it
// returns them instead.
func inOrder(moments []*moment) (sorted, circle []*moment) {
	var path []*moment
	var visit func(m *moment) []*moment
	visit = func(m *moment) []*moment {
		switch m.state {
		case stateDone:
			return nil
		case stateOpen:
			return slices.Clone(path[slices.Index(path, m):])
		}
		m.state, path = stateOpen, append(path, m)
		for _, next := range m.next {
			if circle := visit(next); circle != nil {
				return circle
			}
		}
		m.state, path = stateDone, path[:len(path)-1]
		sorted = append(sorted, m)
		return nil
	}
	for _, m := range slices.Backward(moments) {
		if circle := visit(m); circle != nil {
			return nil, circle
		}
	}
	slices.Reverse(sorted)
	return sorted, nil
}

// schedule finds times for sorted moments, and for looks. It returns the moments that cannot have been in time, and the
// looks that saw what was there at no time.
func schedule(sorted []*moment, looks []*look) (untimely []*moment, wrong []*look) {
	delay(sorted)
	for _, m := range sorted {
		if m.early > m.late {
			was := *m
			untimely = append(untimely, &was)
			m.late = m.early // so that it is found once
		}
	}
	for _, m := range slices.Backward(sorted) {
		for _, next := range m.next {
			if next.late < m.late {
				m.late, m.until = next.late, next
			}
		}
	}
	for again := true; again; delay(sorted) {
		again = false
		looks = slices.DeleteFunc(looks, func(l *look) bool {
			version := l.newest()
			if version < 0 {
				wrong = append(wrong, l)
				return true
			}
			if version < len(l.stream) && l.stream[version].early <= l.from {
				next := l.stream[version]
				next.early, next.since, next.delayed, again = l.from+1, nil, l, true
			}
			return false
		})
	}
	return untimely, wrong
}

// delay has no moment earlier than one that it follows.
func delay(sorted []*moment) {
	for _, m := range sorted {
		for _, next := range m.next {
			if next.early < m.early {
				next.early, next.since, next.delayed = m.early, m, nil
			}
		}
	}
}
