package simulation

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"slices"
	"time"

	"corebank/check/laws"
	"corebank/eventsource"
	"corebank/eventsource/sequencer"
	"corebank/eventsource/storage"
	"corebank/internal/app"
	"corebank/internal/bank"
	"corebank/internal/contract"
)

// source is one life of an event source: of a log, of one of its partitions, or of their sequence.
type source struct {
	*process
	disk   *disk
	drive  any
	writer *eventsource.Writer // nil for a sequencer
	owner  owner
	api    *eventsource.API
	member *member       // of several machines, or nil
	ended  chan struct{} // closed when the owner has ended
	err    error         // what it ended with
}

// owner takes a disk over and works on it: a writer or a sequencer.
type owner interface {
	Run(ctx context.Context) error
	Ready() contract.Readiness
}

var quiet = slog.New(slog.DiscardHandler)

// startSource starts an event source for a disk, whether or not there is one already.
func (w *world) startSource(d *disk) {
	w.mu.Lock()
	name := fmt.Sprintf("source %d%s", len(w.sources)+1, d.name())
	w.mu.Unlock()
	s := &source{disk: d, ended: make(chan struct{})}
	s.process = w.process(name, func() { w.restartSource(d) })
	relay := s.open(w)
	s.run(w.thread(name, s.process), func(ctx context.Context) { s.runOwner(ctx) })
	if relay != nil {
		s.run(w.thread(name+" relay", s.process), func(ctx context.Context) { _ = relay.Run(ctx) })
	}
	w.mu.Lock()
	defer w.mu.Unlock()
	w.sources = append(w.sources, s)
}

// open makes what the event source consists of, and the relay if it publishes.
func (s *source) open(w *world) (relay *eventsource.Relay) {
	outbox := press{w.topic}
	if s.disk.sequence != nil {
		opened := above(w.parts.Sequence, s.disk.sequence.Open(), s.disk.sequence)
		drive := &sequenceDrive{SequenceLog: opened, disk: s.disk, of: s.process}
		sequencer := sequencer.New(drive, w.branches(s.process), quiet)
		relay = eventsource.NewRelay(sequencer, sequencer, outbox, quiet)
		s.drive, s.owner, s.api = drive, sequencer, eventsource.NewMergedAPI(sequencer, relay.Published)
		return relay
	}
	drive := &drive{Log: above(w.parts.Log, s.disk.log.Open(), s.disk.log), disk: s.disk, of: s.process}
	storage := above(w.parts.Storage, storage.Log(drive), eventsource.Publisher(outbox))
	s.writer = eventsource.NewWriter(storage, quiet)
	s.drive, s.owner = drive, s.writer
	if s.disk.part.Of > 0 {
		s.api = eventsource.NewPartitionAPI(s.writer, storage, s.disk.part)
		return nil
	}
	relay = eventsource.NewRelay(storage, s.writer, outbox, quiet)
	s.api = eventsource.NewAPI(s.writer, storage, relay.Published)
	return relay
}

// runOwner runs the owner of the disk. One that is fenced ends its process for good.
func (s *source) runOwner(ctx context.Context) {
	defer close(s.ended)
	s.err = s.owner.Run(ctx)
	if s.err == nil {
		return
	}
	s.world.note(s.name, "ends: %v", s.err)
	if !errors.Is(s.err, storage.ErrFenced) {
		s.world.violated(laws.Fenced, "%s ended with %v, which is not for being fenced", s.name, s.err)
	}
	threadOf(ctx).alone()
	s.die()
	s.world.restartSource(s.disk)
}

// halt makes it refuse all appends for a while, as it does when its disk is almost full.
func (s *source) halt(d time.Duration) {
	writer := s.writer
	if s.member != nil {
		writer = s.member.writer()
	}
	if writer == nil {
		return
	}
	writer.Halt("the disk is almost full")
	th := s.world.thread(fmt.Sprintf("%s halted at %s", s.name, s.world.now()), s.process)
	s.run(th, func(ctx context.Context) {
		if s.world.endure(ctx, th, d) == nil {
			writer.Halt("")
		}
	})
}

