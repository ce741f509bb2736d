package list

import (
	"context"
	"sync"
	"sync/atomic"

	"github.com/99designs/gqlgen/graphql"
)

// workers is how many elements of a list are marshalled at the same time, so
// that elements that read from a store do not wait for each other.
const workers = 4

// Marshal marshals a list of some length. If an element panics, the list is nil
// and an error says why.
func Marshal(ctx context.Context, length int,
	element func(context.Context, int) graphql.Marshaler) graphql.Array {
	answers := make(graphql.Array, length)
	var failed atomic.Bool
	work := func(first int) {
		for i := first; i < length; i += workers {
			elementCtx := graphql.WithFieldContext(ctx, &graphql.FieldContext{Index: &i})
			if !marshalOne(elementCtx, i, element, answers) {
				failed.Store(true)
			}
		}
	}
	var others sync.WaitGroup
	for first := 1; first < min(workers, length); first++ {
		others.Go(func() { work(first) })
	}
	work(0)
	others.Wait()
	if failed.Load() {
		return nil
	}
	return answers
}

func marshalOne(ctx context.Context, i int, element func(context.Context, int) graphql.Marshaler,
	answers graphql.Array) (ok bool) {
	defer func() {
		if reason := recover(); reason != nil {
			graphql.AddError(ctx, graphql.Recover(ctx, reason))
		}
	}()
	answers[i] = element(ctx, i)
	return true
}
