package scalar_test

import (
	"testing"

	"corebank/graph/scalar"
)

// TestAMomentKnowsHowExactlyItWasWritten: zeros are digits, too.
func TestAMomentKnowsHowExactlyItWasWritten(t *testing.T) {
	for text, exact := range map[string]bool{
		"2026-01-31T09:30:00Z": false, "2026-01-31T09:30:00.123+02:00": false,
		"2026-01-31T09:30:00.123000Z": true, "2026-01-31T09:30:00.1234Z": true,
	} {
		var m scalar.Moment
		if err := m.UnmarshalGQLContext(t.Context(), text); err != nil || m.Exact != exact || m.Time.IsZero() {
			t.Errorf("%s: %+v, %v", text, m, err)
		}
	}
	var m scalar.Moment
	if m.UnmarshalGQLContext(t.Context(), "yesterday") == nil || m.UnmarshalGQLContext(t.Context(), 5) == nil {
		t.Error("it takes anything")
	}
}