func (s *source) hasEnded() bool {
	select {
	case <-s.ended:
		return true
	default:
		return false
	}
}

// restartSource starts an event source if none is left for a disk, as a supervisor does.
func (w *world) restartSource(d *disk) {
	if len(w.sourcesOf(d)) == 0 && w.ctx.Err() == nil {
		w.startSource(d)
	}
}

// liveSources are the event sources that run, oldest first.
func (w *world) liveSources() (live []*source) {
	w.mu.Lock()
	defer w.mu.Unlock()
	for _, s := range w.sources {
		if !s.dead.Load() {
			live = append(live, s)
		}
	}
	return live
}

func (w *world) sourceProcesses() (live []*process) {
	for _, s := range w.liveSources() {
		live = append(live, s.process)
	}
	return live
}

// sourcesOf are those of a disk.
func (w *world) sourcesOf(d *disk) []*source {
	return slices.DeleteFunc(w.liveSources(), func(s *source) bool { return s.disk != d })
}

// reach is the event source that a call gets to: mostly the newest of a disk.
func (w *world) reach(th *thread, d *disk) *source {
	live := w.sourcesOf(d)
	astray, other := th.IntN(5) == 0, th.Float64()
	if d.cluster != nil {
		return d.cluster.reach(live, astray, other)
	}
	switch {
	case len(live) == 0:
		return nil
	case astray:
		return live[int(other*float64(len(live)))]
	default:
		return live[len(live)-1]
	}
}

// Times of a way between two processes, and of a call to the event source.
const (
	wayMin      = 100 * time.Microsecond
	wayMax      = 2 * time.Millisecond
	callTimeout = 6 * time.Second
)

// ask calls a method of the API of a disk's event source where sidecars would carry the call.
func ask[Request, Reply any](ctx context.Context, request Request, d *disk,
	method method[Request, Reply]) (reply Reply, err error) {
	return askIf(ctx, request, d, method, func(context.Context, *source) bool { return true })
}

// askIf asks an event source that answers only if it may, before and after.
func askIf[Request, Reply any](ctx context.Context, request Request, d *disk,
	method method[Request, Reply], may func(context.Context, *source) bool) (reply Reply, err error) {
	th := threadOf(ctx)
	if err = th.pass(ctx, wayMin, wayMax); err != nil {
		return reply, err
	}
	s := th.world.reach(th, d)
	if s == nil {
		return reply, errAway
	}
	served, stop := s.serve(ctx)
	defer stop()
	if err = s.thaw(served, th); err != nil {
		return reply, err
	}
	api, leave, err := s.serves()
	if err != nil {
		return reply, err
	}
	defer leave()
	if !may(served, s) {
		return reply, app.ErrStandsBy
	}
	if reply, err = method(api, served, request); s.dead.Load() {
		err = errLost
	}
	if err == nil && !may(served, s) {
		err = app.ErrStandsBy
	}
	if err != nil {
		return reply, err
	}
	return reply, th.pass(ctx, wayMin, wayMax)
}

// wire is how the other components see the event sources.
type wire struct {
	own   func(bank.AccountID) *disk // that is asked about an account
	whole *disk                      // that is asked about all
	// as has a read be of another thread than the caller's, if it is set.
	as func(ctx context.Context, what string) context.Context
}

// wireTo asks one disk about everything, ownLog asks about an account where its partition is.
func wireTo(d *disk) wire { return wire{own: func(bank.AccountID) *disk { return d }, whole: d} }

func (w *world) ownLog() wire { return wire{own: w.home, whole: w.whole()} }

// Append appends to an account's stream.
func (l wire) Append(ctx context.Context, a contract.Append) (contract.AppendResult, error) {
	results, err := l.AppendAll(ctx, []contract.Append{a})
	if err != nil {
		return contract.AppendResult{}, err
	}
	return results[0], nil
}

