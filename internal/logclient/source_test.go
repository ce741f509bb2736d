package logclient

import (
	"context"
	"errors"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"

	"corebank/internal/app"
	"corebank/internal/contract"
)

// theatre has event sources on machines; at most one of them works.
type theatre struct {
	mu     sync.Mutex
	works  string          // empty for none
	gone   map[string]bool // machines that are away: calls are tried for three seconds
	frozen string          // one that stands still: calls are not answered
	slow   time.Duration   // of each answer
	asked  []string        // who was asked for more than whether it is ready
}

func (s *theatre) Invoke(ctx context.Context, name, method string, _, reply any) error {
	s.mu.Lock()
	works, gone, frozen, slow := s.works, s.gone[name], s.frozen == name, s.slow
	if method != contract.MethodReady {
		s.asked = append(s.asked, name)
	}
	s.mu.Unlock()
	if gone {
		if !app.Pause(ctx, 3*time.Second) {
			return ctx.Err()
		}
		return errors.New("connection refused")
	}
	if frozen {
		<-ctx.Done()
		return ctx.Err()
	}
	if name != works { // as it comes through two sidecars
		return status.Error(codes.FailedPrecondition, "invoke "+name+": "+status.Convert(app.ErrStandsBy).Message())
	}
	if slow > 0 && method != contract.MethodReady && !app.Pause(ctx, slow) {
		return ctx.Err()
	}
	if reply, ok := reply.(*contract.LogStatus); ok {
		reply.Head = 7
	}
	return nil
}

func (s *theatre) is(works string, gone ...string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.works, s.gone, s.asked = works, make(map[string]bool), nil
	for _, machine := range gone {
		s.gone[machine] = true
	}
}

func play(t *testing.T, act func(s *theatre, ask func(method string, within time.Duration) error)) {
	synctest.Test(t, func(t *testing.T) {
		s := &theatre{}
		log := newSource(s, contract.EventSources(3)...)
		act(s, func(method string, within time.Duration) error {
			ctx, cancel := context.WithTimeout(t.Context(), within)
			defer cancel()
			var reply contract.LogStatus
			err := log.invoke(ctx, method, struct{}{}, &reply)
			if err == nil && reply.Head != 7 {
				t.Error("an answer was lost")
			}
			synctest.Wait()
			return err
		})
	})
}

// Given a call to an event source that is slow at first and then stands still, and none that takes its place for half a
// minute; then the call goes there when one does.
func TestACallFollowsALateFailover(t *testing.T) {
	play(t, func(s *theatre, ask func(string, time.Duration) error) {
		s.slow = time.Hour
		s.is("eventsource")
		time.AfterFunc(5*time.Second, func() {
			s.mu.Lock()
			defer s.mu.Unlock()
			s.frozen, s.works, s.slow = "eventsource", "", 0
		})
		time.AfterFunc(35*time.Second, func() { s.is("eventsource-m3") })
		if err := ask(contract.MethodReadAll, time.Minute); err != nil {
			t.Error(err)
		}
		if len(s.asked) != 1 || s.asked[0] != "eventsource-m3" {
			t.Errorf("%q were asked in the end", s.asked)
		}
	})
}

// Given event sources on three machines; then the one that works is found wherever it is, and from then on it is the
// only one that is asked.
func TestTheEventSourceThatWorksIsFound(t *testing.T) {
	for _, works := range contract.EventSources(3) {
		play(t, func(s *theatre, ask func(string, time.Duration) error) {
			s.is(works)
			if err := ask(contract.MethodStatus, time.Second); err != nil {
				t.Fatal(err)
			}
			s.is(works)
			if err := ask(contract.MethodStatus, time.Second); err != nil || len(s.asked) != 1 || s.asked[0] != works {
				t.Errorf("%v; %q were asked", err, s.asked)
			}
		})
	}
}

// Given an event source whose machine is lost while it is asked; when another one has taken over, an append ends, for
// what came of it is unknown, and a read goes on there.
func TestACallDoesNotWaitForALostMachine(t *testing.T) {
	play(t, func(s *theatre, ask func(string, time.Duration) error) {
		s.is("eventsource")
		if err := ask(contract.MethodStatus, time.Second); err != nil {
			t.Fatal(err)
		}
		s.is("eventsource-m2", "eventsource")
		began := time.Now()
		if err := ask(contract.MethodAppend, 10*time.Second); err == nil || time.Since(began) > 2*slowAfter {
			t.Errorf("after %v: %v", time.Since(began), err)
		}
		s.is("eventsource-m2", "eventsource")
		if err := ask(contract.MethodAppend, time.Second); err != nil || len(s.asked) != 1 {
			t.Errorf("the next call: %v; %q were asked", err, s.asked)
		}
		s.is("eventsource-m3", "eventsource-m2")
		if err := ask(contract.MethodStatus, 2*slowAfter); err != nil {
			t.Errorf("a read: %v", err)
		}
	})
}

// Given a machine that fails at once, then the next call finds the one that has taken over.
func TestAfterAFailureAnotherIsLookedFor(t *testing.T) {
	play(t, func(s *theatre, ask func(string, time.Duration) error) {
		s.is("eventsource-m3", "eventsource", "eventsource-m2")
		_ = ask(contract.MethodStatus, 4*time.Second)
		s.is("eventsource-m3", "eventsource", "eventsource-m2")
		if err := ask(contract.MethodStatus, time.Second); err != nil {
			t.Error(err)
		}
	})
}

// While no event source works, a call waits for one as long as it may.
func TestACallWaitsUntilOneWorks(t *testing.T) {
	play(t, func(s *theatre, ask func(string, time.Duration) error) {
		s.is("")
		if err := ask(contract.MethodStatus, 2*time.Second); !app.StandsBy(err) {
			t.Errorf("got %v, want that they stand by", err)
		}
		time.AfterFunc(time.Second, func() { s.is("eventsource-m2") })
		if err := ask(contract.MethodStatus, 2*time.Second); err != nil {
			t.Error(err)
		}
	})
}

// A slow event source is waited for: no other one has taken over.
func TestASlowEventSourceIsNotLeft(t *testing.T) {
	play(t, func(s *theatre, ask func(string, time.Duration) error) {
		s.is("eventsource")
		s.slow = 3 * time.Second
		if err := ask(contract.MethodStatus, 4*time.Second); err != nil || len(s.asked) != 1 {
			t.Errorf("%v; %q were asked", err, s.asked)
		}
	})
}

// Given event sources that all stand by; then those that wait ask in turns, with a pause, and not as often as they can.
func TestManyThatWaitAskSeldom(t *testing.T) {
	const callers, waited = 50, time.Second
	synctest.Test(t, func(t *testing.T) {
		s := &theatre{}
		s.is("none")
		log := newSource(s, contract.EventSources(3)...)
		ctx, cancel := context.WithTimeout(t.Context(), waited)
		defer cancel()
		var waiting sync.WaitGroup
		for range callers {
			waiting.Go(func() { _ = log.invoke(ctx, contract.MethodStatus, struct{}{}, nil) })
		}
		waiting.Wait()
		if most := callers * 3 * (2 + int(waited/standbyPause)); len(s.asked) > most {
			t.Errorf("%d calls of %d callers, want %d at most", len(s.asked), callers, most)
		}
	})
}
