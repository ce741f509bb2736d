package simulation

import (
	"math"
	"reflect"
	"time"

	"corebank/internal/bank"
	"corebank/internal/contract"
	"corebank/internal/view"
)

// history is the log, read as an auditor would.
type history struct {
	world   *world
	records []contract.Record
	// streams are the records of each account, by version-1.
	streams map[bank.AccountID][]contract.Record
	// states are the accounts after each version; the zero account is first.
	states map[bank.AccountID][]bank.Account
	lines  []view.Transaction
	// places are the positions that clients hear of: those in the partitions.
	places map[event]int64
	// courses are the transfers.
	courses map[bank.TransferID]*course
}

// judge holds the whole run to the laws and tells how long its log is.
func (w *world) judge() int {
	records := w.records()
	h := &history{world: w, records: records, places: make(map[event]int64),
		streams: make(map[bank.AccountID][]contract.Record), states: make(map[bank.AccountID][]bank.Account),
		courses: make(map[bank.TransferID]*course)}
	h.checkPartitions()
	h.checkLog()
	h.checkTransfers()
	h.checkReversals()
	h.checkAnswers()
	h.checkViews()
	for _, s := range w.readers {
		h.checkSubscriber(s)
	}
	return len(records)
}

// checkPartitions holds what each partition has to the whole log: all of it has a
// place there, and each account's events in their order, which checkLog sees.
func (h *history) checkPartitions() {
	sum := 0
	for _, d := range h.world.logs() {
		records, err := d.readAll(h.world.ctx, 0, math.MaxInt)
		if err != nil {
			h.world.violated(Gapless, "the log%s cannot be read: %v", d.name(), err)
		}
		for i, r := range records {
			if r.Position != int64(i)+1 {
				h.world.violated(Gapless, "the log%s has position %d at place %d", d.name(), r.Position, i+1)
			}
			h.places[event{r.Account, r.Version}] = r.Position
		}
		sum += len(records)
	}
	if sum != len(h.records) {
		h.world.violated(Gapless, "%d records are durable, and %d are in the whole log", sum, len(h.records))
	}
}

// checkLog goes through the log from its beginning: positions, versions and
// times, keys, what the events say, and what they come to.
func (h *history) checkLog() {
	sums := make(map[bank.Currency]int64)
	books := make(map[string]int64)
	keys := make(map[string]int64)
	for i, r := range h.records {
		if r.Position != int64(i)+1 {
			h.world.violated(Gapless, "the log has position %d at place %d", r.Position, i+1)
		}
		key := string(r.Account) + "/" + r.Key
		if first, again := keys[key]; again {
			h.world.violated(KeyOnce, "key %s of %s is on position %d and again on %d", r.Key, h.world.name(r.Account), first, r.Position)
		}
		keys[key] = r.Position
		event, ok := h.fold(r)
		if !ok {
			continue
		}
		h.follow(r, event)
		if opened, is := event.(bank.AccountOpened); is {
			h.checkHolder(r, opened)
		}
		if err := bank.CheckBalanced(event.PostingLines()); err != nil {
			h.world.violated(Exact, "position %d: %v", r.Position, err)
		}
		for _, p := range event.PostingLines() {
			sums[p.Amount.Currency] += p.Amount.Minor
			books[p.LedgerAccount] += p.Amount.Minor
		}
		for currency, sum := range sums {
			if sum != 0 {
				h.world.violated(Exact, "after position %d the books are off by %d %s", r.Position, sum, currency)
			}
		}
		h.checkBalance(r, event, books[bank.CustomerLedger(r.Account)])
		if line := view.TransactionOf(r, event); line != nil {
			h.lines = append(h.lines, *line)
		}
	}
}

// checkHolder holds that an opening with an external id has claimed it before, and
// that nobody else has.
func (h *history) checkHolder(r contract.Record, e bank.AccountOpened) {
	if e.ExternalID == "" {
		return
	}
	claims := h.states[bank.NewClaimID(e.ExternalID)]
	h.caused(r, len(claims) > 0)
	if len(claims) > 0 && claims[len(claims)-1].Claimant != r.Account {
		h.world.violated(OneHolder, "position %d opens %s with the external id %q, which %s claimed", r.Position, h.world.name(r.Account),
			e.ExternalID, h.world.name(claims[len(claims)-1].Claimant))
	}
}

// fold adds a record to its account's history.
func (h *history) fold(r contract.Record) (bank.Event, bool) {
	states := h.states[r.Account]
	if states == nil {
		states = []bank.Account{{ID: r.Account}}
	}
	before := states[len(states)-1]
	after, err := contract.Fold(before, r)
	if err != nil {
		h.world.violated(Gapless, "position %d: %v", r.Position, err)
		return nil, false
	}
	if r.At.Before(before.ChangedAt) {
		h.world.violated(Gapless, "position %d is of %s, before the account's event of %s", r.Position, r.At, before.ChangedAt)
	}
	h.states[r.Account] = append(states, after)
	h.streams[r.Account] = append(h.streams[r.Account], r)
	event, err := r.Event()
	return event, err == nil
}

