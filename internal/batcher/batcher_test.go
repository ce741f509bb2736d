package batcher

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"corebank/internal/bank"
	"corebank/internal/contract"
)

type item string

func (i item) actor() string {
	actor, _, _ := strings.Cut(string(i), "/")
	return actor
}

// calls are noted in order, each as its actor and its items.
type calls struct {
	mu   sync.Mutex
	made []string
}

func (c *calls) note(id string, items []item) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.made = append(c.made, fmt.Sprint(id, items))
}

func TestItemsForAnActorShareCalls(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var made calls
		b := New(Config[item]{Actor: item.actor, Carry: func(_ context.Context, id string, items []item, _ int) []item {
			made.note(id, items)
			time.Sleep(time.Millisecond) // virtual
			return nil
		}, Share: func(waiting []item) int {
			alone := func(i item) bool { return strings.HasSuffix(string(i), "!") }
			if n := slices.IndexFunc(waiting, alone); n >= 0 {
				return max(n, 1)
			}
			return len(waiting)
		}})
		_ = b.Add(t.Context(), "a/1", "b/1", "a/2")
		synctest.Wait() // the first calls are under way
		_ = b.Add(t.Context(), "a/3", "a/4", "a/5!", "a/6", "a/7")
		b.Wait()
		slices.Sort(made.made)
		want := []string{"a[a/1 a/2]", "a[a/3 a/4]", "a[a/5!]", "a[a/6 a/7]", "b[b/1]"}
		if !slices.Equal(made.made, want) {
			t.Errorf("calls %v, want %v", made.made, want)
		}
	})
}

func TestACallIsBounded(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var sizes []int
		b := New(Config[item]{Actor: item.actor, Carry: func(_ context.Context, _ string, items []item, _ int) []item {
			sizes = append(sizes, len(items))
			return nil
		}})
		_ = b.Add(t.Context(), slices.Repeat([]item{"a/x"}, contract.MaxCommands+3)...)
		b.Wait()
		if !slices.Equal(sizes, []int{contract.MaxCommands, 3}) {
			t.Errorf("calls of %v", sizes)
		}
	})
}

// What is left open is tried again ahead of what came later, after pauses that
// double up to a bound.
func TestOpenItemsAreTriedAgain(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var made calls
		var pauses []time.Duration
		last := time.Now()
		b := New(Config[item]{Actor: item.actor, RetryMin: time.Second, RetryMax: 3 * time.Second,
			Carry: func(_ context.Context, id string, items []item, attempt int) []item {
				made.note(id, items)
				pauses, last = append(pauses, time.Since(last)), time.Now()
				if attempt < 4 {
					return items[:1]
				}
				return nil
			}})
		_ = b.Add(t.Context(), "a/1", "a/2")
		synctest.Wait()
		_ = b.Add(t.Context(), "a/3")
		b.Wait()
		if want := []string{"a[a/1 a/2]", "a[a/1 a/3]", "a[a/1]", "a[a/1]", "a[a/1]"}; !slices.Equal(made.made, want) {
			t.Errorf("calls %v, want %v", made.made, want)
		}
		want := []time.Duration{0, time.Second, 2 * time.Second, 3 * time.Second, 3 * time.Second}
		if !slices.Equal(pauses, want) {
			t.Errorf("pauses %v, want %v", pauses, want)
		}
	})
}

func TestWaitingIsBounded(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b := New(Config[item]{Actor: item.actor, MaxActors: 2, MaxWaiting: 5, Size: func(i item) int { return len(i) },
			Carry: func(context.Context, string, []item, int) []item { time.Sleep(time.Second); return nil }})
		for _, one := range []item{"a/1", "b/1"} {
			if err := b.Add(t.Context(), one); err != nil {
				t.Fatal(err)
			}
		}
		synctest.Wait() // both calls are under way
		if err := b.Add(t.Context(), "c/1"); !errors.Is(err, ErrTooManyActors) {
			t.Errorf("a third actor: %v", err)
		}
		if err := b.Add(t.Context(), "a/2", "a/3", "a/4"); !errors.Is(err, ErrTooManyWaiting) {
			t.Errorf("a third item that waits: %v", err)
		}
		b.Wait()
		if err := b.Add(t.Context(), "c/1"); err != nil {
			t.Errorf("after the calls: %v", err)
		}
		b.Wait()
	})
}

func TestNoAttemptIsMadeAfterTheContextEnds(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		ctx, cancel := context.WithCancel(t.Context())
		attempts := 0
		b := New(Config[item]{Actor: item.actor, RetryMin: time.Second, RetryMax: time.Second,
			Carry: func(_ context.Context, _ string, items []item, _ int) []item { attempts++; return items }})
		_ = b.Add(ctx, "a/1")
		time.Sleep(1500 * time.Millisecond)
		cancel()
		b.Wait()
		if attempts != 2 {
			t.Errorf("%d attempts, want 2", attempts)
		}
	})
}

func TestAReplyHasAnOutcomeForEachCommand(t *testing.T) {
	short := Call(func(context.Context, bank.AccountID, contract.CommandBatch) (contract.CommandReply, error) {
		return contract.CommandReply{Outcomes: make([]contract.Outcome, 1)}, nil
	})
	batch := contract.CommandBatch{Commands: make([]contract.Command, 2)}
	if _, err := short.Outcomes(t.Context(), "a", batch); err == nil {
		t.Error("one outcome for two commands was taken")
	}
}
