package statement_test

import (
	"strings"
	"testing"
	"time"

	"corebank/internal/statement"
)

// TestAStatementIsDatedByItsLastDay: March ends on 31 March, wherever that is.
func TestAStatementIsDatedByItsLastDay(t *testing.T) {
	berlin, err := time.LoadLocation("Europe/Berlin")
	if err != nil {
		t.Fatal(err)
	}
	for name, test := range map[string]struct {
		zone     *time.Location
		from, to time.Time
		wants    map[statement.Format][]string
	}{
		"in UTC": {nil, march, march.AddDate(0, 1, 0), map[statement.Format][]string{
			statement.CSV: {"2026-03-01T00:00:00.000Z,2026-03-01T00:00:00.000Z,OPENING_BALANCE",
				"2026-03-31T23:59:59.999Z,2026-03-31T23:59:59.999Z,CLOSING_BALANCE"},
			statement.JSON: {`"firstDay":"2026-03-01","lastDay":"2026-03-31","zone":"UTC"`,
				`"from":"2026-03-01T00:00:00.000Z","to":"2026-04-01T00:00:00.000Z"`},
			statement.Camt053: {"<Dt>2026-03-01</Dt>", "<Dt>2026-03-31</Dt>",
				"<ToDtTm>2026-03-31T23:59:59.999Z</ToDtTm>"},
		}},
		"in Berlin, which begins in winter and ends in summer time": {berlin,
			time.Date(2026, 3, 1, 0, 0, 0, 0, berlin), time.Date(2026, 4, 1, 0, 0, 0, 0, berlin),
			map[statement.Format][]string{
				statement.CSV: {"2026-03-01T00:00:00.000+01:00,2026-03-01T00:00:00.000+01:00,OPENING_BALANCE",
					"2026-03-31T23:59:59.999+02:00,2026-03-31T23:59:59.999+02:00,CLOSING_BALANCE",
					"2026-03-05T01:00:00.000+01:00,2026-03-01T01:00:00.000+01:00,DEPOSIT"},
				statement.JSON: {`"firstDay":"2026-03-01","lastDay":"2026-03-31","zone":"Europe/Berlin"`,
					`"bookedAt":"2026-03-05T01:00:00.000+01:00"`},
				statement.Camt053: {"<Dt>2026-03-01</Dt>", "<Dt>2026-03-31</Dt>",
					"<FrDtTm>2026-03-01T00:00:00.000+01:00</FrDtTm>", "<ToDtTm>2026-03-31T23:59:59.999+02:00</ToDtTm>",
					"<DtTm>2026-03-05T01:00:00.000+01:00</DtTm>"},
			}},
		"until noon": {nil, march, march.AddDate(0, 0, 30).Add(12 * time.Hour), map[statement.Format][]string{
			statement.Camt053: {"<Dt>2026-03-31</Dt>", "<ToDtTm>2026-03-31T11:59:59.999Z</ToDtTm>"}}},
	} {
		for format, wants := range test.wants {
			frame, lines := aMonth()
			frame.From, frame.To, frame.Zone = test.from, test.to, test.zone
			text, err := written(format, frame, lines)
			if err != nil {
				t.Fatal(err)
			}
			for _, want := range wants {
				if !strings.Contains(text, want) {
					t.Errorf("%s, as %s, it lacks %s:\n%s", name, format, want, text)
				}
			}
			if format != statement.JSON && strings.Contains(text, "2026-04-01") {
				t.Errorf("%s, as %s, it names April", name, format)
			}
		}
	}
}

func TestTheIDOfAStatementIsNotOfItsZone(t *testing.T) {
	frame, _ := aMonth()
	before := frame.ID()
	frame.Zone = time.FixedZone("UTC+5:45", 5*3600+45*60)
	if frame.ID() != before {
		t.Errorf("%s became %s", before, frame.ID())
	}
}