// checkBalance holds an event to its account's state before it: it has to be
// what the bank decides there, and to leave the balance that it says.
func (h *history) checkBalance(r contract.Record, event bank.Event, booked int64) {
	states := h.states[r.Account]
	before, after := states[len(states)-2], states[len(states)-1]
	want := before.Balance.Minor
	if line := view.TransactionOf(r, event); line != nil && line.Credit {
		want += line.Amount
	} else if line != nil {
		want -= line.Amount
	}
	if after.Balance.Minor != want || after.Balance.Minor < -after.Limits.Overdraft.Minor || after.Balance.Minor != booked {
		h.world.violated(Exact, "position %d leaves %s with %d; %d was to be, %d is in the books",
			r.Position, h.world.name(r.Account), after.Balance.Minor, want, booked)
	}
}

// current reports whether an account was at a version at some time of a
// request.
func (h *history) current(id bank.AccountID, version int, sent, answered time.Duration) bool {
	stream := h.streams[id]
	if version > 0 && !h.durableBy(stream[version-1], answered) {
		return false
	}
	return version == len(stream) || !h.durableBy(stream[version], sent)
}

// durableBy reports whether a record was durable at a time.
func (h *history) durableBy(r contract.Record, by time.Duration) bool {
	at, durable := h.world.durableSince(r)
	return durable && at <= by
}

// checkViews holds the views to the fold of the log.
func (h *history) checkViews() {
	w := h.world
	position, err := w.store.Checkpoint(w.ctx)
	if err != nil || position != int64(len(h.records)) {
		w.violated(ViewsEqual, "the views are at position %d of %d, %v", position, len(h.records), err)
	}
	h.checkTrial()
	for id := range w.names {
		var want view.Account
		var lines []view.Transaction
		for _, r := range h.streams[id] {
			account, effect, err := view.Fold(want, r)
			if err != nil {
				w.violated(ViewsEqual, "the view of %s: %v", w.name(id), err)
				return
			}
			want = account
			if effect.Line != nil {
				lines = append(lines, *effect.Line)
			}
		}
		h.checkView(id, want, lines)
	}
}

// checkTrial holds the trial balance of the views to the postings of the log.
func (h *history) checkTrial() {
	sums := view.Resume(view.Trial{})
	for _, r := range h.records {
		if event, err := r.Event(); err == nil {
			sums.Add(r.At, event.PostingLines())
		}
	}
	got, err := h.world.store.Trial(h.world.ctx)
	if want := sums.Trial(int64(len(h.records))); err != nil || !got.Equal(want) {
		h.world.violated(ViewsEqual, "the trial balance is %+v, %v; the log says %+v", got, err, want)
	}
}

func (h *history) checkView(id bank.AccountID, want view.Account, lines []view.Transaction) {
	w := h.world
	got, err := w.store.Account(w.ctx, id)
	if want.Version > 0 && (err != nil || !reflect.DeepEqual(got, want)) {
		w.violated(ViewsEqual, "the view of %s is %+v, %v; the log says %+v", w.name(id), got, err, want)
	}
	if want.Version == 0 && err == nil {
		w.violated(ViewsEqual, "there is a view of %s, which was never opened", w.name(id))
	}
	var shown []view.Transaction
	page := view.Page{Last: view.MaxPage}
	for {
		read, err := w.store.History(w.ctx, id, page)
		if err != nil {
			w.violated(ViewsEqual, "the history of %s: %v", w.name(id), err)
			return
		}
		for i := len(read.Transactions) - 1; i >= 0; i-- {
			shown = append(shown, read.Transactions[i])
		}
		if !read.Newer || len(read.Transactions) == 0 {
			break
		}
		page.Before = read.Transactions[0].Version
	}
	if !equalLines(shown, lines) {
		w.violated(ViewsEqual, "the history of %s shows versions %v; the log has %v", w.name(id), versions(shown), versions(lines))
	}
}

func equalLines(a, b []view.Transaction) bool {
	if len(a) != len(b) {
		return false
	}
	for i := range a {
		if a[i] != b[i] {
			return false
		}
	}
	return true
}

func versions(lines []view.Transaction) []int64 {
	all := make([]int64, len(lines))
	for i, line := range lines {
		all[i] = line.Version
	}
	return all
}

// wanted reports whether a subscriber asked for a line.
func (s *subscriber) wanted(line view.Transaction) bool {
	return line.Position > s.from && (s.id == "" || s.id == line.Account)
}

// checkSubscriber holds what a subscriber saw to the log: everything after its
// cursor, once and in order.
func (h *history) checkSubscriber(s *subscriber) {
	var want []view.Transaction
	for _, line := range h.lines {
		if s.wanted(line) {
			want = append(want, line)
		}
	}
	if seen := s.all(); !equalLines(seen, want) {
		h.world.violated(SeenOnce, "%s saw positions %v; after %d the log has %v", s.name, positions(seen), s.from, positions(want))
	}
}

func positions(lines []view.Transaction) []int64 {
	all := make([]int64, len(lines))
	for i, line := range lines {
		all[i] = line.Position
	}
	return all
}

// lastLine is the position of the last transaction that a subscriber is to see.
func (w *world) lastLine(s *subscriber) (last int64) {
	for _, r := range w.records() {
		event, err := r.Event()
		if err != nil {
			continue
		}
		if line := view.TransactionOf(r, event); line != nil && s.wanted(*line) {
			last = line.Position
		}
	}
	return last
}
