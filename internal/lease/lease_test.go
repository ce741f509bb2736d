package lease_test

import (
	"context"
	"errors"
	"log/slog"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"corebank/internal/lease"
)

// board is a store in memory that can be away, from all or from one.
type board struct {
	mu   sync.Mutex
	term lease.Term
	away bool
}

var errAway = errors.New("the board is away")

func (b *board) Read(context.Context) (lease.Term, error) {
	b.mu.Lock()
	defer b.mu.Unlock()
	if b.away {
		return lease.Term{}, errAway
	}
	return b.term, nil
}

func (b *board) Write(_ context.Context, holder string, after uint64) (uint64, error) {
	b.mu.Lock()
	defer b.mu.Unlock()
	if b.away {
		return 0, errAway
	}
	if after != b.term.Revision {
		return 0, errors.New("another one was faster")
	}
	b.term = lease.Term{Holder: holder, Revision: after + 1}
	return b.term.Revision, nil
}

func (b *board) leave(away bool) {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.away = away
}

// cut is a process's own way to the board, which can be frozen.
type cut struct {
	*board
	mu  sync.Mutex
	off bool
}

func (c *cut) Read(ctx context.Context) (lease.Term, error) {
	if c.isOff() {
		return lease.Term{}, errAway
	}
	return c.board.Read(ctx)
}

func (c *cut) Write(ctx context.Context, holder string, after uint64) (uint64, error) {
	if c.isOff() {
		return 0, errAway
	}
	return c.board.Write(ctx, holder, after)
}

func (c *cut) isOff() bool  { c.mu.Lock(); defer c.mu.Unlock(); return c.off }
func (c *cut) set(off bool) { c.mu.Lock(); defer c.mu.Unlock(); c.off = off }

// stage has processes that want one lease, and counts how often each led.
type stage struct {
	*board
	mu      sync.Mutex
	leads   map[string]bool
	led     map[string]int
	stop    map[string]context.CancelFunc
	ended   map[string]chan error
	reached map[string]*cut
}

func perform(t *testing.T, act func(t *testing.T, s *stage)) {
	synctest.Test(t, func(t *testing.T) {
		s := &stage{board: &board{}, leads: map[string]bool{}, led: map[string]int{}, stop: map[string]context.CancelFunc{},
			ended: map[string]chan error{}, reached: map[string]*cut{}}
		act(t, s)
		for _, stop := range s.stop {
			stop()
		}
		synctest.Wait()
		<-time.After(time.Minute)
	})
}

func (s *stage) enter(t *testing.T, name string) {
	ctx, stop := context.WithCancel(t.Context())
	ended, reached := make(chan error, 1), &cut{board: s.board}
	s.stop[name], s.ended[name], s.reached[name] = stop, ended, reached
	go func() {
		ended <- lease.New(reached, name, slog.New(slog.DiscardHandler)).Run(ctx, func(ctx context.Context) error {
			s.note(name, true)
			<-ctx.Done()
			s.note(name, false)
			return nil
		})
	}()
}

func (s *stage) note(name string, leads bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.leads[name] = leads; leads {
		s.led[name]++
	}
}

func (s *stage) is(t *testing.T, when string, want ...string) {
	t.Helper()
	synctest.Wait()
	s.mu.Lock()
	defer s.mu.Unlock()
	for _, name := range want {
		if !s.leads[name] {
			t.Errorf("%s: %s does not lead", when, name)
		}
	}
	n := 0
	for _, leads := range s.leads {
		if leads {
			n++
		}
	}
	if n != len(want) {
		t.Errorf("%s: %d lead, want %q", when, n, want)
	}
}

// Given a leader and one that waits; then nothing changes while the leader lives, also not while the store is away and
// when it is back.
func TestALeaderThatLivesIsLeftInPeace(t *testing.T) {
	perform(t, func(t *testing.T, s *stage) {
		s.enter(t, "one")
		<-time.After(time.Second)
		s.enter(t, "two")
		<-time.After(time.Hour)
		s.is(t, "after an hour", "one")
		for range 5 {
			s.leave(true)
			<-time.After(20 * time.Second)
			s.is(t, "while the store is away", "one")
			s.leave(false)
			<-time.After(20 * time.Second)
			s.is(t, "when it is back", "one")
		}
		if s.led["one"] != 1 || s.led["two"] != 0 {
			t.Errorf("they led %v times", s.led)
		}
	})
}

// Given a leader that becomes silent; then another one leads within five seconds. When the first can speak again, it
// ends, and the other goes on.
func TestASilentLeaderIsReplacedOnce(t *testing.T) {
	perform(t, func(t *testing.T, s *stage) {
		s.enter(t, "one")
		<-time.After(time.Second)
		s.enter(t, "two")
		s.enter(t, "three")
		<-time.After(10 * time.Second)
		s.reached["one"].set(true)
		<-time.After(5 * time.Second)
		synctest.Wait()
		if s.led["two"]+s.led["three"] != 1 {
			t.Errorf("after five seconds they led %v times", s.led)
		}
		s.reached["one"].set(false)
		if err := <-s.ended["one"]; !errors.Is(err, lease.ErrLost) {
			t.Errorf("the first ended with %v", err)
		}
		<-time.After(time.Minute)
		synctest.Wait()
		if s.led["two"]+s.led["three"] != 1 || s.leads["one"] {
			t.Errorf("after a minute they led %v times", s.led)
		}
	})
}

// A leader that ends in order leaves its place at once.
func TestALeaderThatEndsIsReplacedAtOnce(t *testing.T) {
	perform(t, func(t *testing.T, s *stage) {
		s.enter(t, "one")
		<-time.After(time.Second)
		s.enter(t, "two")
		<-time.After(time.Minute)
		s.stop["one"]()
		if err := <-s.ended["one"]; err != nil {
			t.Errorf("the first ended with %v", err)
		}
		<-time.After(time.Second)
		s.is(t, "after a second", "two")
	})
}

// Given a leader; then it is sure that it leads, until it stands still: then it is not before it has renewed its lease.
func TestALeaderThatStoodStillIsNotSure(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		way := &cut{board: &board{}}
		own := lease.New(way, "one", slog.New(slog.DiscardHandler))
		ctx, stop := context.WithCancel(t.Context())
		ended := make(chan error, 1)
		if own.Sure() {
			<-time.After(2 * time.Second)
		}
		go func() { ended <- own.Run(ctx, func(ctx context.Context) error { <-ctx.Done(); return nil }) }()
		<-time.After(10 * time.Second)
		synctest.Wait()
		if !own.Sure() {
			t.Error("a leader that runs is not sure")
		}
		way.set(true)
		<-time.After(10 * time.Second)
		synctest.Wait()
		if !own.Sure() {
			t.Error("a leader whose store is away is not sure, although no other one can lead")
		}
		if ago := time.Since(own.Held()); ago < 9*time.Second || ago > 11*time.Second {
			t.Errorf("it held its lease %v ago, want about 10 s", ago)
		}
		own.StandStill(2 * time.Second)
		<-time.After(200 * time.Millisecond)
		synctest.Wait()
		if own.Sure() {
			t.Error("a leader that stood still is sure")
		}
		way.set(false)
		<-time.After(2 * time.Second)
		synctest.Wait()
		if !own.Sure() {
			t.Error("a leader that has renewed its lease is not sure")
		}
		stop()
		if err := <-ended; err != nil {
			t.Error(err)
		}
	})
}
