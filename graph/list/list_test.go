package list_test

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/99designs/gqlgen/graphql"

	"corebank/graph/list"
)

// answering is the context of an answer, whose errors can be read.
func answering(t *testing.T) context.Context {
	return graphql.WithResponseContext(t.Context(), graphql.DefaultErrorPresenter,
		func(_ context.Context, reason any) error { return fmt.Errorf("panic: %v", reason) })
}

func text(a graphql.Array) string {
	var s strings.Builder
	a.MarshalGQL(&s)
	return s.String()
}

// TestListsAreAnsweredInOrder: each element has its index in its field context.
func TestListsAreAnsweredInOrder(t *testing.T) {
	for _, length := range []int{0, 1, 2, 3, 4, 5, 50} {
		ctx, want := answering(t), make([]string, length)
		got := list.Marshal(ctx, length, func(ctx context.Context, i int) graphql.Marshaler {
			if index := graphql.GetFieldContext(ctx).Index; index == nil || *index != i {
				t.Errorf("element %d of %d has the index %v", i, length, index)
			}
			return graphql.MarshalInt(i)
		})
		for i := range want {
			want[i] = fmt.Sprint(i)
		}
		if text(got) != "["+strings.Join(want, ",")+"]" {
			t.Errorf("a list of %d: %s", length, text(got))
		}
	}
}

// TestAPanicIsAnErrorWithItsPath: the other elements are left out.
func TestAPanicIsAnErrorWithItsPath(t *testing.T) {
	ctx := answering(t)
	got := list.Marshal(ctx, 9, func(_ context.Context, i int) graphql.Marshaler {
		if i == 6 {
			panic(errors.New("no such element"))
		}
		return graphql.MarshalInt(i)
	})
	failures := graphql.GetErrors(ctx)
	if got != nil || len(failures) != 1 {
		t.Fatalf("%v with %v, want no list and one error", got, failures)
	}
	failure := failures[0]
	if failure.Path.String() != "[6]" || !strings.Contains(failure.Message, "no such element") {
		t.Errorf("the error is %v, want that of element 6", failure)
	}
}

// TestElementsThatLookThingsUpDoNotWaitForEachOther: as many run at once as there
// are lanes.
func TestElementsThatLookThingsUpDoNotWaitForEachOther(t *testing.T) {
	ctx, here, on := answering(t), make(chan int), make(chan bool)
	go func() {
		var together []int
		for range 4 {
			together = append(together, <-here)
		}
		slices.Sort(together)
		if !slices.Equal(together, []int{0, 1, 2, 3}) {
			t.Errorf("at the same time: %v", together)
		}
		close(on)
	}()
	list.Marshal(ctx, 4, func(_ context.Context, i int) graphql.Marshaler {
		here <- i
		<-on
		return graphql.MarshalInt(i)
	})
}
