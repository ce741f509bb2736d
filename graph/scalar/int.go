package scalar

import (
	"context"
	"errors"
	"io"
	"strconv"

	"github.com/99designs/gqlgen/graphql"
)

// ErrTooLarge says that a number exceeds the 53 bits that a JSON number keeps.
var ErrTooLarge = errors.New("the number does not fit into 53 bits")

// MaxInt is the largest number that programs read from JSON without a loss.
// Versions and positions outgrow the 32 bits of GraphQL's Int on a busy log: they
// are written as they are, since a client can read them and none can read an error.
const MaxInt = 1<<53 - 1

// MarshalInt writes a number as GraphQL's Int, or fails with ErrTooLarge if it
// does not fit: a truncated number would be worse than none.
func MarshalInt(n int64) graphql.ContextMarshaler {
	return graphql.ContextWriterFunc(func(_ context.Context, w io.Writer) error {
		if n < -MaxInt || n > MaxInt {
			return ErrTooLarge
		}
		_, err := io.WriteString(w, strconv.FormatInt(n, 10))
		return err
	})
}

// UnmarshalInt accepts whole numbers of at most 53 bits: what an answer has can be
// sent back.
func UnmarshalInt(_ context.Context, v any) (int64, error) {
	n, err := graphql.UnmarshalInt64(v)
	if err == nil && (n < -MaxInt || n > MaxInt) {
		err = ErrTooLarge
	}
	return n, err
}
