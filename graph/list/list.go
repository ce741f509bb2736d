package list

import (
	"context"
	"sync"
	"sync/atomic"

	"github.com/99designs/gqlgen/graphql"
)

// lanes is how many elements of a list are answered at a time: those of which
// something has to be looked up do not wait for each other one by one.
const lanes = 4

// Marshal answers a list of some length, element by element. If one panics, there
// is no list, and the error says why.
func Marshal(ctx context.Context, length int, element func(context.Context, int) graphql.Marshaler) graphql.Array {
	answers := make(graphql.Array, length)
	var failed atomic.Bool
	lane := func(first int) {
		for i := first; i < length; i += lanes {
			if !marshalOne(graphql.WithFieldContext(ctx, &graphql.FieldContext{Index: &i}), i, element, answers) {
				failed.Store(true)
			}
		}
	}
	var others sync.WaitGroup
	for first := 1; first < min(lanes, length); first++ {
		others.Go(func() { lane(first) })
	}
	lane(0)
	others.Wait()
	if failed.Load() {
		return nil
	}
	return answers
}

func marshalOne(ctx context.Context, i int, element func(context.Context, int) graphql.Marshaler, answers graphql.Array) (ok bool) {
	defer func() {
		if reason := recover(); reason != nil {
			graphql.AddError(ctx, graphql.Recover(ctx, reason))
		}
	}()
	answers[i] = element(ctx, i)
	return true
}
