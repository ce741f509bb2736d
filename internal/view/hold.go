package view

import (
	"fmt"
	"time"

	"corebank/internal/bank"
	"corebank/internal/contract"
)

// HoldStatus says what became of a hold.
type HoldStatus string

// The statuses of a hold, as the API spells them. One that was captured in part
// and then let go is released; one that was captured with its rest let go at
// once is captured.
const (
	HoldActive   HoldStatus = "ACTIVE"
	HoldCaptured HoldStatus = "CAPTURED"
	HoldReleased HoldStatus = "RELEASED"
	HoldExpired  HoldStatus = "EXPIRED"
)

// Hold is what the records of one hold come to. Amount is the sum of Captured,
// Released (let go, by hand or by its end) and Remaining.
type Hold struct {
	Account bank.AccountID
	// Version is that of the event that placed it, which names it.
	Version                               int64
	Amount, Captured, Released, Remaining bank.Money
	Status                                HoldStatus
	PlacedAt, ExpiresAt                   time.Time
	// EndedAt is when it held no longer; zero while it is active.
	EndedAt time.Time
	Details bank.Details
}

// HoldOf folds the records that are filed under a hold's key, in the order of
// the log, into the hold as it is now. It fails with ErrNotFound where they do
// not begin with its placing.
func HoldOf(records []contract.Record, now time.Time) (Hold, error) {
	var h Hold
	for i, r := range records {
		event, err := r.Event()
		if err != nil {
			return Hold{}, fmt.Errorf("hold on %s: %w", r.Account, err)
		}
		placed, placing := event.(bank.HoldPlaced)
		switch {
		case placing:
			h = placedHold(r, placed)
		case i == 0:
			return Hold{}, fmt.Errorf("hold on %s: %w", r.Account, ErrNotFound)
		default:
			h.take(r, event)
		}
	}
	if h.Version == 0 {
		return Hold{}, fmt.Errorf("hold: %w", ErrNotFound)
	}
	if h.Status == HoldActive && !now.Before(h.ExpiresAt) {
		h.expire()
	}
	return h, nil
}

func placedHold(r contract.Record, e bank.HoldPlaced) Hold {
	none := bank.Money{Currency: e.Amount.Currency}
	return Hold{Account: r.Account, Version: r.Version, Status: HoldActive,
		Amount: e.Amount, Captured: none, Released: none, Remaining: e.Amount,
		PlacedAt: r.At, ExpiresAt: e.ExpiresAt, Details: e.Details}
}

func (h *Hold) take(r contract.Record, event bank.Event) {
	switch e := event.(type) {
	case bank.HoldAdjusted:
		h.Amount, h.Remaining, h.ExpiresAt = e.Amount, e.Remaining, e.ExpiresAt
	case bank.HoldCaptured:
		h.Captured.Minor += e.Amount.Minor
		h.Released.Minor += e.Released.Minor
		if h.Remaining = e.Remaining; h.Remaining.Minor == 0 {
			h.Status, h.EndedAt = HoldCaptured, r.At
		}
	case bank.HoldReleased:
		h.letGo()
		h.Status, h.EndedAt = HoldReleased, r.At
	case bank.HoldExpired:
		h.expire()
	}
}

// expire ends the hold when its time was over, whenever that was noted.
func (h *Hold) expire() {
	h.letGo()
	h.Status, h.EndedAt = HoldExpired, h.ExpiresAt
}

func (h *Hold) letGo() {
	h.Released.Minor += h.Remaining.Minor
	h.Remaining.Minor = 0
}
