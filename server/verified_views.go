package server

import (
	"context"
	"errors"
	"log/slog"
	"sync/atomic"
	"time"

	"corebank/graph"
	"corebank/internal/contract"
	"corebank/internal/logclient"
	"corebank/internal/view"
	"corebank/internal/view/live"
)

// VerifiedViews are views that are read only while they show this bank's log. That
// is verified before the first read and whenever the log was taken over: an earlier
// copy of it may have been restored, or the views may be those of another bank.
type VerifiedViews struct {
	live.Reader
	views view.Reader
	log   logclient.Reader

	turn     chan struct{}          // holds a token while one call verifies
	noted    atomic.Pointer[string] // the takeover that the topic announced last
	verified atomic.Pointer[string] // the takeover for which the views were verified
	current  atomic.Bool            // whether that is the newest takeover
	problem  atomic.Pointer[viewsProblem]
}

// viewsProblem is why the views are not read.
type viewsProblem struct {
	reason error
	at     time.Time
}

// Bounds of a comparison.
const (
	// problemAge is how long a call may rely on the problem that another one found.
	problemAge = 250 * time.Millisecond
	// compareTimeout bounds a comparison.
	compareTimeout = 2 * time.Second
)

// NewVerifiedViews are views that belong to a log only if they prove it.
func NewVerifiedViews(views view.Reader, log logclient.Reader) *VerifiedViews {
	v := &VerifiedViews{views: views, log: log, turn: make(chan struct{}, 1)}
	v.Use = v.use
	return v
}

// Note notes the takeover that the topic announces.
func (v *VerifiedViews) Note(takeover string) {
	if verified := v.verified.Load(); verified != nil && *verified == takeover {
		return
	}
	v.noted.Store(&takeover)
	v.current.Store(false)
}

// Ready reports whether the views can be read.
func (v *VerifiedViews) Ready(ctx context.Context) contract.Readiness {
	if err := v.verify(ctx); err != nil {
		return contract.Readiness{Reason: "the views cannot be read: " + err.Error()}
	}
	return contract.Readiness{Ready: true}
}

func (v *VerifiedViews) use(ctx context.Context, read func(view.Reader) error) error {
	if err := v.verify(ctx); err != nil {
		if errors.Is(err, logclient.ErrOtherLog) {
			return &graph.Fault{Code: graph.CodeUnavailable, Retryable: true,
				Message: "The views do not show this bank's log. They are being built again; try again later."}
		}
		return err
	}
	return read(v.views)
}

// verify is nil if the views may be read. Views that did show the log are read while
// another call verifies them again, and while the log is away.
func (v *VerifiedViews) verify(ctx context.Context) error {
	if v.current.Load() {
		return nil
	}
	select {
	case v.turn <- struct{}{}:
		defer func() { <-v.turn }()
	default:
		if v.verified.Load() != nil {
			return nil
		}
		select {
		case v.turn <- struct{}{}:
			defer func() { <-v.turn }()
		case <-ctx.Done():
			return ctx.Err()
		}
	}
	if v.current.Load() {
		return nil
	}
	p := v.problem.Load()
	if p == nil || time.Since(p.at) >= problemAge {
		p = v.findProblem(ctx)
	}
	switch {
	case p == nil:
		return nil
	case v.verified.Load() != nil && !errors.Is(p.reason, logclient.ErrOtherLog):
		return nil
	default:
		return p.reason
	}
}

// findProblem compares the views with the log, and notes what it finds. The caller
// holds the turn.
func (v *VerifiedViews) findProblem(ctx context.Context) *viewsProblem {
	ctx, cancel := context.WithTimeout(ctx, compareTimeout)
	defer cancel()
	noted, before := v.noted.Load(), v.problem.Load()
	takeover, err := v.compare(ctx)
	if err == nil {
		if before != nil {
			slog.Info("the views show this bank's log")
		}
		v.problem.Store(nil)
		v.verified.Store(&takeover)
		v.current.Store(v.noted.Load() == noted)
		return nil
	}
	if errors.Is(err, logclient.ErrOtherLog) {
		v.verified.Store(nil)
		if before == nil || !errors.Is(before.reason, logclient.ErrOtherLog) {
			slog.Error("no query is answered from the views: they do not show this bank's log", "reason", err)
		}
	}
	found := &viewsProblem{reason: err, at: time.Now()}
	v.problem.Store(found)
	return found
}

// compare compares the views with the log. It returns the takeover of the log.
func (v *VerifiedViews) compare(ctx context.Context) (takeover string, err error) {
	at, err := v.views.LogCheckpoint(ctx)
	if err != nil {
		return "", err
	}
	reply, err := logclient.Verify(ctx, v.log, at)
	if err != nil || at.Position == 0 || !at.Mark.IsZero() {
		return reply.Takeover, err
	}
	shown, err := view.Shows(ctx, v.views, reply.Records[0])
	if err != nil || shown {
		return reply.Takeover, err
	}
	now, err := v.views.LogCheckpoint(ctx)
	if err == nil && now != at {
		err = errors.New("the views moved on while they were compared with the log")
	}
	if err == nil {
		err = &logclient.OtherLogError{At: at, Log: reply.Log, Head: reply.Head}
	}
	return "", err
}
