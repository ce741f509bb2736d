package torture

import (
	"time"

	"corebank/internal/bank"
	"corebank/internal/contract"
)

// pending is what the bank still has to do by itself: end transfers, and note
// that holds have expired.
type pending struct {
	by        time.Time // holds that expire later are not waited for
	transfers map[bank.TransferID]bool
	holds     map[holdName]bool
}

type holdName struct {
	account bank.AccountID
	version int64
}

func newPending(by time.Time) *pending {
	return &pending{by: by, transfers: make(map[bank.TransferID]bool), holds: make(map[holdName]bool)}
}

// any reports whether something is to come.
func (p *pending) any() bool { return len(p.transfers)+len(p.holds) > 0 }

// note takes the next record of the log.
func (p *pending) note(r contract.Record, event bank.Event) {
	switch e := event.(type) {
	case bank.TransferSent:
		p.transfers[e.Transfer] = true
	case bank.TransferCompleted:
		delete(p.transfers, e.Transfer)
	case bank.TransferReturned:
		delete(p.transfers, e.Transfer)
	case bank.HoldPlaced:
		if e.ExpiresAt.Before(p.by) {
			p.holds[holdName{r.Account, r.Version}] = true
		}
	case bank.HoldCaptured:
		if !e.Remaining.Positive() {
			delete(p.holds, holdName{r.Account, e.Hold})
		}
	case bank.HoldReleased:
		delete(p.holds, holdName{r.Account, e.Hold})
	case bank.HoldExpired:
		delete(p.holds, holdName{r.Account, e.Hold})
	}
}
