package laws

import (
	"slices"
	"time"

	"corebank/internal/bank"
	"corebank/internal/contract"
)

// systemCaller is the caller of the commands that the bank gives itself.
const systemCaller = "corebank"

// step is a command that the bank has to give itself, because of a record. A claim has no command and no cause.
type step struct {
	command bank.Command
	cause   *entry
}

// made reports whether a record, which has the step's key, is of the step.
func (s step) made(r contract.Record) bool {
	if s.command == nil {
		return true
	}
	wire, err := contract.EncodeCommand(systemCaller, r.Key, s.command)
	return err == nil && r.Caller == systemCaller && r.RequestHash == wire.Hash()
}

func (h *History) expect(name asked, s step) { h.steps[name] = append(h.steps[name], s) }

// expectNext notes what the bank has to do after a record: what its own process does. Whether that process is
// right, the law of transfers tells by itself.
func (h *History) expectNext(e *entry) {
	next, is := bank.NextStep(e.Account, e.Version, e.At, e.event)
	if !is {
		return
	}
	if key, own := bank.SystemKey(next.Command); own {
		h.expect(asked{next.Account, key}, step{next.Command, e})
	}
}

// expectClaim notes that an opening with an external id claims that first.
func (h *History) expectClaim(r *Request) {
	if opening, is := r.Command.(bank.OpenAccount); is && opening.ExternalID != "" {
		h.expect(asked{bank.NewClaimID(opening.ExternalID), bank.ClaimKey(r.Account)}, step{})
	}
}

// checkAsked: every event was asked for by a client, or follows from the log before it.
func (h *History) checkAsked() {
	for _, e := range h.entries {
		if e.before {
			continue
		}
		h.Findings.Check(Asked, 1)
		if !e.asked {
			h.Findings.Violated(Asked, "no client asked for %s of %s as it is at position %d", e.Key, e.Account, e.Position)
		}
	}
}

// checkDecided: every event is what the domain decides for its command after the version before it.
func (h *History) checkDecided() {
	for _, e := range h.entries {
		if e.before || e.command == nil {
			continue
		}
		h.Findings.Check(Decided, 1)
		if !e.decided {
			h.Findings.Violated(Decided, "the domain does not decide what is at position %d for %s of %s, %+v", e.Position,
				e.Key, e.Account, e.command)
		}
	}
}

// Pending is what the bank still has to do by itself: end transfers, and note that holds have expired.
type Pending struct {
	by       time.Time // holds that expire later are not waited for
	accounts map[bank.AccountID]bank.Account
}

// NewPending waits for holds that expire before a time.
func NewPending(by time.Time) *Pending {
	return &Pending{by: by, accounts: make(map[bank.AccountID]bank.Account)}
}

// Any reports whether something is to come.
func (p *Pending) Any() bool {
	soon := func(h bank.Hold) bool { return h.ExpiresAt.Before(p.by) }
	for _, account := range p.accounts {
		if len(account.InTransit) > 0 || slices.ContainsFunc(account.Holds, soon) {
			return true
		}
	}
	return false
}

// Record takes a record; those of one account have to come in their order. One that cannot be read is passed over.
func (p *Pending) Record(r contract.Record) {
	if event, err := r.Event(); err == nil {
		account := p.accounts[r.Account]
		account.ID, account.Version = r.Account, r.Version-1 // the log may begin anywhere
		p.accounts[r.Account] = account.Apply(event, r.At)
	}
}
