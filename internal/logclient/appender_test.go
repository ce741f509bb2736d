package logclient

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"corebank/internal/bank"
	"corebank/internal/contract"
)

// carry runs an appender over call until the test's bubble ends.
func carry(t *testing.T, call func(context.Context, contract.AppendRequest) (contract.AppendReply, error)) *appender {
	a := newAppender(call)
	ctx, cancel := context.WithCancel(context.Background())
	var running sync.WaitGroup
	running.Go(func() { a.run(ctx) })
	t.Cleanup(func() { cancel(); running.Wait() })
	return a
}

func TestAppendsOfManyActorsTravelTogether(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var mu sync.Mutex
		calls := 0
		a := carry(t, func(_ context.Context, request contract.AppendRequest) (reply contract.AppendReply, err error) {
			mu.Lock()
			calls++
			mu.Unlock()
			time.Sleep(5 * time.Millisecond) // virtual: a commit takes its time
			for _, one := range request.Appends {
				reply.Results = append(reply.Results, contract.AppendResult{Status: contract.Appended, Reason: string(one.Account)})
			}
			return reply, nil
		})
		var group sync.WaitGroup
		for i := range 500 {
			group.Go(func() {
				id := bank.NewAccountID("appender", fmt.Sprint(i))
				result, err := a.Append(t.Context(), contract.Append{Account: id, Records: make([]contract.Record, 1)})
				if err != nil || result.Reason != string(id) {
					t.Errorf("%s got %+v, %v", id, result, err)
				}
			})
		}
		group.Wait()
		if calls > 20 {
			t.Errorf("%d calls for 500 appends", calls)
		}
	})
}

func TestABrokenCallIsAnErrorForAllItCarried(t *testing.T) {
	for name, call := range map[string]func(context.Context, contract.AppendRequest) (contract.AppendReply, error){
		"broken": func(context.Context, contract.AppendRequest) (contract.AppendReply, error) {
			return contract.AppendReply{}, errors.New("reset")
		},
		"too short": func(context.Context, contract.AppendRequest) (contract.AppendReply, error) {
			return contract.AppendReply{}, nil
		},
		"hanging": func(ctx context.Context, _ contract.AppendRequest) (contract.AppendReply, error) {
			<-ctx.Done()
			return contract.AppendReply{}, ctx.Err()
		},
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				a := carry(t, call)
				if result, err := a.Append(t.Context(), contract.Append{Records: make([]contract.Record, 1)}); err == nil {
					t.Errorf("got %+v, want an error", result)
				}
			})
		})
	}
}

// TestABusyAppenderGathers: a call waits for as long as the one before took, if
// that had several appends, and not at all if it had one.
func TestABusyAppenderGathers(t *testing.T) {
	const commit = 8 * time.Millisecond
	for actors, apart := range map[int]time.Duration{1: commit, 40: 2 * commit} {
		t.Run(fmt.Sprint(actors), func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				var began []time.Time // of calls, which never run at the same time
				a := carry(t, func(_ context.Context, request contract.AppendRequest) (contract.AppendReply, error) {
					began = append(began, time.Now())
					time.Sleep(commit) // virtual: a commit takes its time
					return contract.AppendReply{Results: make([]contract.AppendResult, len(request.Appends))}, nil
				})
				var group sync.WaitGroup
				for range actors {
					group.Go(func() {
						for range 10 {
							if _, err := a.Append(t.Context(), contract.Append{Records: make([]contract.Record, 1)}); err != nil {
								t.Error(err)
							}
						}
					})
				}
				group.Wait()
				// The first append may travel alone; after that all travel together.
				took, limit := began[len(began)-1].Sub(began[1]), 9*apart
				if len(began) < 10 || len(began) > 11 || took < limit-commit || took > limit {
					t.Errorf("%d calls within %v of each other, want 10 in about %v", len(began), took, limit)
				}
			})
		})
	}
}

// Given a turn over many accounts; then its appends travel together, in as few calls as they fit into, and each gets
// its own answer, whatever else is on the way.
func TestTheAppendsOfATurnTravelTogether(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var calls []int
		a := carry(t, func(_ context.Context, request contract.AppendRequest) (reply contract.AppendReply, err error) {
			calls = append(calls, len(request.Appends))
			time.Sleep(5 * time.Millisecond) // virtual: a commit takes its time
			for _, one := range request.Appends {
				reply.Results = append(reply.Results, contract.AppendResult{Status: contract.Appended, Reason: string(one.Account)})
			}
			return reply, nil
		})
		turn := func(name string, appends, records int) {
			requests := make([]contract.Append, appends)
			for i := range requests {
				requests[i] = contract.Append{Account: bank.NewAccountID(name, fmt.Sprint(i)),
					Records: make([]contract.Record, records)}
			}
			results, err := a.AppendAll(t.Context(), requests)
			if err != nil || len(results) != appends {
				t.Fatalf("%s: %d results for %d appends (%v)", name, len(results), appends, err)
			}
			for i, result := range results {
				if result.Reason != string(requests[i].Account) {
					t.Errorf("%s: append %d got %+v", name, i, result)
				}
			}
		}
		turn("none", 0, 1)
		for _, test := range []struct {
			appends, records int
			want             []int
		}{
			{1, 1, []int{1}}, {100, 1, []int{100}}, {256, 1, []int{256}}, {600, 1, []int{256, 256, 88}},
			{10, 100, []int{5, 5}}, // records are bounded as well
			{2, 600, []int{1, 1}},  // an append is never split
		} {
			calls = nil
			turn("alone", test.appends, test.records)
			if !slices.Equal(calls, test.want) {
				t.Errorf("%d appends of %d records took calls of %v, want %v", test.appends, test.records, calls, test.want)
			}
		}
		calls = nil
		long := contract.Append{Account: bank.NewAccountID("long", ""), Records: make([]contract.Record, 250),
			With: []contract.Append{{Records: make([]contract.Record, 250)}}}
		if _, err := a.AppendAll(t.Context(), []contract.Append{{Records: make([]contract.Record, 1)}, long}); err != nil ||
			!slices.Equal(calls, []int{1, 1}) {
			t.Errorf("one and 500 records took calls of %v (%v)", calls, err)
		}
		calls = nil
		var group sync.WaitGroup
		for n := range 8 {
			group.Go(func() { turn(fmt.Sprint("beside ", n), 100, 1) })
		}
		group.Wait()
		if slices.Max(calls) != 200 || len(calls) > 5 {
			t.Errorf("eight turns of 100 appends took calls of %v, want two turns in each but the first", calls)
		}
	})
}

// Given a busy event source and a turn that does not wait any longer; then what has not been sent was certainly not
// written, and of what has been sent nothing is known.
func TestATurnThatDoesNotWaitKnowsWhatWasSent(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		a := carry(t, func(ctx context.Context, _ contract.AppendRequest) (contract.AppendReply, error) {
			<-ctx.Done()
			return contract.AppendReply{}, ctx.Err()
		})
		ctx, cancel := context.WithTimeout(t.Context(), time.Second)
		defer cancel()
		var group sync.WaitGroup
		group.Go(func() {
			if results, err := a.AppendAll(ctx, make([]contract.Append, 2)); err == nil {
				t.Errorf("sent: %+v, want an error", results)
			}
		})
		synctest.Wait()
		results, err := a.AppendAll(ctx, make([]contract.Append, 3))
		if err != nil || len(results) != 3 {
			t.Fatalf("not sent: %+v, %v", results, err)
		}
		for _, result := range results {
			if result.Status != contract.Overloaded {
				t.Errorf("not sent: %+v, want overloaded", result)
			}
		}
		group.Wait()
	})
}
