package simulation

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"time"

	"corebank/eventsource"
	"corebank/internal/contract"
)

// source is one life of an event source.
type source struct {
	*process
	drive  *drive
	writer *eventsource.Writer
	api    *eventsource.API
	ended  chan struct{} // closed when the writer has ended
	err    error         // what it ended with
}

var quiet = slog.New(slog.DiscardHandler)

// startSource starts an event source, whether or not there is one already.
func (w *world) startSource() {
	w.mu.Lock()
	name := fmt.Sprintf("source %d", len(w.sources)+1)
	w.mu.Unlock()
	s := &source{process: w.process(name, w.restartSource), ended: make(chan struct{})}
	s.drive = &drive{Storage: w.parts.log(w.disk.log), disk: w.disk, of: s.process}
	outbox := press{w.topic}
	storage := w.parts.storage(s.drive, outbox)
	s.writer = eventsource.NewWriter(storage, quiet)
	relay := eventsource.NewRelay(storage, s.writer, outbox, quiet)
	s.api = eventsource.NewAPI(s.writer, storage, relay.Published)

	s.run(w.thread(name, s.process), func(ctx context.Context) { s.write(ctx) })
	s.run(w.thread(name+" relay", s.process), func(ctx context.Context) { _ = relay.Run(ctx) })
	w.mu.Lock()
	defer w.mu.Unlock()
	w.sources = append(w.sources, s)
}

// write runs the writer. One that is fenced ends its process for good.
func (s *source) write(ctx context.Context) {
	defer close(s.ended)
	s.err = s.writer.Run(ctx)
	if s.err == nil {
		return
	}
	s.world.note(s.name, "ends: %v", s.err)
	if !errors.Is(s.err, eventsource.ErrFenced) {
		s.world.violated(OneWriter, "%s ended with %v, which is not for being fenced", s.name, s.err)
	}
	threadOf(ctx).alone()
	s.die()
	s.world.restartSource()
}

// halt makes it refuse all appends for a while, as it does when its disk is
// almost full.
func (s *source) halt(d time.Duration) {
	s.writer.Halt("the disk is almost full")
	th := s.world.thread(fmt.Sprintf("%s halted at %s", s.name, s.world.now()), s.process)
	s.run(th, func(ctx context.Context) {
		if s.world.endure(ctx, th, d) == nil {
			s.writer.Halt("")
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

// restartSource starts an event source if none is left, as a supervisor does.
func (w *world) restartSource() {
	if len(w.liveSources()) == 0 && w.ctx.Err() == nil {
		w.startSource()
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

// reach is the event source that a call gets to: mostly the newest.
func (w *world) reach(th *thread) *source {
	live := w.liveSources()
	astray, other := th.IntN(5) == 0, th.Float64()
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
	wayLeast    = 100 * time.Microsecond
	wayMost     = 2 * time.Millisecond
	callTimeout = 6 * time.Second
)

// ask calls a method of the event source's API where sidecars would carry the
// call.
func ask[Request, Reply any](ctx context.Context, request Request,
	method func(*eventsource.API, context.Context, Request) (Reply, error)) (reply Reply, err error) {
	th := threadOf(ctx)
	if err = th.pass(ctx, wayLeast, wayMost); err != nil {
		return reply, err
	}
	s := th.world.reach(th)
	if s == nil {
		return reply, errAway
	}
	served, stop := s.serve(ctx)
	defer stop()
	if err = s.thaw(served, th); err != nil {
		return reply, err
	}
	if reply, err = method(s.api, served, request); s.dead.Load() {
		err = errLost
	}
	if err != nil {
		return reply, err
	}
	return reply, th.pass(ctx, wayLeast, wayMost)
}

// wire is how the other components see the event source.
type wire struct{}

// Append implements actor.Log.
func (wire) Append(ctx context.Context, a contract.Append) (contract.AppendResult, error) {
	ctx, cancel := context.WithTimeout(ctx, callTimeout)
	defer cancel()
	th := threadOf(ctx)
	request := contract.AppendRequest{Appends: []contract.Append{a}}
	switch {
	case th.suffers(appendLost):
		return contract.AppendResult{}, th.lose(ctx)
	case th.suffers(appendLate):
		th.world.later(th, 10*time.Second, func(ctx context.Context) {
			reply, err := ask(ctx, request, (*eventsource.API).Append)
			threadOf(ctx).note("the late append ends with %v %v", reply, err)
		})
		return contract.AppendResult{}, th.lose(ctx)
	}
	reply, err := ask(ctx, request, (*eventsource.API).Append)
	if err == nil && th.suffers(appendAnswerLost) {
		err = errLost
	}
	if err != nil {
		th.note("append of %d records after version %d: %v", len(a.Records), a.ExpectedVersion, err)
		return contract.AppendResult{}, err
	}
	th.note("append of %d records after version %d: %s", len(a.Records), a.ExpectedVersion, reply.Results[0].Status)
	return reply.Results[0], nil
}

// ReadStream implements actor.Log and server.Log.
func (wire) ReadStream(ctx context.Context, r contract.ReadStreamRequest) (contract.Records, error) {
	if th := threadOf(ctx); th.suffers(readLost) {
		return contract.Records{}, th.lose(ctx)
	}
	return ask(ctx, r, (*eventsource.API).ReadStream)
}

// ReadAll implements projector.Log and server.Log.
func (wire) ReadAll(ctx context.Context, r contract.ReadAllRequest) (contract.Records, error) {
	if th := threadOf(ctx); th.suffers(readLost) {
		return contract.Records{}, th.lose(ctx)
	}
	return ask(ctx, r, (*eventsource.API).ReadAll)
}

// FindKeys implements actor.Log.
func (wire) FindKeys(ctx context.Context, r contract.FindKeysRequest) (contract.Records, error) {
	if th := threadOf(ctx); th.suffers(readLost) {
		return contract.Records{}, th.lose(ctx)
	}
	return ask(ctx, r, (*eventsource.API).FindKeys)
}

// Ready implements actor.Log.
func (wire) Ready(ctx context.Context) (contract.Readiness, error) {
	return ask(ctx, struct{}{}, (*eventsource.API).Ready)
}
