package simulation

import (
	"encoding/json"
	"math"
	"reflect"

	"corebank/check/laws"
	"corebank/internal/bank"
	"corebank/internal/contract"
)

// check checks every law of the run, and returns how long its log is.
func (w *world) check() int {
	if w.cluster != nil {
		w.cluster.check()
	}
	records := w.records()
	log := laws.NewLog(&w.found)
	h := &laws.History{Findings: &w.found, Began: w.began, Skews: w.skews, Caller: customer, Durable: w.durableSince,
		Undivided: len(w.logs()) == 1}
	for _, a := range w.asked {
		h.Answers = append(h.Answers, a.Answer)
	}
	for _, s := range w.subscribers {
		h.Watches = append(h.Watches, s.result())
	}
	if views, err := laws.ReadViews(w.ctx, w.views.live().Store); err != nil ||
		views.Checkpoint() != int64(len(records)) {
		w.violated(laws.Views, "the views are not at position %d, the head of the log: %v", len(records), err)
	} else {
		log.Expect(views)
	}
	for _, r := range records {
		log.Record(r)
		h.Record(r)
	}
	log.End()
	log.CheckEnded()
	h.Check()
	w.checkPartitions(records)
	w.checkAsked(h)
	w.checkSights(h, records)
	w.checkShown(records)
	return len(records)
}

// checkPartitions compares what each partition has with the whole log, which has all of it. What was acknowledged
// is in its partition, word for word, at the position in the answer.
func (w *world) checkPartitions(whole []contract.Record) {
	stored := make(map[event]contract.Record)
	for _, d := range w.logs() {
		records, err := d.readAll(w.ctx, 0, math.MaxInt)
		if err != nil {
			w.violated(laws.Position, "the log%s cannot be read: %v", d.name(), err)
		}
		for i, r := range records {
			if r.Position != int64(i)+1 {
				w.violated(laws.Position, "the log%s has position %d as record %d", d.name(), r.Position, i+1)
			}
			stored[event{r.Account, r.Version}] = r
		}
	}
	if len(stored) != len(whole) {
		w.violated(laws.Position, "%d records are durable, and %d are in the whole log", len(stored), len(whole))
	}
	for _, a := range w.asked {
		if got := a.outcome.Record; got != nil {
			r := stored[event{got.Account, got.Version}]
			if r.Position != got.Position || string(r.Data) != string(got.Data) {
				w.violated(laws.Acknowledged, "%s was answered that %s is at position %d; there is %+v", a.Client, a.Request.Key,
					got.Position, r)
			}
		}
	}
}

// checkAsked: every answer is one that a client can get, and the account that came with it is that of the log.
func (w *world) checkAsked(h *laws.History) {
	for _, a := range w.asked {
		switch a.Status {
		case contract.Applied, contract.Replayed, contract.Refused, contract.NotTried, contract.Unavailable, contract.Unknown:
		default:
			w.violated(laws.Heals, "%s was answered %s for %s: %s", a.Client, a.Status, a.Request.Key, a.Note)
		}
		if a.outcome.Account == nil {
			continue
		}
		if state, _ := h.State(a.Account, a.AccountVersion); !reflect.DeepEqual(*a.outcome.Account, state.Summary()) {
			w.violated(laws.Shown, "%s was shown that %s is %+v; the log has %+v", a.Client, a.Account, *a.outcome.Account,
				state)
		}
	}
}

// attempt is one time that a client asked, with the whole answer.
type attempt struct {
	laws.Answer
	outcome contract.Outcome
}

// take notes what came of an attempt.
func (a *attempt) take(o contract.Outcome) {
	a.outcome = o
	a.Status, a.Account, a.Note = o.Status, a.Request.Account, o.Reason
	if o.Record != nil {
		var moved struct{ Balance struct{ Minor int64 } }
		_ = json.Unmarshal(o.Record.Data, &moved) // most events state a balance
		a.Version, a.Balance = o.Record.Version, moved.Balance.Minor
		a.Ends = ends(o)
	}
	if o.Refusal != nil {
		a.Code, a.Leg, a.Available, a.Shortfall = o.Refusal.Code, o.Refusal.Leg, o.Refusal.Available, o.Refusal.Shortfall
	}
	if o.Account != nil {
		a.AccountVersion, a.AccountBalance = o.Account.Version, o.Account.Balance.Minor
	}
}

// ends is what an outcome says of how its transfer ended; "" if it is none.
func ends(o contract.Outcome) string {
	event, err := o.Record.Event()
	sent, is := event.(bank.TransferSent)
	switch {
	case err != nil || !is:
		return ""
	case o.Return != nil:
		return "RETURNED"
	case sent.End == bank.EndArrived:
		return "COMPLETED"
	default:
		return "PENDING"
	}
}

// resolve asks once more for everything without a definite answer: in a healed bank every question gets one.
func (w *world) resolve() {
	w.mu.Lock()
	var answers []laws.Answer
	for _, a := range w.asked {
		answers = append(answers, a.Answer)
	}
	w.mu.Unlock()
	th := w.thread("auditor", nil)
	for _, b := range w.batches {
		w.resolveBatch(th, b)
	}
	for _, r := range laws.Unresolved(answers) {
		if r.Together != nil {
			continue
		}
		if a := w.ask(th, r, healTime); !a.Settled() {
			w.violated(laws.Heals, "%s of %s is still %s in a healthy bank: %s", r.Key, r.Account, a.Status, a.Note)
		}
	}
}

// resolveBatch asks once more for an atomic batch: as a whole, like each time before.
func (w *world) resolveBatch(th *thread, b *batch) {
	for _, a := range w.askBatch(th, b, healTime) {
		if !a.Settled() {
			w.violated(laws.Heals, "%s of a batch is still %s in a healthy bank: %s", a.Request.Key, a.Status, a.Note)
		}
	}
}

// lastLine is the position of the last transaction that a subscriber is to see; 0 for none.
func (w *world) lastLine(s *subscriber) (last int64) {
	derived, watch := make(laws.Derivation), s.result()
	for _, r := range w.records() {
		if line, err := derived.Entry(r); err == nil && watch.Wants(line) {
			last = line.Position
		}
	}
	return last
}