// AppendAll appends what each asks for, in one call to each disk, the disks one after the other.
func (l wire) AppendAll(ctx context.Context, appends []contract.Append) ([]contract.AppendResult, error) {
	ctx, cancel := context.WithTimeout(ctx, callTimeout)
	defer cancel()
	results := make([]contract.AppendResult, len(appends))
	for first := range appends {
		if results[first].Status != "" {
			continue // sent with an earlier one
		}
		to := l.own(appends[first].Account)
		var request contract.AppendRequest
		var indexes []int
		for i := first; i < len(appends); i++ {
			if l.own(appends[i].Account) == to {
				request.Appends, indexes = append(request.Appends, appends[i]), append(indexes, i)
			}
		}
		reply, err := l.appendTo(ctx, to, request)
		if err != nil {
			return nil, err
		}
		for n, i := range indexes {
			results[i] = reply.Results[n]
		}
	}
	return results, nil
}

// appendTo makes one call.
func (l wire) appendTo(ctx context.Context, to *disk, request contract.AppendRequest) (contract.AppendReply, error) {
	reply, err := perilously(ctx, perils{appendLost, appendLate, appendAnswerLost}, 10*time.Second,
		func(ctx context.Context) (contract.AppendReply, error) {
			reply, err := ask(ctx, request, to, (*eventsource.API).Append)
			if err == nil {
				to.world.noteAppended(request.Appends, reply.Results)
			}
			return reply, err
		})
	for i, a := range request.Appends {
		outcome := fmt.Sprint(err)
		if err == nil {
			outcome = string(reply.Results[i].Status)
		}
		threadOf(ctx).note("append of %d records after version %d: %s", len(a.Records), a.ExpectedVersion, outcome)
	}
	return reply, err
}

// maxPage is how many records a reply certainly has room for.
const maxPage = 100

// ReadStream reads an account's records.
func (l wire) ReadStream(ctx context.Context, r contract.ReadStreamRequest) (contract.Records, error) {
	what := fmt.Sprint(r.Account, " after ", r.AfterVersion)
	d := l.own(r.Account)
	known := d.world.lastAnswered(r.Account)
	page, err := read(ctx, l, what, r, d, (*eventsource.API).ReadStream)
	if err != nil {
		return page, err
	}
	n := len(page.Records)
	last := r.AfterVersion + int64(n)
	if d.cluster != nil && last < known && n < maxPage && n != r.Limit {
		d.world.violated(laws.Current, "a read of %s had version %d, after version %d was answered",
			d.world.name(string(r.Account)), last, known)
	}
	if n > 0 {
		d.world.noteAnswered(r.Account, last)
	}
	return page, nil
}

// ReadAll reads the records of all accounts.
func (l wire) ReadAll(ctx context.Context, r contract.ReadAllRequest) (contract.Records, error) {
	return read(ctx, l, fmt.Sprint("after ", r.AfterPosition), r, l.whole, (*eventsource.API).ReadAll)
}

// FindKeys finds an account's records by their keys.
func (l wire) FindKeys(ctx context.Context, r contract.FindKeysRequest) (contract.Records, error) {
	return read(ctx, l, fmt.Sprint(r.Account, " with ", r.Keys), r, l.own(r.Account), (*eventsource.API).FindKeys)
}

// Ready asks whether the log takes appends.
func (l wire) Ready(ctx context.Context) (contract.Readiness, error) {
	return ask(ctx, struct{}{}, l.whole, (*eventsource.API).Ready)
}

// method is one of the event source's API.
type method[Request, Reply any] = func(*eventsource.API, context.Context, Request) (Reply, error)

// read is ask for what may get lost without harm.
func read[Request, Reply any](ctx context.Context, l wire, what string, request Request, d *disk,
	method method[Request, Reply]) (reply Reply, err error) {
	if l.as != nil {
		ctx = l.as(ctx, what)
	}
	if th := threadOf(ctx); th.suffers(readLost) {
		return reply, th.lose(ctx)
	}
	return askIf(ctx, request, d, method, func(ctx context.Context, s *source) bool { return s.answers(ctx) })
}
