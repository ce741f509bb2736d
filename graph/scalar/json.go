package scalar

import (
	"context"
	"encoding/json"
	"errors"
	"io"
)

// JSON is a JSON value that is passed on unchanged. It is only used in outputs.
type JSON json.RawMessage

// MarshalGQLContext writes the value.
func (j JSON) MarshalGQLContext(_ context.Context, w io.Writer) error {
	_, err := w.Write(j)
	return err
}

// UnmarshalGQLContext refuses every value: no input has this type.
func (j *JSON) UnmarshalGQLContext(context.Context, any) error {
	return errors.New("a JSON value is never an input")
}
