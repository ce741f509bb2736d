package laws

import (
	"slices"

	"corebank/internal/bank"
)

// transferStatus is what the API calls the ends of transfers.
var transferStatus = map[bank.TransferEnd]string{
	"": "PENDING", bank.EndArrived: "COMPLETED", bank.EndReturned: "RETURNED",
}

// atOnce reports whether two records were written at once: nothing is between them but others of the same append, which
// says so where it has several accounts.
func atOnce(a, b *entry) bool {
	return a.Position+int64(a.More) == b.Position+int64(b.More) ||
		a.Account == b.Account && a.Position-b.Position == a.Version-b.Version
}

// checkTogether: what belongs together is in the log at once, and atomic batches in whole. That no leg is missing, a
// Log checks.
func (h *History) checkTogether() {
	for _, e := range h.entries {
		if e.before {
			continue
		}
		if e.ofOneStep() {
			h.Findings.Check(Together, 1)
			if !atOnce(e, e.cause) {
				h.Findings.Violated(Together, "%s is not of one step with %s, because of which it happened", e, e.cause)
			}
		}
		if sent, is := e.event.(bank.TransferSent); is && h.Undivided && sent.End == "" {
			h.Findings.Violated(Together, "%s is a transfer that did not end in the step in which it was sent", e)
		}
	}
	checked := make(map[*Request]bool) // by the first of each batch
	for _, a := range h.Answers {
		if batch := a.Request.Together; len(batch) > 0 && !checked[batch[0]] {
			checked[batch[0]] = true
			h.checkBatch(batch)
		}
	}
}

// ofOneStep reports whether an event has a cause, and happens only in the step of that.
func (e *entry) ofOneStep() bool {
	if e.cause == nil {
		return false
	}
	switch event := e.event.(type) {
	case bank.TransferReceived:
		return event.AtOnce
	case bank.TransferReturned: // otherwise it is because of a rejection
		_, sent := e.cause.event.(bank.TransferSent)
		return sent
	case bank.LegPosted:
		return event.Home != nil
	}
	return false
}

// checkBatch: an atomic batch is in the log in whole and at once, or not at all.
func (h *History) checkBatch(batch []*Request) {
	h.Findings.Check(Together, 1)
	var there []*entry
	for _, r := range batch {
		if e := h.entryOf(r); e != nil {
			there = append(there, e)
		}
	}
	if len(there) == 0 {
		return
	}
	apart := func(e *entry) bool { return e.Account != there[0].Account && !atOnce(e, there[0]) }
	if len(there) < len(batch) {
		h.Findings.Violated(Together, "of the %d requests of an atomic batch only %d happened: %v", len(batch), len(there),
			there)
	} else if slices.ContainsFunc(there, apart) {
		h.Findings.Violated(Together, "the requests of an atomic batch happened in several steps: %v", there)
	}
}

// checkParts holds what an answer says of other accounts to its event: how a transfer ended, and all legs.
func (h *History) checkParts(a Answer, e *entry) {
	switch event := e.event.(type) {
	case bank.TransferSent:
		if want := transferStatus[event.End]; a.Ends != "" && a.Ends != want && event.End != "" {
			h.Findings.Violated(Acknowledged, "%s was answered with a transfer that is %s; the log has %s", a.Client, a.Ends,
				want)
		}
	case bank.LegPosted:
		if a.Legs == nil {
			return
		}
		wrong := len(a.Legs) != len(event.Legs)
		for i := 0; i < len(a.Legs) && !wrong; i++ {
			got, leg := a.Legs[i], event.Legs[i]
			is := h.at(leg.Account, leg.Version)
			open := got.Version == 0 && a.Note != "" // the answer lacks that part
			wrong = got.Account != leg.Account || !open && (got.Version != leg.Version || is == nil || is.line == nil ||
				is.line.BalanceAfter != got.Balance)
		}
		if wrong {
			h.Findings.Violated(Acknowledged, "%s was answered with the legs %+v; the log has %+v", a.Client, a.Legs, event.Legs)
		}
	}
}
