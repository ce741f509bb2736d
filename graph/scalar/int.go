package scalar

import (
	"context"
	"errors"
	"io"
	"math"
	"strconv"

	"github.com/99designs/gqlgen/graphql"
)

// ErrTooLarge says that a number exceeds the 32 bits of GraphQL's Int.
var ErrTooLarge = errors.New("the number does not fit into the 32 bits of an Int")

// MarshalInt writes a number as GraphQL's Int, or fails with ErrTooLarge if it
// does not fit: a truncated number would be worse than none.
func MarshalInt(n int64) graphql.ContextMarshaler {
	return graphql.ContextWriterFunc(func(_ context.Context, w io.Writer) error {
		if n < math.MinInt32 || n > math.MaxInt32 {
			return ErrTooLarge
		}
		_, err := io.WriteString(w, strconv.FormatInt(n, 10))
		return err
	})
}

// UnmarshalInt accepts whole numbers of at most 32 bits.
func UnmarshalInt(_ context.Context, v any) (int64, error) {
	n, err := graphql.UnmarshalInt32(v)
	return int64(n), err
}
