package saga

import (
	"cmp"
	"slices"
	"time"

	"corebank/internal/bank"
)

// hold is one that has not ended, as far as the driver knows.
type hold struct {
	Account   bank.AccountID `json:"account"`
	Version   int64          `json:"version"`
	Position  int64          `json:"position"`
	ExpiresAt time.Time      `json:"expiresAt"`
	// Again is set if it was found by a second reading, and may have ended since.
	Again bool `json:"again,omitempty"`
	// Trace is the span that it was placed or changed in; "" if no one traces.
	Trace string `json:"trace,omitempty"`

	delivery *delivery // the command that expires it: on its way, or answered
}

type holdID struct {
	account bank.AccountID
	version int64
}

// holds are the holds that expire first, up to a limit.
type holds struct {
	limit    int
	byID     map[holdID]*hold
	byExpiry []*hold
}

func newHolds(limit int) holds { return holds{limit: limit, byID: make(map[holdID]*hold)} }

func byExpiry(h, i *hold) int {
	return cmp.Or(h.ExpiresAt.Compare(i.ExpiresAt), cmp.Compare(h.Position, i.Position))
}

// add takes a hold in and returns the one that had to leave for it, if any.
func (s *holds) add(h *hold) (left *hold) {
	id := holdID{h.Account, h.Version}
	if s.byID[id] != nil {
		return nil
	}
	s.byID[id] = h
	i, _ := slices.BinarySearchFunc(s.byExpiry, h, byExpiry)
	s.byExpiry = slices.Insert(s.byExpiry, i, h)
	if len(s.byExpiry) > s.limit {
		left = s.byExpiry[s.limit]
		s.remove(left.Account, left.Version)
	}
	return left
}

// remove forgets a hold.
func (s *holds) remove(account bank.AccountID, version int64) {
	id := holdID{account, version}
	h := s.byID[id]
	if h == nil {
		return
	}
	h.delivery.cancel()
	delete(s.byID, id)
	if i, found := slices.BinarySearchFunc(s.byExpiry, h, byExpiry); found {
		s.byExpiry = slices.Delete(s.byExpiry, i, i+1)
	}
}

// postpone makes a hold expire later.
func (s *holds) postpone(h *hold, until time.Time) {
	s.remove(h.Account, h.Version)
	s.add(&hold{Account: h.Account, Version: h.Version, Position: h.Position, ExpiresAt: until, Again: h.Again,
		Trace: h.Trace})
}

// due are the holds that have expired by a time.
func (s *holds) due(by time.Time) []*hold {
	n := 0
	for n < len(s.byExpiry) && !s.byExpiry[n].ExpiresAt.After(by) {
		n++
	}
	return s.byExpiry[:n]
}
