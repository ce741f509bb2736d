package eventsource

import (
	"context"
	"time"

	"corebank/internal/lease"
)

// Bounds of answering reads where another event source, on another machine, may have taken the log over unnoticed: this
// one may be cut off together with an earlier primary.
const (
	// shownWithin is how long ago the log must have been shown to be our own. No one else can have the lease earlier than
	// three seconds after we last said that we hold it.
	shownWithin = 2500 * time.Millisecond
	// aloneWithin is the same for an event source without a lease, which shows it by commits only.
	aloneWithin = 10 * time.Second
	// showTime is how long a commit may take that shows it, and showPause how long none is tried after one that failed.
	showTime  = 2 * time.Second
	showPause = 500 * time.Millisecond
)

// Owned is a log as one of several event sources has it. It is shown to be its own by a commit that is acknowledged.
type Owned interface {
	Ours() time.Time
	ShowOurs(ctx context.Context) error
}

// Ownership tells whether the log is known to be our own.
type Ownership struct {
	log     Owned
	lease   *lease.Lease  // nil without one
	showing chan struct{} // holds a token while a call shows it for all
	failed  time.Time     // when that last failed; its owner has the token
}

// NewOwnership is that of a log that is written while a lease is held, which may be nil.
func NewOwnership(log Owned, lease *lease.Lease) *Ownership {
	return &Ownership{log: log, lease: lease, showing: make(chan struct{}, 1)}
}

// known reports whether the log was shown to be our own lately.
func (o *Ownership) known() bool {
	if o.lease == nil {
		return time.Since(o.log.Ours()) < aloneWithin
	}
	return time.Since(o.lease.Held()) < shownWithin || time.Since(o.log.Ours()) < shownWithin
}

// Shown reports whether the log was shown to be our own lately, and shows it if need be: while the broker elects a
// leader, no one can renew a lease.
func (o *Ownership) Shown(ctx context.Context) bool {
	if o.known() {
		return true
	}
	select {
	case o.showing <- struct{}{}:
		defer func() { <-o.showing }()
	case <-ctx.Done():
		return false
	}
	if o.known() {
		return true
	}
	if time.Since(o.failed) < showPause {
		return false
	}
	showing, cancel := context.WithTimeout(ctx, showTime)
	defer cancel()
	if err := o.log.ShowOurs(showing); err != nil && ctx.Err() == nil {
		o.failed = time.Now()
	}
	return o.known()
}
