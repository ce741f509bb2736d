package view

import (
	"strings"
	"time"

	"corebank/internal/contract"
)

// MaxReason bounds the bytes of a stale document's reason: it quotes what an
// event says, which may be long.
const MaxReason = 500

// Stale says why a document stands still while its account goes on: an event
// could not be folded, so that neither it nor any later one is shown. The zero
// Stale says that the document follows its account.
type Stale struct {
	// Reason is for operators: 1 to MaxReason bytes.
	Reason string
	// Position and Version are those of the first event that is not shown.
	Position, Version int64
	// Since is when that event happened: UTC, whole microseconds.
	Since time.Time
}

// Quarantined reports whether the document stands still.
func (a Account) Quarantined() bool { return a.Stale.Position != 0 }

// Quarantine is the document after a record that it cannot take, for a reason.
// It may be of an account that never had a document.
func Quarantine(a Account, r contract.Record, reason error) Account {
	text := strings.ToValidUTF8(reason.Error(), "?")
	if len(text) > MaxReason {
		text = strings.ToValidUTF8(text[:MaxReason], "")
	}
	a.ID = r.Account
	a.Stale = Stale{Reason: text, Position: r.Position, Version: r.Version, Since: r.At.UTC().Truncate(time.Microsecond)}
	return a
}
