package connlimit

import "sync"

// Limiter counts open connections. It is safe for concurrent use.
type Limiter struct {
	max, maxPerCaller int

	mu           sync.Mutex
	open         int
	openByCaller map[string]int
}

// New returns a limiter that allows max connections in total and maxPerCaller
// for one caller.
func New(max, maxPerCaller int) *Limiter {
	return &Limiter{max: max, maxPerCaller: maxPerCaller, openByCaller: make(map[string]int)}
}

// Max is how many connections may be open.
func (l *Limiter) Max() int { return l.max }

// Open is how many connections are open.
func (l *Limiter) Open() int {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.open
}

// Acquire counts one more connection if the total allows it. release
// uncounts it.
func (l *Limiter) Acquire() (release func(), ok bool) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.open >= l.max {
		return nil, false
	}
	l.open++
	return sync.OnceFunc(func() {
		l.mu.Lock()
		defer l.mu.Unlock()
		l.open--
	}), true
}

// AcquireFor counts an acquired connection against its caller if the caller
// may have one more. release uncounts it, in addition to that of Acquire.
func (l *Limiter) AcquireFor(caller string) (release func(), ok bool) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.openByCaller[caller] >= l.maxPerCaller {
		return nil, false
	}
	l.openByCaller[caller]++
	return sync.OnceFunc(func() {
		l.mu.Lock()
		defer l.mu.Unlock()
		if l.openByCaller[caller]--; l.openByCaller[caller] == 0 {
			delete(l.openByCaller, caller)
		}
	}), true
}
