package eventsource

import (
	"context"
	"sync"
)

// herald tells all who wait that the head has moved.
type herald struct {
	mu    sync.Mutex
	moved chan struct{} // nil while nobody waits
}

// next is closed when the head moves after this call.
func (h *herald) next() <-chan struct{} {
	h.mu.Lock()
	defer h.mu.Unlock()
	if h.moved == nil {
		h.moved = make(chan struct{})
	}
	return h.moved
}

func (h *herald) tell() {
	h.mu.Lock()
	defer h.mu.Unlock()
	if h.moved != nil {
		close(h.moved)
		h.moved = nil
	}
}

// await waits until something is so, as far as a moved head can make it so. It
// reports whether it is; ctx may end before.
func (h *herald) await(ctx context.Context, so func() bool) bool {
	for {
		next := h.next()
		if so() {
			return true
		}
		select {
		case <-next:
		case <-ctx.Done():
			return so()
		}
	}
}
