package storage

import (
	"context"
	"sync"
)

// HeadNotifier wakes those who wait for the head of a log to move.
type HeadNotifier struct {
	token chan struct{} // holds one token after the head moved

	mu    sync.Mutex
	moved chan struct{} // nil while no one waits
}

// NewHeadNotifier makes a notifier.
func NewHeadNotifier() *HeadNotifier { return &HeadNotifier{token: make(chan struct{}, 1)} }

// Moved yields a token after the head moved: a hint for one waiting reader.
func (h *HeadNotifier) Moved() <-chan struct{} { return h.token }

// Notify wakes all waiters.
func (h *HeadNotifier) Notify() {
	h.mu.Lock()
	if h.moved != nil {
		close(h.moved)
		h.moved = nil
	}
	h.mu.Unlock()
	select {
	case h.token <- struct{}{}:
	default:
	}
}

// next is closed when the head moves after this call.
func (h *HeadNotifier) next() <-chan struct{} {
	h.mu.Lock()
	defer h.mu.Unlock()
	if h.moved == nil {
		h.moved = make(chan struct{})
	}
	return h.moved
}

// Await waits until a condition that a moved head can make true holds, or until ctx ends. It reports whether the
// condition holds.
func (h *HeadNotifier) Await(ctx context.Context, holds func() bool) bool {
	for {
		next := h.next()
		if holds() {
			return true
		}
		select {
		case <-next:
		case <-ctx.Done():
			return holds()
		}
	}
}
