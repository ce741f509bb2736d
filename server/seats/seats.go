package seats

import "sync"

// Seats counts open connections. It is safe for concurrent use.
type Seats struct {
	most, mostEach int

	mu    sync.Mutex
	taken int
	by    map[string]int
}

// New allows most connections in all and mostEach for one caller.
func New(most, mostEach int) *Seats {
	return &Seats{most: most, mostEach: mostEach, by: make(map[string]int)}
}

// Take takes a seat, if one is free. leave gives it back.
func (s *Seats) Take() (leave func(), ok bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.taken >= s.most {
		return nil, false
	}
	s.taken++
	return sync.OnceFunc(func() {
		s.mu.Lock()
		defer s.mu.Unlock()
		s.taken--
	}), true
}

// TakeFor counts a seat that was taken for a caller, if it may have one more.
// leave gives it back, beside that of Take.
func (s *Seats) TakeFor(caller string) (leave func(), ok bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.by[caller] >= s.mostEach {
		return nil, false
	}
	s.by[caller]++
	return sync.OnceFunc(func() {
		s.mu.Lock()
		defer s.mu.Unlock()
		if s.by[caller]--; s.by[caller] == 0 {
			delete(s.by, caller)
		}
	}), true
}
