package scalar

import (
	"context"
	"io"
	"regexp"
	"time"
)

// Moment is a DateTime of an input, and whether it was written so that it can
// mean only one moment: with more digits than those in which times are shown.
type Moment struct {
	Time  time.Time
	Exact bool
}

// moreDigits recognizes more than three fraction digits.
var moreDigits = regexp.MustCompile(`\.\d{4}`)

// UnmarshalGQLContext accepts what a DateTime accepts.
func (m *Moment) UnmarshalGQLContext(ctx context.Context, v any) error {
	var at DateTime
	err := at.UnmarshalGQLContext(ctx, v)
	text, _ := v.(string)
	*m = Moment{Time: time.Time(at), Exact: moreDigits.MatchString(text)}
	return err
}

// MarshalGQLContext writes it as a DateTime.
func (m Moment) MarshalGQLContext(ctx context.Context, w io.Writer) error {
	return DateTime(m.Time).MarshalGQLContext(ctx, w)
}
