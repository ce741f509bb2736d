package logclient

import (
	"context"
	"errors"
	"fmt"
	"sync/atomic"
	"time"

	"corebank/internal/app"
	"corebank/internal/contract"
)

// caller calls a method of an app: the sidecar.
type caller interface {
	Invoke(ctx context.Context, appID, method string, request, reply any) error
}

// source is a log as its event sources give it: one that works, and others, on other
// machines, that stand by to take its place. It calls the one that worked last.
type source struct {
	caller  caller
	apps    []string
	current atomic.Int32
	looking chan struct{} // holds a token while a call looks for the event source that works
}

func newSource(caller caller, apps ...string) *source {
	return &source{caller: caller, apps: apps, looking: make(chan struct{}, 1)}
}

// Bounds of calls where there are several event sources.
const (
	// slowAfter is how long a call may take before the others are asked whether one of
	// them has taken over. A sidecar tries a machine that is gone for three seconds.
	slowAfter  = 500 * time.Millisecond
	askTimeout = 300 * time.Millisecond
	// lookTime is how long another one is looked for after a call has failed.
	lookTime = 6 * time.Second
	// standbyPause is the time between two rounds while all of them stand by.
	standbyPause = 50 * time.Millisecond
)

var errMoved = errors.New("another event source has taken the log over")

// invoke calls the event source that works. Where it stands by, nothing was done and the
// next one is called, until ctx ends. Any other error is returned; for an append it means
// that the outcome is unknown, also if another event source has taken over meanwhile.
func (s *source) invoke(ctx context.Context, method string, request, reply any) error {
	if len(s.apps) == 1 {
		return s.caller.Invoke(ctx, s.apps[0], method, request, reply)
	}
	for round := 1; ; round++ {
		at := s.current.Load()
		err := s.once(ctx, at, method, request, reply)
		switch {
		case errors.Is(err, errMoved) && method != contract.MethodAppend: // a read has no outcome
		case !app.StandsBy(err):
			return err
		default:
			s.current.CompareAndSwap(at, s.after(at)) // unless another call has
			if ctx.Err() != nil {
				return err
			}
			if round%len(s.apps) == 0 && !app.Pause(ctx, standbyPause) {
				return fmt.Errorf("no event source works: %w", err)
			}
		}
	}
}

func (s *source) after(at int32) int32 { return (at + 1) % int32(len(s.apps)) }

// once calls one of the event sources. If another one has taken over before it answers,
// the call ends.
func (s *source) once(ctx context.Context, at int32, method string, request, reply any) error {
	calling, end := context.WithCancelCause(ctx)
	defer end(nil)
	slow := time.AfterFunc(slowAfter, func() { s.lookElsewhere(calling, at, end) })
	defer slow.Stop()
	err := s.caller.Invoke(calling, s.apps[at], method, request, reply)
	if err != nil && !app.StandsBy(err) {
		if moved := context.Cause(calling); ctx.Err() == nil && moved != nil {
			return fmt.Errorf("%w: %w", moved, err)
		}
		go s.lookForNext(context.WithoutCancel(ctx), at)
	}
	return err
}

// lookForNext finds the event source that works for the next call.
func (s *source) lookForNext(ctx context.Context, at int32) {
	ctx, cancel := context.WithTimeout(ctx, lookTime)
	defer cancel()
	s.lookElsewhere(ctx, at, func(error) {})
}

// lookElsewhere asks the other event sources, until ctx ends or one of them works: then
// calls go there, and those that wait elsewhere end. As long as the first one answers, it is
// only slow, but it can be lost at any time.
func (s *source) lookElsewhere(ctx context.Context, at int32, end func(error)) {
	select {
	case s.looking <- struct{}{}: // one looks for all
		defer func() { <-s.looking }()
	case <-ctx.Done():
		return
	}
	for s.current.Load() == at {
		for next := s.after(at); next != at; next = s.after(next) {
			if s.works(ctx, next) {
				s.current.CompareAndSwap(at, next)
				end(errMoved)
				return
			}
		}
		pause := standbyPause
		if s.works(ctx, at) {
			pause = slowAfter
		}
		if !app.Pause(ctx, pause) {
			return
		}
	}
	end(errMoved)
}

// works reports whether an event source answers and does not stand by.
func (s *source) works(ctx context.Context, at int32) bool {
	ctx, cancel := context.WithTimeout(ctx, askTimeout)
	defer cancel()
	var readiness contract.Readiness
	return s.caller.Invoke(ctx, s.apps[at], contract.MethodReady, struct{}{}, &readiness) == nil
}
